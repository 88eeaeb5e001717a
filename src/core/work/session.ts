/**
 * One worker at one shard: launches requests when a host, its pace and its retries allow, collects what they bring, and
 * commits in batches. Ends when every target has an end, when all that is left must wait too long, when time is up, when
 * the run is over, or when the lease is lost.
 */
import { METRICS } from '../metrics.ts';
import {
  BATCH_BYTES_MAX,
  BATCH_MS_MAX,
  BATCH_STRETCH,
  BATCH_TARGETS_MAX,
  CRITICAL_NEWS_MS,
  LEASE_RENEW_MS,
  HELD_BUDGETS_MAX,
  PARK_AFTER_MS,
  PARK_SLOT_AFTER_MS,
  PARK_SLOT_LEAD_MS,
  PARK_SPARINGLY_AFTER_MS,
  PARK_SPARINGLY_COMMITS,
  OVERTAKE_AFTER_MS,
  SPLIT_LOOK_MS,
  SWITCH_REST_MS,
} from '../limits.ts';
import { runKey } from '../names.ts';
import { Alarm } from './alarm.ts';
import type { AttemptEnd, Attempts, WorkPorts } from './attempt.ts';
import { Batch, commitBatch, type Finished, type Progressing } from './batch.ts';
import type { Bell } from './bell.ts';
import { Control, type Controlled } from './control.ts';
import { Departures, sooner, type Acts, type Rest } from './departures.ts';
import { mayOvertake, maySplit, shareOf } from './share.ts';
import { isWorthSplitting } from './split.ts';
import { beginSplit, endSplit } from './stream.ts';
import { isSuspect, triesAfter } from './suspicion.ts';
import type { HostQueue } from './host-queue.ts';
import type { Load } from './load.ts';
import type { Budget, Turn } from '../pace/budget.ts';
import { told, type BudgetsShare } from '../pace/budgets.ts';
import type { PendingTarget } from '../open-targets.ts';
import type { LeasedShard, RetryEntry, RetryMap, RunRow } from '../rows.ts';
import type { After } from '../shard.ts';
import type { TaskSpec } from '../task.ts';

/** Why the loop ended before all was done. */
export type Halt = 'runOver' | 'leaseLost' | 'timeUp' | 'stilled';
export type SessionEnd =
  | { kind: 'done' }
  | { kind: 'parked'; resumeAt: number }
  /** Handed back because the run is paused, stopping or over: nobody is to go on by himself. */
  | { kind: 'halted' }
  | { kind: 'leaseLost' };

export interface SessionInput {
  run: RunRow;
  shard: LeasedShard;
  task: TaskSpec;
  hosts: Map<string, HostQueue>;
  budgets: BudgetsShare;
  /** Rings whenever a budget has something new. */
  bell: Bell;
  attempts: Attempts;
  /** Pending targets that this worker leaves alone (see `suspicion.ts`). */
  held: number;
  /** Targets that ended before any request was sent. */
  ended: AttemptEnd[];
  /** No request is started after this, UTC ms. */
  chainAt: number;
  /** Requests still in flight are given up at this time. */
  abortAt: number;
  /** Requests of all sessions of this worker. */
  load: Load;
  /** Goes on with the next shard of the stream, here and now. */
  overtake: (shard: LeasedShard) => Promise<boolean>;
  /** Absent = `SPLIT_SECONDS`. */
  splitSeconds?: number | undefined;
  /** Called after each commit, for budgets over the whole run. */
  onCommit: (batch: Batch) => Promise<void>;
}

export class Session implements Controlled {
  readonly #ports: WorkPorts;
  readonly #input: SessionInput;
  readonly #bell: Bell;
  readonly #alarm: Alarm;
  readonly #departures = new Departures();
  readonly #stop = new AbortController();
  #shard: LeasedShard;
  #batch: Batch;
  #retries: RetryMap;
  /** All that runs beside the loop: requests, gates, rounds with the pace table. */
  #jobs = 0;
  /** Of them, requests whose answers are not all read, and gates. */
  #requests = 0;
  /** Slots that the shard keeps while it is parked. */
  #held: Progressing['held'];
  #isSettled = false;
  #committing: Promise<void> | undefined;
  #halt: Halt | undefined;
  /** It has tried to let its stream go on. */
  #hasDrained = false;
  #isOvertaken = false;
  #isSplitting = false;
  #failure: { error: unknown } | undefined;
  #leaseSetAt: number;
  #grown: Progressing['grown'];
  /** A target was tried in this lease, and its worker lives. */
  #hasTried = false;

  constructor(ports: WorkPorts, input: SessionInput) {
    this.#ports = ports;
    this.#input = input;
    this.#bell = input.bell;
    this.#alarm = new Alarm(ports.clock, input.bell);
    this.#shard = input.shard;
    this.#batch = new Batch(ports.clock.now());
    this.#retries = { ...input.shard.retries };
    this.#leaseSetAt = ports.clock.now();
    const { targets, follow, followFrom: from } = input.shard;
    if (follow !== undefined) this.#grown = { targets, follow, from };
    this.#expect(this.#behind);
    this.#ends(input.ended);
  }

  /** The shard as its owner knows it. */
  get shard(): LeasedShard {
    return this.#shard;
  }

  /** Its stream has gone on without it. */
  get isOvertaken(): boolean {
    return this.#isOvertaken;
  }

  async run(): Promise<SessionEnd> {
    const over = new AbortController();
    const control = new Control(this.#ports, this.#input, this);
    const controlling = control.run(over.signal);
    try {
      await control.obey();
      const rest = await this.#loop();
      return await this.#finish(rest);
    } finally {
      over.abort();
      this.#alarm.unset();
      this.#stop.abort();
      await controlling;
      await this.#settle(undefined);
    }
  }

  /** Returns when nothing is in flight any more; the value says when the rest may go on, Infinity that it need not wait. */
  async #loop(): Promise<Rest> {
    const { clock } = this.#ports;
    for (;;) {
      if (this.#failure) throw this.#failure.error;
      const now = clock.now();
      if (this.#halt === undefined && now >= this.#input.chainAt) this.#halt = 'timeUp';
      if (now >= this.#input.abortAt) this.#stop.abort();
      const { wakeAt, rest } = this.#halt === undefined ? this.#launchAll(now) : this.#haltedUntil(now);
      const waiting = this.#isAnyWaiting();
      this.#commitWhenDue(now, !waiting && this.#requests === 0);
      this.#overtakeWhenDrained(now, rest);
      const busy = this.#jobs > 0 || this.#committing !== undefined;
      if (!busy && (this.#halt !== undefined || !waiting || rest.at - now > this.#parkAfter(rest))) return rest;
      const dueAt = this.#halt === undefined ? this.#batchDueAt : Infinity;
      this.#alarm.set(Math.min(wakeAt, dueAt, now + LEASE_RENEW_MS));
      await this.#bell.wait();
    }
  }

  /** Targets of its stream behind this shard. */
  get #behind(): number {
    return Math.max(0, (this.#shard.behind ?? 0) - (this.#shard.given ?? 0));
  }

  /** What the stream brings next to this worker: of each host as large a part as in this shard. */
  #expect(behind: number): void {
    const { hosts } = this.#input;
    let all = 0;
    for (const { waiting } of hosts.values()) all += waiting;
    const isNext = this.#shard.next !== undefined && all > 0 && mayOvertake(this.#shard);
    for (const host of hosts.values()) host.soon = isNext ? Math.floor((behind * host.waiting) / all) : 0;
  }

  #isAnyWaiting(): boolean {
    for (const host of this.#input.hosts.values()) if (host.waiting > 0 || host.gate === 'opening') return true;
    return false;
  }

  /**
   * The stream goes on when nothing of this shard can be started for now: its last requests are on the wire, one on each
   * host at most, or what is left waits for its next attempt.
   */
  #overtakeWhenDrained(now: number, rest: Rest): void {
    const { hosts, overtake } = this.#input;
    const { next, tries = 0 } = this.#shard;
    if (this.#hasDrained || this.#halt !== undefined || next === undefined || isSuspect(tries)) return;
    const isStuck = rest.at - now >= OVERTAKE_AFTER_MS;
    // One that only waits for a slot for its robots.txt will need all its share.
    const isAway = ({ blockedUntil }: HostQueue): boolean => blockedUntil - now >= OVERTAKE_AFTER_MS;
    const isDrained = (host: HostQueue): boolean =>
      host.inFlight <= 1 && host.gate !== 'opening' && (isStuck || isAway(host) || host.wake(now) === 0);
    if (!mayOvertake(this.#shard)) return;
    for (const host of hosts.values()) if (!isDrained(host)) return;
    this.#hasDrained = true;
    this.#expect(0);
    for (const host of hosts.values()) host.share = 1;
    this.#job(async () => {
      this.#isOvertaken = await overtake(this.#shard);
    });
  }

  /** Whoever is in flight is waited for until it is time to give them up; after that only their end moves anything. */
  #haltedUntil(now: number): { wakeAt: number; rest: Rest } {
    const wakeAt = this.#jobs > 0 && now < this.#input.abortAt ? this.#input.abortAt : Infinity;
    return { wakeAt, rest: { at: now, isSlot: false } };
  }

  #parkAfter({ isSlot }: Rest): number {
    if (this.#shard.commits.length >= PARK_SPARINGLY_COMMITS) return PARK_SPARINGLY_AFTER_MS;
    return isSlot ? PARK_SLOT_AFTER_MS : PARK_AFTER_MS;
  }

  /** Starts all that may start now. */
  #launchAll(now: number): { wakeAt: number; rest: Rest } {
    // A slow commit holds back the fetching.
    if (this.#batch.size > BATCH_BYTES_MAX * 2) return { wakeAt: Infinity, rest: { at: now, isSlot: false } };
    let gates: Rest = { at: Infinity, isSlot: false };
    for (const host of this.#input.hosts.values())
      if (host.gate === 'closed' && host.waiting > 0) gates = sooner(gates, this.#openGate(host, now));
    const { wakeAt, rest } = this.#departures.go(now, this.#acts);
    return { wakeAt: Math.min(wakeAt, gates.at > now ? gates.at : Infinity), rest: sooner(rest, gates) };
  }

  readonly #acts: Acts = {
    slots: () => this.#input.load.max,
    room: () => this.#input.load.room,
    start: (host, target, turn) => this.#attempt(host, target, turn),
    ask: (budget, demand) => this.#job(() => budget.ask(demand)),
  };

  #openGate(host: HostQueue, now: number): Rest {
    const isSlot = host.budget !== undefined && host.budget.slotAt(now) < Infinity;
    if (host.blockedUntil > now) return { at: host.blockedUntil, isSlot };
    if (host.wake(now) === 0) return { at: host.nextDue, isSlot: false };
    if (this.#input.load.room <= 0) return { at: now, isSlot: false };
    host.gate = 'opening';
    this.#request(async (landed) => {
      const ends = await this.#input.attempts.openGate(host, this.#stop.signal);
      landed();
      if (host.gate === 'opening') host.gate = 'closed';
      this.#departures.add(host);
      this.#ends(ends);
    });
    return { at: now, isSlot: false };
  }

  #attempt(host: HostQueue, target: PendingTarget, turn: Turn): void {
    host.inFlight++;
    this.#request(async (landed) => {
      const answered = (): void => {
        landed();
        host.inFlight--;
        // The next request need not wait until this one's body is read.
        host.budget?.touch();
      };
      const end = await this.#input.attempts.attempt(host, target, turn, answered, this.#stop.signal);
      this.#ends([end]);
    });
  }

  /** @param job calls `landed` as soon as nothing of it is on the wire. */
  #request(job: (landed: () => void) => Promise<void>): void {
    const { load } = this.#input;
    const { clock } = this.#ports;
    load.started(clock.now());
    this.#requests++;
    let isOut = true;
    const landed = (): void => {
      if (isOut) load.landed(clock.now());
      isOut = false;
    };
    this.#job(() =>
      job(landed).finally(() => {
        landed();
        load.ended(clock.now());
        this.#requests--;
      }),
    );
  }

  /** Runs in the background; a failure ends the session, and every end wakes the loop. */
  #job(job: () => Promise<void>): void {
    this.#jobs++;
    const ended = (): void => {
      this.#jobs--;
      this.#bell.ring();
    };
    job().then(ended, (error: unknown) => {
      this.#failure ??= { error };
      ended();
    });
  }

  #ends(ends: AttemptEnd[]): void {
    for (const end of ends) {
      if (end.kind === 'aborted') continue;
      this.#hasTried = true;
      this.#batch.attempts += end.attempted;
      if (end.kind === 'retry') this.#retries[String(end.target.index)] = retryEntry(end.target.state);
      else this.#finished(end.target.index, end.finished, end.grow);
    }
  }

  #finished(index: number, finished: Finished[], grow: PendingTarget | undefined): void {
    if (String(index) in this.#retries) {
      const { [String(index)]: _, ...rest } = this.#retries;
      this.#retries = rest;
    }
    for (const each of finished) this.#batch.add(each);
    if (this.#grown === undefined) return;
    const extra = finished.length - 1 + (grow ? 1 : 0);
    this.#grown = { targets: this.#grown.targets + extra, follow: grow?.url, from: grow?.from };
    if (grow) this.#input.attempts.queue(this.#input.hosts, grow);
  }

  // ---------------------------------------------------------------- committing

  get #batchDueAt(): number {
    if (this.#batch.isEmpty || this.#committing) return Infinity;
    return this.#batch.startedAt + BATCH_MS_MAX * BATCH_STRETCH ** this.#shard.commits.length;
  }

  /** @param isThrough no target is left: the end of the session commits the batch with it. */
  #commitWhenDue(now: number, isThrough: boolean): void {
    const { lines, size } = this.#batch;
    if (this.#committing || this.#batch.isEmpty || (isThrough && now < this.#batchDueAt)) return;
    if (lines.lines < BATCH_TARGETS_MAX && size < BATCH_BYTES_MAX && now < this.#batchDueAt) return;
    this.#committing = this.#commit({ kind: 'work' })
      .then(() => undefined)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#committing = undefined;
        this.#bell.ring();
      });
  }

  async #commit(after: After): Promise<boolean> {
    const batch = this.#batch;
    const { clock } = this.#ports;
    this.#batch = new Batch(clock.now());
    const now = (): number => clock.now();
    const { region } = this.#ports;
    const committed = await this.#input.load.chore(now, () =>
      commitBatch(this.#ports, this.#shard, region, batch, this.#progress(after), after, now),
    );
    if (committed === undefined) {
      this.lose();
      return false;
    }
    const { rb = 0, lb = 0 } = (batch.isEmpty ? undefined : committed.commits.at(-1)) ?? {};
    batch.release();
    this.#ports.meter.count(METRICS.storedBytes, rb + lb);
    if (committed.state === 'LEASED') this.#shard = committed;
    this.#leaseSetAt = clock.now();
    await this.#input.onCommit(batch);
    return true;
  }

  #progress(after: After): Progressing {
    const gates: Record<string, number> = {};
    for (const host of this.#input.hosts.values())
      if (host.gateAttempts > 0 && host.waiting > 0) gates[host.host] = host.gateAttempts;
    const tries = this.#triesAfter(after);
    return {
      retries: this.#retries,
      gates,
      ...(after.kind === 'park' && this.#held && { held: this.#held }),
      ...(tries !== undefined && { tries }),
      ...(this.#grown && { grown: this.#grown }),
    };
  }

  /** A commit clears the shard; under suspicion only the orderly end of the lease does, and only by one level. */
  #triesAfter(after: After): number | undefined {
    // With the cause found and ended, the others are above suspicion.
    if (this.#input.ended.length > 0) return 0;
    const tries = this.#shard.tries ?? 0;
    // On a slow host most leases only find that it is not time yet: between two deaths there may be any number of them.
    if (!this.#hasTried) return Math.max(0, tries - 1);
    return isSuspect(tries) && after.kind === 'work' ? undefined : triesAfter(tries);
  }

  async #finish(rest: Rest): Promise<SessionEnd> {
    if (this.#halt === 'leaseLost') return { kind: 'leaseLost' };
    const waiting = [...this.#input.hosts.values()].reduce((sum, host) => sum + host.waiting, 0);
    const left = waiting + this.#aborted + this.#input.held;
    const now = this.#ports.clock.now();
    // With nothing waiting here, what is left was held back: another worker takes it at once.
    const restAt = Number.isFinite(rest.at) ? rest.at : now;
    const goOnAt = rest.isSlot ? Math.max(now, restAt - PARK_SLOT_LEAD_MS) : restAt;
    const resumeAt = this.#halt === 'stilled' ? now + SWITCH_REST_MS : goOnAt;
    const after: After = left === 0 ? { kind: 'done' } : { kind: 'park', resumeAt };
    await this.#settle(after.kind === 'park' && this.#halt !== 'runOver' ? resumeAt : undefined);
    if (after.kind === 'done' && !this.#isOvertaken) await this.#input.attempts.beforeDone(this.#shard);
    if (!(await this.#commit(after))) return { kind: 'leaseLost' };
    if (after.kind === 'done') return { kind: 'done' };
    return this.#halt === 'runOver' ? { kind: 'halted' } : { kind: 'parked', resumeAt };
  }

  /**
   * Tells the budgets what has come back, and gives back what was reserved and is not used; a shard that is parked keeps the
   * slots that come after it goes on. What another session of its worker uses as well stays as it is.
   */
  async #settle(resumeAt: number | undefined): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { clock, log } = this.#ports;
    const kept: [string, [number, number][]][] = [];
    const settle = async (budget: Budget): Promise<void> => {
      const held = resumeAt === undefined ? [] : budget.held(clock.now()).filter(([, until]) => until > resumeAt);
      const isKept = held.length > 0 && kept.length < HELD_BUDGETS_MAX;
      if (isKept) kept.push([budget.name, held]);
      // What was taken over with a lease that is lost belongs to its next owner.
      await (isKept || this.#halt === 'leaseLost' ? budget.report() : budget.close());
    };
    await told(this.#input.budgets.leave().map(settle), log);
    if (kept.length > 0) this.#held = Object.fromEntries(kept);
  }

  /** Targets that were given up in flight: neither waiting nor finished. */
  get #aborted(): number {
    return this.#input.attempts.aborted;
  }

  // ---------------------------------------------------------------- control

  get isHalted(): boolean {
    return this.#halt !== undefined;
  }

  get leaseSetAt(): number {
    return this.#leaseSetAt;
  }

  leaseKept(at: number): void {
    this.#leaseSetAt = at;
  }

  /** Ends the loop; that the run is over says more than that time is up, and nothing more than that the lease is lost. */
  halt(why: 'runOver' | 'stilled'): void {
    if (this.#halt === undefined || (why === 'runOver' && this.#halt !== 'leaseLost')) this.#halt = why;
    this.#stop.abort();
    this.#bell.ring();
  }

  /** The lease is somebody else's: nothing is committed any more. */
  lose(): void {
    this.#halt = 'leaseLost';
    this.#stop.abort();
    this.#bell.ring();
    this.#ports.log.warn('lease lost', {
      tenant: this.#shard.tenant,
      runId: this.#shard.runId,
      shardId: this.#shard.shardId,
    });
    this.#ports.meter.count(METRICS.commitsLost, 1);
  }

  // ---------------------------------------------------------------- splitting

  /** Halves its shares first, and gives the far half away once no more is in flight than they allow. */
  async look(run: RunRow): Promise<void> {
    const { hosts, load, splitSeconds } = this.#input;
    const { clock } = this.#ports;
    const now = clock.now();
    // Its stream has gone on with the shares it had.
    if (this.#hasDrained) return;
    const waiting = [...hosts.values()].reduce((sum, host) => sum + host.waiting, 0);
    if (this.#isSplitting) return this.#giveAway(run, waiting);
    const seen = load.look(now, SPLIT_LOOK_MS);
    const behind = this.#behind;
    if (seen === undefined || behind <= 0) return;
    const criticalSeconds = Math.max(await this.#critical(run, now, (behind + waiting) / Math.max(1, waiting)), 0);
    const secondsMin = splitSeconds === undefined ? {} : { secondsMin: splitSeconds };
    if (!maySplit(this.#shard) || !isWorthSplitting({ behind, waiting, criticalSeconds, ...seen, ...secondsMin }))
      return;
    const begun = await beginSplit(this.#ports, run, this.#shard);
    if (begun === undefined) return;
    this.#isSplitting = true;
    this.#shard = marked(this.#shard, begun);
    for (const host of hosts.values()) host.share = Math.min(host.share, shareOf(this.#shard, host.host));
    await this.#giveAway(run, waiting);
  }

  async #giveAway(run: RunRow, waiting: number): Promise<void> {
    if ([...this.#input.hosts.values()].some(({ inFlight, share }) => inFlight > share)) return;
    this.#isSplitting = false;
    const split = await endSplit(this.#ports, run, this.#shard, waiting);
    this.#shard = marked(this.#shard, split);
  }

  /** Seconds until the slowest host of the run is through: as its own hosts stand, or as another worker has told. */
  async #critical(run: RunRow, now: number, scale: number): Promise<number> {
    let own = 0;
    for (const { host, waiting, budget } of this.#input.hosts.values())
      if (budget !== undefined && waiting > 0)
        own = Math.max(own, (waiting / budget.rate.rate) * scale * streamsOf(this.#shard, host));
    const told = run.critical ?? { at: 0, by: '' };
    const at = now + own * 1000;
    const isNews =
      told.by === this.#shard.shardId ? Math.abs(told.at - at) > CRITICAL_NEWS_MS : at > told.at + CRITICAL_NEWS_MS;
    if (isNews) {
      const { tenant, runId, shardId: by } = this.#shard;
      await this.#ports.table.update(
        runKey(tenant, runId),
        { set: { critical: { at, by } } },
        { eq: ['state', 'RUNNING'] },
      );
    }
    return (Math.max(at, told.by === this.#shard.shardId ? 0 : told.at) - now) / 1000;
  }
}

const retryEntry = ({ attempts, nextAt, waitedMs, lastFailure }: PendingTarget['state']): RetryEntry =>
  lastFailure === undefined ? [attempts, nextAt, waitedMs] : [attempts, nextAt, waitedMs, lastFailure];

/** The shard with what it was marked with; what was committed meanwhile stays. */
const marked = (shard: LeasedShard, as: LeasedShard | undefined): LeasedShard => {
  if (as?.epoch !== shard.epoch) return shard;
  const { splits, given } = as;
  return { ...shard, ...(splits !== undefined && { splits }), ...(given !== undefined && { given }) };
};

/** Streams that a host's targets are in, as far as its share tells. */
const streamsOf = ({ share, shares, splits = 0 }: LeasedShard, host: string): number =>
  (share / (shares?.[host] ?? share)) * 2 ** splits;
