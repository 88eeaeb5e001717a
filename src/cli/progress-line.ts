/** The state of a run as one line: a bar for a terminal, a plain sentence for a log. Pure. */
import type { RunView } from '#core/operations.ts';
import { isEnded } from '#core/run.ts';
import { count, duration, rate } from './figures.ts';

type Shown = Pick<RunView, 'state' | 'progress' | 'rate'>;

/** Targets with an end of any kind. */
export const doneOf = ({ progress }: Shown): number => progress.discovered - progress.pending;

/** 0..100, never 100 while something is pending; undefined while nothing is known. */
export function percentOf(run: Shown): number | undefined {
  const { discovered } = run.progress;
  return discovered === 0 ? undefined : Math.floor((doneOf(run) / discovered) * 100);
}

/**
 * `[█████░░░░░]  52%  1,040/2,000 done · 3 failed · 45.2/s · ETA 21.3 s`, cut from the right when the terminal is narrow.
 * @param columns places the line may take.
 */
export function bar(run: Shown, columns: number): string {
  const facts = factsOf(run).join(' · ');
  const percent = percentOf(run);
  if (percent === undefined) return facts.slice(0, columns);
  const head = `${String(percent).padStart(3)}%  ${facts}`;
  const places = Math.min(30, columns - head.length - 4);
  if (places < 5) return head.slice(0, columns);
  const full = Math.floor((percent / 100) * places);
  return `[${'█'.repeat(full)}${'░'.repeat(places - full)}] ${head}`;
}

/** `RUNNING 52%: 1,040/2,000 done, 3 failed, 45.2/s, ETA 21.3 s` */
export function plainLine(run: Shown): string {
  const percent = percentOf(run);
  const head = percent === undefined ? run.state : `${run.state} ${String(percent)}%`;
  const facts = percent === undefined ? [] : factsOf(run).filter((fact) => fact !== run.state);
  return facts.length === 0 ? head : `${head}: ${facts.join(', ')}`;
}

/** Why a run stands still, and what lets it go on; undefined while it does not. */
export function standstillOf({ id, state, waitsFor }: RunView): string | undefined {
  if (state === 'PAUSED') return `the run is paused; it goes on by: gleaner runs resume ${id}`;
  if (state === 'QUEUED' && waitsFor !== undefined) return `the run waits for run ${waitsFor} of the same task to end`;
  return undefined;
}

function factsOf(run: Shown): string[] {
  const { progress, rate: pace, state } = run;
  const facts: string[] = state === 'RUNNING' ? [] : [state];
  if (progress.discovered > 0) facts.push(`${count(doneOf(run))}/${count(progress.discovered)} done`);
  else if (state === 'RUNNING') facts.push('RUNNING');
  if (progress.failed > 0) facts.push(`${count(progress.failed)} failed`);
  if (isEnded(state) || state === 'PAUSED' || progress.discovered === 0) return facts;
  facts.push(rate(pace.targetsPerSecond));
  if (pace.etaSeconds !== undefined && progress.pending > 0) facts.push(`ETA ${duration(pace.etaSeconds * 1000)}`);
  return facts;
}
