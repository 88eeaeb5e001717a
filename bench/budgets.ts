/** Ratios of one run against what the project promises. A ratio may be worse by the spread of the two figures it is made of. */
import type { Figures, Outcome, Setting } from './measure.ts';

/** By set of pages: Gleaner's targets per CPU second as a multiple of a peer's, as a part of the fetch-only limit; memory. */
export type Budgets = Partial<
  Record<string, { timesCrawleeCheerio: number; timesScrapy: number; ofFetchOnly: number; rssMb: number }>
>;

export function checkBudgets(budgets: Budgets, setting: Setting, outcomes: Outcome[]): string[] {
  const budget = budgets[setting.set];
  const figures = (name: string) => outcomes.find(({ client }) => client.name === name)?.figures;
  const ours = figures('gleaner');
  if (budget === undefined || ours === undefined) return [];
  const faults: string[] = [];
  const ratio = (name: string, least: number): void => {
    const theirs = figures(name);
    if (theirs === undefined) return;
    const [median, best] = [theirs.cpu.median / ours.cpu.median, mostOf(theirs, ours)];
    if (best < least)
      faults.push(
        `${setting.set}: ${median.toFixed(2)} times ${name} (at best ${best.toFixed(2)}), the budget is ${String(least)}`,
      );
  };
  ratio('crawlee-cheerio', budget.timesCrawleeCheerio);
  ratio('scrapy', budget.timesScrapy);
  ratio('fetch-only', budget.ofFetchOnly);
  if (ours.rssMb.least > budget.rssMb) {
    faults.push(`${setting.set}: ${ours.rssMb.median.toFixed(0)} MB, the budget is ${String(budget.rssMb)} MB`);
  }
  return faults;
}

/** The most that the spread of the run allows the ratio to be. */
const mostOf = (theirs: Figures, ours: Figures): number => theirs.cpu.most / ours.cpu.least;
