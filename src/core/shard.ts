/**
 * A shard as a state machine with a fencing number. As for runs, `transition` turns an event into one conditional write;
 * nothing else changes a shard's state.
 *
 * ```
 * WAITING ─activate→ READY ─claim→ LEASED ─commit→ LEASED | PARKED | DONE
 *                               ↖────── claim ──────────────┘      └─reopen→ READY | WAITING
 * ```
 */
import { LEASE_MS, SHARD_LOST_MS } from './limits.ts';
import type { Due, Transition } from './run.ts';
import type { ShardFacts } from './rows.ts';
import type { Attr, Change, Condition } from './ports.ts';

export const SHARD_STATES = ['WAITING', 'READY', 'LEASED', 'PARKED', 'DONE'] as const;
/**
 * WAITING: behind another shard of its stream. READY: sent, not yet claimed. LEASED: a worker has it. PARKED: handed back
 * with a delay. DONE: every target has an end.
 */
export type ShardState = (typeof SHARD_STATES)[number];

/** What a shard's row holds because of its state, and in no other. */
export type ShardPhase =
  | { state: 'WAITING' | 'READY'; leaseUntil?: never; resumeAt?: never; finishedAt?: never }
  | { state: 'LEASED'; leaseUntil: number; resumeAt?: never; finishedAt?: never }
  | { state: 'PARKED'; resumeAt: number; leaseUntil?: never; finishedAt?: never }
  | { state: 'DONE'; finishedAt: number; leaseUntil?: never; resumeAt?: never };

export type ShardEvent =
  /** Its turn in the stream has come, or it begins one of its own; `carried` is what it takes over of the shard before. */
  | {
      kind: 'activate';
      at: number;
      duePk: string;
      carried: Pick<ShardFacts, 'splits' | 'given' | 'beside' | 'first'>;
    }
  /** Its owner says how it stands in its stream. */
  | { kind: 'mark'; epoch: number; facts: Pick<ShardFacts, 'splits' | 'given' | 'lags'> }
  /** A worker takes what nobody holds: sent, parked, or with a lease that ran out. */
  | { kind: 'claim'; at: number; owner: string }
  /** The end of a run takes it from whoever holds it. */
  | { kind: 'fence'; at: number; era: number }
  | { kind: 'renew'; epoch: number; at: number }
  /** What its owner has finished becomes true; `to` says how it goes on. */
  | {
      kind: 'commit';
      epoch: number;
      /** The last commit that its owner knows of: one that took effect and whose answer was lost must not be made twice. */
      seq: number;
      at: number;
      facts: Partial<ShardFacts>;
      append: Attr[];
      remove: string[];
      to: After;
      duePk: string;
    }
  /** Its owner cannot go on, through no fault of the targets: as if it had never been claimed. */
  | { kind: 'release'; epoch: number; at: number; resumeAt: number; tries: number; duePk: string }
  /** Some of its targets are to be tried again. */
  | {
      kind: 'reopen';
      epoch: number;
      /** Which redrive it is, from 1: each opens a shard once. */
      era: number;
      at: number;
      facts: Partial<ShardFacts>;
      remove: string[];
      to: 'READY' | 'WAITING';
      duePk: string;
    };

/** How a shard goes on after a commit. */
export type After =
  | { kind: 'work' }
  | { kind: 'done' }
  /** Handed back: to be gone on with at `resumeAt`. */
  | { kind: 'park'; resumeAt: number };

export function transition(event: ShardEvent): Transition {
  switch (event.kind) {
    case 'activate':
      return {
        change: enter({ state: 'READY' }, sentAt(event), attributes(event.carried)),
        condition: is('WAITING'),
      };
    case 'mark':
      return { change: { set: attributes(event.facts) }, condition: owned(event.epoch) };
    case 'claim': {
      const free: Condition = {
        any: [is('READY', 'PARKED'), { all: [is('LEASED'), { lt: ['leaseUntil', event.at] }] }],
      };
      const { set, ...rest } = lease(event.at, 1);
      return { change: { ...rest, set: { ...set, owner: event.owner } }, condition: free };
    }
    case 'fence':
      return {
        change: lease(event.at, 0),
        // Who was to end the run before it was redriven takes nothing that was opened since.
        condition: { all: [is('WAITING', 'READY', 'PARKED', 'LEASED'), inEra(event.era)] },
      };
    case 'renew': {
      const until = event.at + LEASE_MS;
      return { change: { set: { leaseUntil: until, dueAt: until } }, condition: owned(event.epoch) };
    }
    case 'commit': {
      const facts = attributes(event.facts);
      const { set, remove = [] } = after(event.to, event.at, event.duePk, facts);
      return {
        change: {
          ...(set && { set }),
          remove: [...remove, ...event.remove],
          ...(event.append.length > 0 && { append: { commits: event.append } }),
        },
        condition: { all: [owned(event.epoch), { eq: ['seq', event.seq] }] },
      };
    }
    case 'release':
      return {
        change: enter(
          { state: 'PARKED', resumeAt: event.resumeAt },
          // Due at once when its time comes: the message may be what could not be sent.
          { duePk: event.duePk, dueAt: event.resumeAt },
          { tries: event.tries },
        ),
        condition: owned(event.epoch),
      };
    case 'reopen': {
      const due = event.to === 'READY' ? sentAt(event) : undefined;
      const change = enter({ state: event.to }, due, { ...attributes(event.facts), era: event.era });
      return {
        change: { ...change, remove: [...(change.remove ?? []), ...event.remove], add: { epoch: 1 } },
        condition: {
          all: [is('DONE'), { eq: ['epoch', event.epoch] }, { any: [{ absent: 'era' }, { lt: ['era', event.era] }] }],
        },
      };
    }
  }
}

/** Holds for the owner of this epoch and for nobody else. */
const owned = (epoch: number): Condition => ({ all: [is('LEASED'), { eq: ['epoch', epoch] }] });
/** Not opened after this redrive. A round that was planned since the run was redriven has shards of no era. */
const inEra = (era: number): Condition => ({ any: [{ absent: 'era' }, { le: ['era', era] }] });
const is = (...states: ShardState[]): Condition => ({ in: ['state', states] });
/** Due when it was sent so long ago that the message may be lost. */
const sentAt = ({ at, duePk }: { at: number; duePk: string }): Due => ({ duePk, dueAt: at + SHARD_LOST_MS });

function lease(at: number, tries: 0 | 1): Change {
  const until = at + LEASE_MS;
  const { set, remove } = enter({ state: 'LEASED', leaseUntil: until }, undefined, {
    dueAt: until,
    claimedAt: at,
    resent: 0,
  });
  // The row may be WAITING, without a due partition, only when the run ends: then nothing is due any more.
  const kept = (remove ?? []).filter((name) => name !== 'duePk');
  return { ...(set && { set }), remove: kept, add: { epoch: 1, ...(tries === 1 && { tries }) } };
}

function after(to: After, at: number, duePk: string, facts: { [attr: string]: Attr }): Change {
  switch (to.kind) {
    case 'work':
      return { set: { ...facts, leaseUntil: at + LEASE_MS, dueAt: at + LEASE_MS } };
    case 'done':
      return enter({ state: 'DONE', finishedAt: at }, undefined, { ...facts, retries: {}, gates: {}, slots: {} });
    case 'park':
      return enter({ state: 'PARKED', resumeAt: to.resumeAt }, { duePk, dueAt: to.resumeAt + SHARD_LOST_MS }, facts);
  }
}

/** Sets what the new state needs and removes what only another one has. */
function enter(phase: ShardPhase, due: Due | undefined, more: { [attr: string]: Attr } = {}): Change {
  const set = { ...attributes(phase), ...more, ...due };
  const gone = ['leaseUntil', 'resumeAt', 'finishedAt', 'duePk', 'dueAt'].filter((name) => !Object.hasOwn(set, name));
  return { set, remove: gone };
}

function attributes(value: object): { [attr: string]: Attr } {
  const entries = Object.entries(value) as [string, Attr | undefined][];
  return Object.fromEntries(entries.filter((entry): entry is [string, Attr] => entry[1] !== undefined));
}
