/**
 * A host's record in the pace table: what is booked, what came back, what control made of it, what the operator said.
 * One item under 1 KB, so that each write costs one unit. Times are integer microseconds, rates requests per second.
 */
import { RINGS, START_RATE } from './parameters.ts';
import type { Attr, Change, Item } from '../ports.ts';

/** `open`, `half`: the circuit breaker's; nothing leaves, or one request at a time. */
export type Phase = 'start' | 'hold' | 'probe' | 'drain' | 'open' | 'half';

/** Why the rate is what it is. The number that goes with each is in `explain.ts`. */
export type Why =
  | 'new'
  | 'start'
  | 'hold'
  | 'probe'
  | 'refused'
  | 'errors'
  | 'latency'
  | 'drained'
  | 'wall'
  | 'headers'
  | 'open'
  | 'half'
  | 'closed'
  | 'aged';

/** What control decides, and what it must remember to decide next. Changed only by a commit that names its epoch. */
export interface Control {
  epoch: number;
  phase: Phase;
  rate: number;
  /** What the host was last seen to bear; 0 = unknown. */
  capacity: number;
  /** Start of the window of feedback. */
  sinceUs: number;
  holdUntilUs: number;
  holdMs: number;
  /** Probing steps since the last hold. */
  step: number;
  /** No cut for latency before: what was queued must drain first. */
  noCutUntilUs: number;
  /** Geometric mean of latency when nothing queues, 0 = unknown; from how many answers; by how much single ones differ. */
  baseMs: number;
  baseCount: number;
  spread: number;
  /** What points to a queue, summed up over windows (`latency.ts`). */
  queue: number;
  /** Share of errors in quiet times, and those above it summed up over windows. */
  errorRate: number;
  fails: number;
  /** Accepted requests per second in the last windows, newest first. */
  delivered0: number;
  delivered1: number;
  delivered2: number;
  /** The same, smoothed. */
  smooth: number;
  /** `ok` at the last tick, and at the last wall. */
  okAtTick: number;
  okAtWall: number;
  /** The end of the last wall; 0 = there was none. */
  wallUs: number;
  /** The shortest time from wall to wall: the host's window. 0 = unknown. */
  wallMs: number;
  /** Openings of the breaker in a row. */
  opened: number;
  why: Why;
  whyValue: number;
  whyUs: number;
}

/** Answers to requests paced in one epoch. */
export interface Window {
  sent: number;
  ok: number;
  limited: number;
  errors: number;
  /** How many of `ok` tell the host's own time. */
  timed: number;
  /** Sums over those of the logarithm of milliseconds and of its square, in thousandths. */
  logs: number;
  squares: number;
}

export interface Used {
  rate: number;
  by: string;
  waiting: number;
}

export interface HostRecord {
  /** The timeline is booked until here; undefined = never used. */
  bookedUs: number | undefined;
  /** Reservations so far. */
  seq: number;
  /** Sum of their weights. */
  weight: number;
  /** Of the last reservation: the rate, whose word that is, and how many targets its worker had waiting. */
  used: Used | undefined;
  /** Nothing leaves before: Retry-After, the breaker. 0 = never. */
  pausedUs: number;
  /** Accepted since ever. */
  ok: number;
  /** Failures in a row without an answer. */
  failures: number;
  /** Rate that the host's own headers leave until then; 0 = none said. */
  advice: number;
  adviceUs: number;
  /** Operator's cap and stop. */
  opMax: number | undefined;
  opStop: boolean;
  control: Control;
  /** Of the current epoch. */
  window: Window;
}

const CONTROL: Record<keyof Control, string> = {
  epoch: 'ep',
  phase: 'st',
  rate: 'r',
  capacity: 'c',
  sinceUs: 'ws',
  holdUntilUs: 'hu',
  holdMs: 'hk',
  step: 'g',
  noCutUntilUs: 'nc',
  baseMs: 'lb',
  baseCount: 'ln',
  spread: 'ls',
  queue: 'lq',
  errorRate: 'er',
  fails: 'ef',
  delivered0: 'd0',
  delivered1: 'd1',
  delivered2: 'd2',
  smooth: 'dm',
  okAtTick: 'ot',
  okAtWall: 'ow',
  wallUs: 'wu',
  wallMs: 'wm',
  opened: 'bn',
  why: 'y',
  whyValue: 'yv',
  whyUs: 'yu',
};
const WINDOW: Record<keyof Window, string> = {
  sent: 'fs',
  ok: 'fo',
  limited: 'fl',
  errors: 'fe',
  timed: 'fn',
  logs: 'ft',
  squares: 'fq',
};
const NAMES = Object.entries(CONTROL) as [keyof Control, string][];
const COUNTS = Object.entries(WINDOW) as [keyof Window, string][];

export const fresh: Control = {
  epoch: 0,
  phase: 'start',
  rate: START_RATE,
  capacity: 0,
  sinceUs: 0,
  holdUntilUs: 0,
  holdMs: 0,
  step: 0,
  noCutUntilUs: 0,
  baseMs: 0,
  baseCount: 0,
  spread: 0,
  queue: 0,
  errorRate: 0,
  fails: 0,
  delivered0: 0,
  delivered1: 0,
  delivered2: 0,
  smooth: 0,
  okAtTick: 0,
  okAtWall: 0,
  wallUs: 0,
  wallMs: 0,
  opened: 0,
  why: 'new',
  whyValue: START_RATE,
  whyUs: 0,
};
export const emptyWindow: Window = { sent: 0, ok: 0, limited: 0, errors: 0, timed: 0, logs: 0, squares: 0 };

export const because = (control: Control, why: Why, whyValue: number, whyUs: number): Control => ({
  ...control,
  why,
  whyValue,
  whyUs,
});
export const deliveredMax = ({ delivered0, delivered1, delivered2 }: Control): number =>
  Math.max(delivered0, delivered1, delivered2);

const ring = (name: string, epoch: number): string => name + String(epoch % RINGS);

export function readRecord(item: Item | undefined): HostRecord {
  const number = (name: string): number => Number(item?.[name] ?? 0);
  const control = { ...fresh };
  for (const [name, attr] of NAMES) {
    const value = item?.[attr];
    if (value !== undefined) (control as Record<keyof Control, Attr>)[name] = value;
  }
  const window = { ...emptyWindow };
  for (const [name, attr] of COUNTS) window[name] = number(ring(attr, control.epoch));
  return {
    bookedUs: item?.tat === undefined ? undefined : number('tat'),
    seq: number('seq'),
    weight: number('sw'),
    used: item?.ur === undefined ? undefined : { rate: number('ur'), by: String(item.ub), waiting: number('uw') },
    pausedUs: number('pu'),
    ok: number('ok'),
    failures: number('fr'),
    advice: number('av'),
    adviceUs: number('au'),
    opMax: item?.opMax === undefined ? undefined : number('opMax'),
    opStop: item?.opStop === true,
    control,
    window,
  };
}

/** Six digits after the point; none for times, which would lose their last ones by it. */
const rounded = (value: number): number => (value < 1e9 ? Math.round(value * 1e6) / 1e6 : Math.round(value));

/** The write that puts `next` in force: a new epoch with a new window. Its condition is that the epoch is still the last one. */
export function controlChange(next: Control): Change {
  const set: Record<string, Attr> = {};
  for (const [name, attr] of NAMES) {
    const value = next[name];
    set[attr] = typeof value === 'number' ? rounded(value) : value;
  }
  for (const [, attr] of COUNTS) set[ring(attr, next.epoch)] = 0;
  return { set };
}

/** The counters that a report adds to, by the epoch in which its requests were paced. */
export function feedbackChange(windows: Iterable<[epoch: number, Window]>): Record<string, number> {
  const add: Record<string, number> = {};
  for (const [epoch, window] of windows)
    for (const [name, attr] of COUNTS) if (window[name] !== 0) add[ring(attr, epoch)] = Math.round(window[name]);
  return add;
}
