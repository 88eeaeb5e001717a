/**
 * Intervals of a host's timeline, each granted to one worker by one conditional write. Two branches, because DynamoDB has
 * no max(): append where the timeline is busy, start anew where it is idle. Whoever asks remembers which one held.
 * A reply that was lost moves the timeline twice: time is lost, none is granted twice.
 */
import { paceKey } from '../names.ts';
import { feedbackChange, readRecord, type HostRecord, type Used, type Window } from './record.ts';
import type { Change, Condition, Item, Table } from '../ports.ts';

export interface Interval {
  fromUs: number;
  untilUs: number;
}

/** What rides on a write: answers by epoch, accepted ones, the last failures. */
export interface Feedback {
  windows: Map<number, Window>;
  ok: number;
  /** Failures since the last answer, and whether there was an answer before them. */
  failures: number;
  answered: boolean;
  /** Nothing leaves before, by the host's word. */
  pauseUs?: number;
  advice?: { rate: number; untilUs: number };
}

export type Reserved =
  | { kind: 'granted'; interval: Interval; record: HostRecord; turns: number }
  /** Booked, paused or stopped: `record` says which. The feedback was not written. */
  | { kind: 'refused'; record: HostRecord };

export type Branch = 'append' | 'reset';

export interface Asking {
  /** Microseconds of the timeline that are wanted. */
  spanUs: number;
  nowUs: number;
  /** Where an idle timeline starts: now, and what the reply takes. */
  startUs: number;
  /** An interval must begin before this. */
  latestUs: number;
  feedback: Feedback;
  branch: Branch;
  /** The share of its tenant that the worker stands for, and the counter of that tenant's turns. */
  weight: number;
  turns: string;
  used: Used;
}

const TENANT_COUNTERS = 16;

/** The attribute that counts a tenant's turns. There are sixteen: tenants that meet in one share what one gets. */
export function turnsOf(tenant: string): string {
  let hash = 7;
  for (let i = 0; i < tenant.length; i++) hash = (Math.imul(hash, 31) + tenant.charCodeAt(i)) | 0;
  return `n${((hash ^ (hash >>> 16)) >>> 0) % TENANT_COUNTERS}`;
}

const notStopped: Condition = { absent: 'opStop' };

/** One or two writes; `branch` is the one to try first next time. */
export async function reserve(table: Table, host: string, ask: Asking): Promise<Reserved & { branch: Branch }> {
  const first = await attempt(table, host, ask, ask.branch);
  if (first.ok) return { ...granted(first.item, ask), branch: 'append' };
  const record = readRecord(first.item);
  const { bookedUs = -Infinity, opStop } = record;
  const other: Branch = bookedUs >= ask.nowUs ? 'append' : 'reset';
  if (opStop || bookedUs > Math.max(ask.nowUs, ask.latestUs)) return { kind: 'refused', record, branch: 'append' };
  const second = await attempt(table, host, ask, other);
  if (second.ok) return { ...granted(second.item, ask), branch: 'append' };
  return { kind: 'refused', record: readRecord(second.item), branch: 'append' };
}

function attempt(table: Table, host: string, ask: Asking, branch: Branch) {
  const { set: told, add } = feedbackParts(ask.feedback);
  const { rate, by, waiting } = ask.used;
  const set = { ...told, ur: Math.round(rate * 1000) / 1000, ub: by, uw: waiting };
  const turn = { seq: 1, sw: ask.weight, [ask.turns]: 1 };
  if (branch === 'append') {
    const within: Condition = { between: ['tat', ask.nowUs, Math.max(ask.nowUs, ask.latestUs)] };
    const change: Change = { set, add: { ...add, tat: ask.spanUs, ...turn } };
    return table.update(paceKey(host), change, { all: [within, notStopped] });
  }
  const idle: Condition = { any: [{ absent: 'tat' }, { lt: ['tat', ask.nowUs] }] };
  const change: Change = { set: { ...set, tat: ask.startUs + ask.spanUs }, add: { ...add, ...turn } };
  return table.update(paceKey(host), change, { all: [idle, notStopped] });
}

function granted(item: Item, { spanUs, turns }: Asking): Extract<Reserved, { kind: 'granted' }> {
  const untilUs = Number(item.tat);
  const interval = { fromUs: untilUs - spanUs, untilUs };
  return { kind: 'granted', interval, record: readRecord(item), turns: Number(item[turns]) };
}

function feedbackParts(feedback: Feedback): { set: NonNullable<Change['set']>; add: NonNullable<Change['add']> } {
  const set: NonNullable<Change['set']> = {};
  const add = feedbackChange(feedback.windows);
  if (feedback.ok > 0) add.ok = feedback.ok;
  if (feedback.answered) set.fr = feedback.failures;
  else if (feedback.failures > 0) add.fr = feedback.failures;
  if (feedback.advice) Object.assign(set, { av: feedback.advice.rate, au: feedback.advice.untilUs });
  return { set, add };
}

/**
 * Feedback without a reservation. With `pauseUs` the timeline moves there, which keeps everybody from reserving before it;
 * what others hold already they give up when they see the pause.
 */
export async function report(table: Table, host: string, feedback: Feedback): Promise<HostRecord> {
  const { set, add } = feedbackParts(feedback);
  const { pauseUs } = feedback;
  if (pauseUs === undefined) {
    const written = await table.update(paceKey(host), { set, add });
    return readRecord(written.item);
  }
  const idle: Condition = { any: [{ absent: 'tat' }, { lt: ['tat', pauseUs] }] };
  const moved = await table.update(paceKey(host), { set: { ...set, tat: pauseUs, pu: pauseUs }, add }, idle);
  if (moved.ok) return readRecord(moved.item);
  const longer: Condition = { any: [{ absent: 'pu' }, { lt: ['pu', pauseUs] }] };
  const noted = await table.update(paceKey(host), { set: { ...set, pu: pauseUs }, add }, longer);
  if (noted.ok) return readRecord(noted.item);
  return readRecord((await table.update(paceKey(host), { set, add })).item);
}

/**
 * Returns the end of one's interval to the timeline. Nothing comes of it when somebody has reserved since: behind it, or, where a
 * first attempt took effect and its answer was lost, in its place up to the very same moment.
 * @param seq of the record as it was last seen.
 */
export async function giveBack(
  table: Table,
  host: string,
  untilUs: number,
  unusedUs: number,
  seq: number,
): Promise<boolean> {
  const same: Condition = { all: [{ eq: ['tat', untilUs] }, { eq: ['seq', seq] }] };
  const back = await table.update(paceKey(host), { add: { tat: -unusedUs } }, same);
  return back.ok;
}
