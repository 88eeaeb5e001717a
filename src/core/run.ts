/**
 * A run as a state machine. `transition` is the one place that knows which event may happen in which state: it turns an
 * event into a single conditional write, so two callers at once cannot both be right, and a lost condition is an answer.
 */
import type { QuotaName } from './quotas.ts';
import type { RoundRow } from './rows.ts';
import type { Attr, Change, Condition } from './ports.ts';

export const RUN_STATES = [
  'QUEUED',
  'PLANNING',
  'RUNNING',
  'PAUSED',
  'FINALIZING',
  'SUCCEEDED',
  'PARTIAL',
  'FAILED',
  'STOPPED',
  'TIMED_OUT',
] as const;
export type RunState = (typeof RUN_STATES)[number];

export const END_STATES = ['SUCCEEDED', 'PARTIAL', 'FAILED', 'STOPPED', 'TIMED_OUT'] as const;
export type EndState = (typeof END_STATES)[number];
export type LiveState = Exclude<RunState, EndState>;
const LIVE_STATES = ['QUEUED', 'PLANNING', 'RUNNING', 'PAUSED', 'FINALIZING'] as const satisfies LiveState[];
export const isEnded = (state: RunState): state is EndState => (END_STATES as readonly string[]).includes(state);

/** What a run's row holds because of its state, and in no other. */
export type RunPhase =
  | { state: Exclude<LiveState, 'PAUSED'>; pausedAt?: never; finishedAt?: never }
  | { state: 'PAUSED'; pausedAt: number; finishedAt?: never }
  | { state: EndState; finishedAt: number; pausedAt?: never };

/** How the state machine came to finish, when it was not by the normal path. */
export interface Ending {
  outcome: 'timedOut' | 'failed';
  error?: string;
  cause?: string;
}

/** Why a run waits or rests though nobody has asked it to. */
export type Held = { heldBy: 'operator' } | { heldBy: 'quota'; quota: QuotaName };

export type RunEvent =
  /** A planner takes the next plan epoch for a round that nobody has committed. */
  | { kind: 'plan'; from: 'QUEUED' | 'PLANNING' | 'RUNNING' | 'PAUSED'; round: number; at: number }
  /** The plan of a round becomes the plan. Only under the epoch its planner took. */
  | { kind: 'planned'; epoch: number; round: RoundRow }
  /** Every shard with failed targets is open again. */
  | { kind: 'reopened'; epoch: number }
  /** The source cannot be read: finish ends the run as FAILED. */
  | { kind: 'unplannable'; epoch: number; error: { type: string; detail: string } }
  | { kind: 'pause'; at: number; held?: Held }
  | { kind: 'resume'; pausedAt: number; deadlineAt: number }
  | { kind: 'stop'; reason: string }
  | { kind: 'timeUp'; deadlineAt: number }
  /** The state machine came to its last step, or back to it. */
  | { kind: 'finish'; attempt: number; ending?: Ending }
  | {
      kind: 'end';
      attempt: number;
      state: EndState;
      at: number;
      error?: { type: string; detail: string };
      duplicateRecords?: number;
    }
  | {
      kind: 'redrive';
      era: number;
      deadlineAt: number;
      due: Due;
      redriving: Redriving;
      lock?: number;
      once?: string;
    }
  /** Its turn has come: the lock of its task is its own. */
  | { kind: 'promote'; lock: number; deadlineAt: number }
  /** It may not begin yet. */
  | { kind: 'hold'; held: Held }
  /** Its planner may not read the source now: it begins anew, by another execution, when it may. */
  | { kind: 'unplan'; epoch: number; attempt: number; held: Held }
  /** It may begin. */
  | { kind: 'release'; deadlineAt: number }
  /** Its execution is gone: another one takes over. */
  | { kind: 'restart'; attempt: number }
  /** Lock released, orphans deleted: nothing is due any more. */
  | { kind: 'settled'; attempt: number };

/** Which failed targets are to be tried again: all, or by shard the places of some. */
export type Redriving = { all: true } | { only: Record<string, number[]> };
export interface Due {
  duePk: string;
  dueAt: number;
}
export interface Transition {
  change: Change;
  condition: Condition;
}

export function transition(event: RunEvent): Transition {
  switch (event.kind) {
    case 'plan': {
      const set =
        event.from === 'QUEUED' ? enter({ state: 'PLANNING' }, { startedAt: event.at }, ['heldBy', 'quota']) : {};
      return {
        change: { ...set, add: { planEpoch: 1 } },
        condition: all(is(event.from), { eq: ['roundCount', event.round] }),
      };
    }
    case 'planned': {
      const { round, epoch } = event;
      const first = round.round === 0;
      const hints = { doneHint: 0, streams: round.streams ?? 0 };
      return {
        change: {
          ...(first ? enter({ state: 'RUNNING' }, hints) : { set: hints }),
          append: { rounds: [round as unknown as Attr] },
          add: { roundCount: 1 },
        },
        // A later round is planned while the run goes on, or rests: it stays as it is.
        condition: all(
          first ? is('PLANNING') : is('RUNNING', 'PAUSED'),
          { eq: ['planEpoch', epoch] },
          { eq: ['roundCount', round.round] },
        ),
      };
    }
    case 'reopened':
      return {
        change: enter({ state: 'RUNNING' }, {}, ['redriving']),
        condition: all(is('PLANNING'), { eq: ['planEpoch', event.epoch] }),
      };
    case 'unplannable':
      return { change: { set: { error: event.error } }, condition: { eq: ['planEpoch', event.epoch] } };
    case 'pause':
      return {
        change: enter({ state: 'PAUSED', pausedAt: event.at }, { ...event.held }),
        condition: is('RUNNING'),
      };
    case 'resume':
      return {
        change: enter({ state: 'RUNNING' }, { deadlineAt: event.deadlineAt }, ['heldBy', 'quota']),
        condition: all(is('PAUSED'), { eq: ['pausedAt', event.pausedAt] }),
      };
    case 'stop':
      return {
        change: enter({ state: 'FINALIZING' }, { stopReason: event.reason }),
        condition: is('QUEUED', 'PLANNING', 'RUNNING', 'PAUSED'),
      };
    case 'timeUp':
      return {
        change: enter({ state: 'FINALIZING' }, { ending: { outcome: 'timedOut' } }),
        condition: all(is('PLANNING', 'RUNNING'), { eq: ['deadlineAt', event.deadlineAt] }),
      };
    case 'finish':
      return {
        change: enter({ state: 'FINALIZING' }, event.ending ? { ending: { ...event.ending } } : {}, [
          'tokens',
          'tokenRound',
        ]),
        // An execution that was given up, or outlived by a redrive, ends nothing.
        condition: all(is(...LIVE_STATES), { eq: ['attempt', event.attempt] }),
      };
    case 'end': {
      const { state, at, error, duplicateRecords } = event;
      return {
        change: enter(
          { state, finishedAt: at },
          { ...(error && { error }), ...(duplicateRecords !== undefined && { duplicateRecords }) },
        ),
        condition: all(is('FINALIZING'), { eq: ['attempt', event.attempt] }),
      };
    }
    case 'redrive': {
      const { deadlineAt, due, redriving, lock, once } = event;
      return {
        change: {
          ...enter(
            { state: 'QUEUED' },
            {
              deadlineAt,
              redriving,
              ...due,
              ...(lock !== undefined && { lock }),
              ...(once !== undefined && { redrivenBy: once }),
            },
            ['error', 'ending', 'stopReason', 'duplicateRecords', 'settledTo', 'tokens', 'tokenRound'],
          ),
          add: { attempt: 1, redrives: 1 },
        },
        condition: all(is(...END_STATES), era(event.era)),
      };
    }
    case 'promote':
      return {
        change: { set: { lock: event.lock, deadlineAt: event.deadlineAt }, remove: ['waitsFor'] },
        condition: all(is('QUEUED'), { present: 'waitsFor' }),
      };
    case 'hold':
      return { change: { set: { ...event.held } }, condition: is('QUEUED') };
    case 'unplan':
      return {
        change: enter({ state: 'QUEUED' }, { ...event.held, attempt: event.attempt + 1 }, ['tokens', 'tokenRound']),
        condition: all(is('PLANNING'), { eq: ['planEpoch', event.epoch] }, { eq: ['attempt', event.attempt] }),
      };
    case 'release':
      return {
        change: { set: { deadlineAt: event.deadlineAt }, remove: ['heldBy', 'quota'] },
        condition: all(is('QUEUED'), { present: 'heldBy' }),
      };
    case 'restart':
      return {
        // Nobody waits on the tokens of the execution that is gone.
        change: { set: { attempt: event.attempt }, remove: ['tokens', 'tokenRound'] },
        condition: all(is(...LIVE_STATES), { eq: ['attempt', event.attempt - 1] }),
      };
    case 'settled':
      return {
        change: { remove: ['duePk', 'dueAt', 'settledTo'] },
        condition: all(is(...END_STATES), { eq: ['attempt', event.attempt] }),
      };
  }
}

/** Sets what the new state needs and removes what only another one has. */
function enter(phase: RunPhase, more: { [attr: string]: Attr } = {}, remove: string[] = []): Change {
  const { state, pausedAt, finishedAt } = phase;
  const set = {
    state,
    ...(pausedAt !== undefined && { pausedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...more,
  };
  const gone = ['pausedAt', 'finishedAt', ...remove].filter((name) => !Object.hasOwn(set, name));
  return { set, remove: gone };
}

const all = (...conditions: Condition[]): Condition => ({ all: conditions });
const is = (...states: RunState[]): Condition => ({ in: ['state', states] });
/** `redrives` is absent until there was one. */
const era = (redrives: number): Condition => (redrives === 0 ? { absent: 'redrives' } : { eq: ['redrives', redrives] });
