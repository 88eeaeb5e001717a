/** Which event may happen in which state: every pair is tried against a stored row. */
import { describe, expect, it } from 'vitest';
import { END_STATES, RUN_STATES, transition as ofRun, type RunEvent, type RunPhase, type RunState } from '#core/run.ts';
import { SHARD_STATES, transition as ofShard, type ShardEvent, type ShardPhase, type ShardState } from '#core/shard.ts';
import { fresh, transition as ofTarget } from '#core/target.ts';
import { LEASE_MS } from '#core/limits.ts';
import type { Item } from '#core/ports.ts';
import { MemoryTable } from '../../src/sim/memory-table.ts';

const NOW = 1_000_000;
const KEY = { pk: 'p', sk: 's' };
const round = { round: 0, plan: 1, shards: 1, targets: 1, counts: {}, ledgers: [] };

/** The row after the event; undefined when it may not happen. */
async function after(row: object, { change, condition }: ReturnType<typeof ofRun>): Promise<Item | undefined> {
  const table = new MemoryTable();
  await table.put({ ...KEY, ...row });
  const write = await table.update(KEY, change, condition);
  return write.ok ? write.item : undefined;
}

describe('a run', () => {
  const row = (state: RunState) => ({
    state,
    attempt: 0,
    planEpoch: 1,
    roundCount: 0,
    rounds: [],
    deadlineAt: NOW,
    duePk: 'due',
    dueAt: NOW,
    ...(state === 'PAUSED' && { pausedAt: 5 }),
    ...((END_STATES as readonly string[]).includes(state) && { finishedAt: 7 }),
  });
  const live = ['QUEUED', 'PLANNING', 'RUNNING', 'PAUSED'] as const;
  const to = (states: readonly RunState[], state: RunState) => Object.fromEntries(states.map((from) => [from, state]));
  const cases: [string, RunEvent, Partial<Record<RunState, RunState>>][] = [
    ['plan', { kind: 'plan', from: 'QUEUED', round: 0, at: NOW }, { QUEUED: 'PLANNING' }],
    ['plan again', { kind: 'plan', from: 'RUNNING', round: 0, at: NOW }, { RUNNING: 'RUNNING' }],
    ['planned', { kind: 'planned', epoch: 1, round }, { PLANNING: 'RUNNING' }],
    ['planned by a late planner', { kind: 'planned', epoch: 0, round }, {}],
    ['reopened', { kind: 'reopened', epoch: 1 }, { PLANNING: 'RUNNING' }],
    ['pause', { kind: 'pause', at: NOW }, { RUNNING: 'PAUSED' }],
    ['resume', { kind: 'resume', pausedAt: 5, deadlineAt: NOW }, { PAUSED: 'RUNNING' }],
    ['resume of another pause', { kind: 'resume', pausedAt: 4, deadlineAt: NOW }, {}],
    ['stop', { kind: 'stop', reason: 'user' }, to(live, 'FINALIZING')],
    ['timeUp', { kind: 'timeUp', deadlineAt: NOW }, to(['PLANNING', 'RUNNING'], 'FINALIZING')],
    ['timeUp of an older limit', { kind: 'timeUp', deadlineAt: NOW - 1 }, {}],
    ['finish', { kind: 'finish', attempt: 0 }, to([...live, 'FINALIZING'], 'FINALIZING')],
    ['end', { kind: 'end', attempt: 0, state: 'PARTIAL', at: NOW }, { FINALIZING: 'PARTIAL' }],
    ['finish by an execution that was given up', { kind: 'finish', attempt: 1 }, {}],
    ['end by an execution that was given up', { kind: 'end', attempt: 1, state: 'PARTIAL', at: NOW }, {}],
    [
      'redrive',
      { kind: 'redrive', era: 0, deadlineAt: NOW, due: { duePk: 'd', dueAt: NOW }, redriving: { all: true } },
      to(END_STATES, 'QUEUED'),
    ],
    [
      'restart',
      { kind: 'restart', attempt: 1 },
      Object.fromEntries([...live, 'FINALIZING' as const].map((s) => [s, s])),
    ],
    ['restart twice', { kind: 'restart', attempt: 2 }, {}],
    ['settled', { kind: 'settled', attempt: 0 }, Object.fromEntries(END_STATES.map((s) => [s, s]))],
  ];
  it.each(cases)('%s', async (_name, event, expected) => {
    const reached: Partial<Record<RunState, RunState>> = {};
    for (const state of RUN_STATES) {
      const next = await after(row(state), ofRun(event));
      if (next === undefined) continue;
      reached[state] = next.state as RunState;
      expect(next.pausedAt !== undefined).toBe(next.state === 'PAUSED');
      expect(next.finishedAt !== undefined).toBe((END_STATES as readonly string[]).includes(String(next.state)));
    }
    expect(reached).toEqual(expected);
  });

  it('a second redrive needs the first to be known', async () => {
    const event = { kind: 'redrive', deadlineAt: 1, due: { duePk: 'd', dueAt: 1 }, redriving: { all: true } } as const;
    const once = await after(row('PARTIAL'), ofRun({ ...event, era: 0 }));
    expect(once).toMatchObject({ redrives: 1, attempt: 1 });
    expect(await after({ ...once, state: 'FAILED' }, ofRun({ ...event, era: 0 }))).toBeUndefined();
    expect(await after({ ...once, state: 'FAILED' }, ofRun({ ...event, era: 1 }))).toMatchObject({ redrives: 2 });
  });
});

describe('a shard', () => {
  const row = (state: ShardState) => ({
    state,
    epoch: 3,
    seq: 2,
    commits: [],
    ...(state === 'LEASED' && { leaseUntil: NOW + 1 }),
    ...(state === 'PARKED' && { resumeAt: NOW }),
    ...(state === 'DONE' ? { finishedAt: NOW } : { duePk: 'due', dueAt: NOW }),
  });
  const commit = {
    kind: 'commit' as const,
    epoch: 3,
    seq: 2,
    at: NOW,
    facts: {},
    append: [],
    remove: [],
    duePk: 'due',
  };
  const cases: [string, ShardEvent, Partial<Record<ShardState, ShardState>>][] = [
    ['activate', { kind: 'activate', at: NOW, duePk: 'due', carried: {} }, { WAITING: 'READY' }],
    ['claim', { kind: 'claim', at: NOW, owner: 'me' }, { READY: 'LEASED', PARKED: 'LEASED' }],
    ['claim when the lease has run out', { kind: 'claim', at: NOW + 2, owner: 'me' }, { READY: 'LEASED', PARKED: 'LEASED', LEASED: 'LEASED' }],
    ['fence', { kind: 'fence', at: NOW, era: 0 }, { WAITING: 'LEASED', READY: 'LEASED', LEASED: 'LEASED', PARKED: 'LEASED' }],
    ['renew', { kind: 'renew', epoch: 3, at: NOW }, { LEASED: 'LEASED' }],
    ['renew by a former owner', { kind: 'renew', epoch: 2, at: NOW }, {}],
    ['commit and go on', { ...commit, to: { kind: 'work' } }, { LEASED: 'LEASED' }],
    ['commit and park', { ...commit, to: { kind: 'park', resumeAt: NOW } }, { LEASED: 'PARKED' }],
    ['commit and end', { ...commit, to: { kind: 'done' } }, { LEASED: 'DONE' }],
    ['commit by a former owner', { ...commit, epoch: 2, to: { kind: 'done' } }, {}],
    ['commit made before', { ...commit, seq: 1, to: { kind: 'work' } }, {}],
    ['release', { kind: 'release', epoch: 3, at: NOW, resumeAt: NOW, tries: 0, duePk: 'due' }, { LEASED: 'PARKED' }],
    ['reopen', { kind: 'reopen', epoch: 3, era: 1, at: NOW, facts: {}, remove: [], to: 'READY', duePk: 'due' }, { DONE: 'READY' }],
    ['reopen behind another', { kind: 'reopen', epoch: 3, era: 1, at: NOW, facts: {}, remove: [], to: 'WAITING', duePk: 'due' }, { DONE: 'WAITING' }],
  ]; // prettier-ignore
  it.each(cases)('%s', async (_name, event, expected) => {
    const reached: Partial<Record<ShardState, ShardState>> = {};
    for (const state of SHARD_STATES) {
      const next = await after(row(state), ofShard(event));
      if (next === undefined) continue;
      reached[state] = next.state as ShardState;
      expect(next.leaseUntil !== undefined).toBe(next.state === 'LEASED');
      expect(next.resumeAt !== undefined).toBe(next.state === 'PARKED');
      expect(next.finishedAt !== undefined).toBe(next.state === 'DONE');
      if (next.state === 'DONE' || next.state === 'WAITING') expect(next.dueAt).toBeUndefined();
      else expect(next.dueAt).toBeGreaterThanOrEqual(NOW);
    }
    expect(reached).toEqual(expected);
  });

  it('a claim raises the epoch, and what it gives lasts as long as a lease', async () => {
    const next = await after(row('READY'), ofShard({ kind: 'claim', at: NOW, owner: 'me' }));
    expect(next).toMatchObject({ epoch: 4, tries: 1, leaseUntil: NOW + LEASE_MS, dueAt: NOW + LEASE_MS });
  });
});

describe('a target', () => {
  const asked = ofTarget(fresh, { kind: 'ask' });
  it('waits, is asked again and keeps what it has behind it', () => {
    const verdict = { kind: 'retry', at: NOW + 1500, reason: 'status', detail: 'HTTP 503', status: 503 } as const;
    const waiting = ofTarget(asked, { kind: 'verdict', verdict, at: NOW });
    expect(waiting).toEqual({
      kind: 'waiting',
      nextAt: NOW + 1500,
      attempts: 1,
      waitedMs: 1500,
      lastFailure: 'HTTP 503',
    });
    if (waiting.kind !== 'waiting') throw new Error('it does not wait');
    const again = ofTarget(waiting, { kind: 'ask' });
    expect(ofTarget(again, { kind: 'verdict', verdict: { kind: 'keep' }, at: NOW })).toEqual({
      kind: 'ended',
      bucket: 'collected',
      attempts: 2,
      waitedMs: 1500,
      lastFailure: 'HTTP 503',
    });
  });
  it('an aborted request counts for nothing', () => {
    expect(ofTarget(asked, { kind: 'aborted', at: NOW })).toEqual({ ...fresh, nextAt: NOW });
  });
  it('ends without a request when something else decides', () => {
    const end = ofTarget(fresh, { kind: 'decide', bucket: 'disallowed', detail: 'Disallow: /' });
    expect(end).toEqual({ kind: 'ended', bucket: 'disallowed', detail: 'Disallow: /', attempts: 0, waitedMs: 0 });
  });
});

it('states that cannot be do not compile', () => {
  const phase = (given: RunPhase | ShardPhase): string => given.state;
  const impossible = [
    // @ts-expect-error -- a run that rests knows since when
    phase({ state: 'PAUSED' }),
    // @ts-expect-error -- one that goes does not rest
    phase({ state: 'RUNNING', pausedAt: 1 }),
    // @ts-expect-error -- an end has its time
    phase({ state: 'SUCCEEDED' }),
    // @ts-expect-error -- nobody holds what waits
    phase({ state: 'READY', leaseUntil: 1 }),
    // @ts-expect-error -- what is held is held until some time
    phase({ state: 'LEASED' }),
    // @ts-expect-error -- what is done goes on at no time
    phase({ state: 'DONE', finishedAt: 1, resumeAt: 2 }),
  ];
  expect(impossible).toHaveLength(6);
  const ended = ofTarget(fresh, { kind: 'decide', bucket: 'cancelled', detail: '' });
  // @ts-expect-error -- a target that has ended is not asked for again
  expect(ofTarget(ended, { kind: 'ask' })).toBeDefined();
});
