/** The rules of a task's alerts over the figures of one run: pure, so that what is told can be said again years later. */
import type { Progress } from '../operations.ts';
import type { EndState } from '../run.ts';
import type { AlertsSpec } from '../task.ts';

export const RULES = ['errorRate', 'minRecords', 'maxMinutes', 'missingFields', 'missedRun'] as const;
export type Rule = (typeof RULES)[number];

export interface Figures {
  state: EndState;
  progress: Progress;
  /** From its start to its end, without its pauses. */
  minutes: number;
  /** Of the answered targets, the share that ended `failed/extract`; undefined when it was not counted. */
  unextracted?: number;
  /** The same of the run before; undefined when there was none. */
  unextractedBefore?: number;
}
export interface Verdict {
  rule: Rule;
  ok: boolean;
  value: number;
  limit: number;
  detail: string;
}

/** One verdict for each rule that the task has and that this run can tell something about. */
export function verdictsOf(alerts: AlertsSpec, figures: Figures): Verdict[] {
  const { progress, minutes, unextracted, unextractedBefore = 0 } = figures;
  const verdicts: Verdict[] = [];
  const judge = (rule: Rule, limit: number | undefined, value: number | undefined, detail: string, isLeast = false) => {
    if (limit === undefined || value === undefined) return;
    verdicts.push({ rule, ok: isLeast ? value >= limit : value <= limit, value, limit, detail });
  };
  const rate = errorRate(figures);
  judge('errorRate', alerts.errorRate, rate, `${percent(rate)} of the targets failed`);
  judge('minRecords', alerts.minRecords, progress.records, `${String(progress.records)} records`, true);
  judge('maxMinutes', alerts.maxMinutes, minutes, `it took ${String(Math.round(minutes * 10) / 10)} minutes`);
  const jump = unextracted === undefined ? undefined : round(unextracted - unextractedBefore);
  const shares = `${percent(unextracted ?? 0)} of the answers lacked what the task requires, ${percent(unextractedBefore)} in the run before`;
  judge('missingFields', alerts.missingFields, jump, shares);
  return verdicts;
}

/** A run that could not be planned, or of which nothing succeeded, has failed altogether. */
function errorRate({ state, progress }: Figures): number {
  if (state === 'FAILED') return 1;
  const { collected, unmodified, failed } = progress;
  const ended = collected + unmodified + failed;
  return ended === 0 ? 0 : round(failed / ended);
}

const round = (share: number): number => Math.round(share * 10_000) / 10_000;
const percent = (share: number): string => `${String(Math.round(share * 1000) / 10)} %`;
