/** Follows a run until it has ended, showing its progress; an interrupt either asks the run to stop or only ends the watching. */
import type { RunView } from '#core/operations.ts';
import { isEnded } from '#core/run.ts';
import type { Client } from './client.ts';
import { ApiUnreachable } from './problem.ts';
import { bar, plainLine, standstillOf } from './progress-line.ts';
import type { Surroundings } from './surroundings.ts';

/** At most two requests a second, fewer once the run has shown to be a long one. */
const POLL_MS = 500;
const POLL_SLOW_MS = 2_000;
const SLOW_AFTER_MS = 120_000;
/** Without a terminal: one line this often. */
const PLAIN_LINE_MS = 5_000;
/** An API that is gone for longer than this (its own retries included) ends the watching. */
const UNREACHABLE_MS_MAX = 120_000;

export type WatchEnd =
  | { kind: 'ended'; run: RunView }
  /** The user did not want to wait: the run as last seen. */
  | { kind: 'left'; run: RunView };

/** @param onInterrupt `stop`: the first interrupt stops the run and waits for its end, the second leaves. `leave`: the first leaves. */
export async function watchRun(
  around: Surroundings,
  client: Client,
  first: RunView,
  onInterrupt: 'stop' | 'leave',
): Promise<WatchEnd> {
  const { terminal } = around;
  const leaving = new AbortController();
  const stopping = { asked: false, done: Promise.resolve() };
  const unlisten = around.onInterrupt(() => {
    if (onInterrupt === 'leave' || stopping.asked) {
      leaving.abort();
      return;
    }
    stopping.asked = true;
    terminal.err('stopping the run; interrupt again to leave without waiting');
    stopping.done = stop(around, client, first.id);
  });
  let run = first;
  try {
    const told: Told = { at: -Infinity, state: '', text: '', standstill: undefined };
    for (const started = around.now(); !isEnded(run.state);) {
      tellStandstill(around, run, told);
      show(around, run, told);
      await around.sleep(around.now() - started > SLOW_AFTER_MS ? POLL_SLOW_MS : POLL_MS, leaving.signal);
      if (leaving.signal.aborted) return { kind: 'left', run };
      run = (await poll(around, client, run, leaving.signal)) ?? run;
      if (leaving.signal.aborted) return { kind: 'left', run };
    }
    await stopping.done;
    return { kind: 'ended', run };
  } finally {
    unlisten();
    terminal.clear();
  }
}

async function stop({ terminal }: Surroundings, client: Client, runId: string): Promise<void> {
  try {
    await client.stopRun(runId);
  } catch (error) {
    terminal.err(`the run could not be stopped: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What was told last, where there is no terminal: at once when the state changes, else now and then, and nothing twice. */
interface Told {
  at: number;
  state: string;
  text: string;
  standstill: string | undefined;
}

/** Nothing will move until somebody else does something: that is said, once each time. */
function tellStandstill({ terminal }: Surroundings, run: RunView, told: Told): void {
  const standstill = standstillOf(run);
  if (standstill !== undefined && standstill !== told.standstill) terminal.err(standstill);
  told.standstill = standstill;
}

function show({ terminal, now }: Surroundings, run: RunView, told: Told): void {
  if (terminal.live) {
    terminal.update(bar(run, terminal.columns() - 1));
    return;
  }
  if (run.state === told.state && now() - told.at < PLAIN_LINE_MS) return;
  const text = plainLine(run);
  if (text !== told.text) terminal.err(text);
  Object.assign(told, { at: now(), state: run.state, text });
}

/** The run as it is now; undefined when the watching is being left. */
async function poll(
  around: Surroundings,
  client: Client,
  run: RunView,
  signal: AbortSignal,
): Promise<RunView | undefined> {
  for (const since = around.now(); ;) {
    try {
      return await client.getRun(run.id, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof ApiUnreachable) || around.now() - since > UNREACHABLE_MS_MAX) throw error;
      around.terminal.err(`${error.message}; trying again`);
      await around.sleep(POLL_SLOW_MS, signal);
    }
  }
}
