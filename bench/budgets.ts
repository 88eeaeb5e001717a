/** Ratios of one run against what the project promises. A ratio may be worse by the spread of the two figures it is made of. */
import { timesIdeal, type Figures, type Outcome, type Setting } from './measure.ts';

/**
 * By set of pages, with its latency where there is one (`manuals, 200 ms`): Gleaner's targets per CPU second as a multiple of a
 * peer's, as a part of the fetch-only limit; memory; the time it takes as a multiple of the ideal.
 */
export type Budgets = Partial<
  Record<
    string,
    { timesCrawleeCheerio?: number; timesScrapy?: number; ofFetchOnly?: number; rssMb?: number; timesIdeal?: number }
  >
>;

export function checkBudgets(budgets: Budgets, setting: Setting, outcomes: Outcome[]): string[] {
  const name = setting.latencyMs > 0 ? `${setting.set}, ${String(setting.latencyMs)} ms` : setting.set;
  const budget = budgets[name];
  const figures = (name: string) => outcomes.find(({ client }) => client.name === name)?.figures;
  const ours = figures('gleaner');
  if (budget === undefined || ours === undefined) return [];
  const faults: string[] = [];
  const ratio = (client: string, least: number | undefined): void => {
    const theirs = figures(client);
    if (theirs === undefined || least === undefined) return;
    const [median, best] = [theirs.cpu.median / ours.cpu.median, mostOf(theirs, ours)];
    if (best < least)
      faults.push(
        `${name}: ${median.toFixed(2)} times ${client} (at best ${best.toFixed(2)}), the budget is ${String(least)}`,
      );
  };
  ratio('crawlee-cheerio', budget.timesCrawleeCheerio);
  ratio('scrapy', budget.timesScrapy);
  ratio('fetch-only', budget.ofFetchOnly);
  if (ours.rssMb.least > (budget.rssMb ?? Infinity)) {
    faults.push(`${name}: ${ours.rssMb.median.toFixed(0)} MB, the budget is ${String(budget.rssMb)} MB`);
  }
  const { median, most } = ours.targetsPerSecond;
  const best = timesIdeal(setting, most);
  if (best > (budget.timesIdeal ?? Infinity))
    faults.push(
      `${name}: ${timesIdeal(setting, median).toFixed(2)} times the ideal time (at best ${best.toFixed(2)}), the budget is ${String(budget.timesIdeal)}`,
    );
  return faults;
}

/** The most that the spread of the run allows the ratio to be. */
const mostOf = (theirs: Figures, ours: Figures): number => theirs.cpu.most / ours.cpu.least;
