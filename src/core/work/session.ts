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
  LEASE_RENEW_MS,
  PARK_AFTER_MS,
  PARK_SPARINGLY_AFTER_MS,
  PARK_SPARINGLY_COMMITS,
  RUN_CHECK_MS,
  WORK_CONCURRENCY_MAX,
} from '../limits.ts';
import { reserve } from '../pace.ts';
import { readRun } from '../store.ts';
import type { Attempts } from './attempt.ts';
import { type AttemptEnd, type WorkPorts } from './attempt.ts';
import { Batch, commitBatch, type Finished, type Progressing } from './batch.ts';
import { Bell } from './bell.ts';
import { renewLease } from './claim.ts';
import { isSuspect, triesAfter } from './suspicion.ts';
import type { HostQueue } from './host-queue.ts';
import type { PendingTarget } from '../open-targets.ts';
import type { LeasedShard, RetryEntry, RetryMap, RunRow, ShardRow } from '../rows.ts';
import type { After } from '../shard.ts';
import type { TaskSpec } from '../task.ts';

/** Why the loop ended before all was done. */
export type Halt = 'runOver' | 'leaseLost' | 'timeUp';
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
  attempts: Attempts;
  /** Pending targets that this worker leaves alone (see `suspicion.ts`). */
  held: number;
  /** Targets that ended before any request was sent. */
  ended: AttemptEnd[];
  /** No request is started after this, UTC ms. */
  chainAt: number;
  /** Requests still in flight are given up at this time. */
  abortAt: number;
  /** Called after each commit, for budgets over the whole run. */
  onCommit: (batch: Batch) => Promise<void>;
}

export class Session {
  readonly #ports: WorkPorts;
  readonly #input: SessionInput;
  readonly #bell = new Bell();
  readonly #stop = new AbortController();
  #shard: LeasedShard;
  #batch: Batch;
  #retries: RetryMap;
  #inFlight = 0;
  #committing: Promise<void> | undefined;
  #halt: Halt | undefined;
  #failure: { error: unknown } | undefined;
  #leaseSetAt: number;
  #grown: Progressing['grown'];

  constructor(ports: WorkPorts, input: SessionInput) {
    this.#ports = ports;
    this.#input = input;
    this.#shard = input.shard;
    this.#batch = new Batch(ports.clock.now());
    this.#retries = { ...input.shard.retries };
    this.#leaseSetAt = ports.clock.now();
    const { targets, follow, followFrom: from } = input.shard;
    if (follow !== undefined) this.#grown = { targets, follow, from };
    this.#ends(input.ended);
  }

  async run(): Promise<SessionEnd> {
    const over = new AbortController();
    const control = this.#control(over.signal);
    try {
      const resumeAt = await this.#loop();
      return await this.#finish(resumeAt);
    } finally {
      over.abort();
      this.#stop.abort();
      await control;
    }
  }

  /** Returns when nothing is in flight any more; the value says when the rest may go on, Infinity that it need not wait. */
  async #loop(): Promise<number> {
    const { clock } = this.#ports;
    for (;;) {
      if (this.#failure) throw this.#failure.error;
      const now = clock.now();
      if (this.#halt === undefined && now >= this.#input.chainAt) this.#halt = 'timeUp';
      if (now >= this.#input.abortAt) this.#stop.abort();
      const wakeAt = this.#halt === undefined ? this.#launchAll(now) : this.#haltedUntil(now);
      this.#commitWhenDue(now);
      const waiting = [...this.#input.hosts.values()].some((host) => host.waiting > 0 || host.gate === 'opening');
      const busy = this.#inFlight > 0 || this.#committing !== undefined;
      if (!busy && (this.#halt !== undefined || !waiting || wakeAt - now > this.#parkAfter)) return wakeAt;
      await this.#sleepUntil(Math.min(wakeAt, this.#halt === undefined ? this.#batchDueAt : Infinity));
    }
  }

  /** Whoever is in flight is waited for until it is time to give them up; after that only their end moves anything. */
  #haltedUntil(now: number): number {
    return this.#inFlight > 0 && now < this.#input.abortAt ? this.#input.abortAt : Infinity;
  }

  get #parkAfter(): number {
    return this.#shard.commits.length < PARK_SPARINGLY_COMMITS ? PARK_AFTER_MS : PARK_SPARINGLY_AFTER_MS;
  }

  async #sleepUntil(at: number): Promise<void> {
    const timer = new AbortController();
    const sleep = this.#ports.clock.sleep(
      Math.max(0, Math.min(at - this.#ports.clock.now(), LEASE_RENEW_MS)),
      timer.signal,
    );
    await Promise.race([this.#bell.wait(), sleep]);
    timer.abort();
    this.#bell.ring(); // frees the loser of the race
    await this.#bell.wait();
  }

  /** Starts all that may start now; returns the earliest time at which more may. */
  #launchAll(now: number): number {
    if (this.#batch.size > BATCH_BYTES_MAX * 2) return Infinity; // a slow commit holds back the fetching
    let wakeAt = Infinity;
    for (const host of this.#input.hosts.values()) wakeAt = Math.min(wakeAt, this.#launch(host, now));
    return wakeAt;
  }

  #launch(host: HostQueue, now: number): number {
    if (host.wake(now) === 0) return host.gate === 'opening' ? Infinity : Math.max(host.nextDue, host.blockedUntil);
    if (host.blockedUntil > now) return host.blockedUntil;
    if (host.gate === 'closed') {
      host.gate = 'opening';
      this.#start(async () => this.#ends(await this.#input.attempts.openGate(host, this.#stop.signal)));
    }
    if (host.gate !== 'open') return Infinity;
    for (let target = host.peek(); target !== undefined; target = host.peek()) {
      if (host.inFlight >= host.share || this.#inFlight >= WORK_CONCURRENCY_MAX) return Infinity;
      const slot = host.nextSlot(now);
      if (slot === undefined) {
        this.#reserve(host, now);
        return Infinity;
      }
      if (slot > now) return slot;
      host.useSlot();
      host.take();
      this.#attempt(host, target);
    }
    return host.nextDue;
  }

  #reserve(host: HostQueue, now: number): void {
    if (host.reserving) return;
    host.reserving = true;
    this.#start(async () => {
      const got = await reserve(this.#ports.pace, host.host, host.wanted, host.everyUs, now);
      host.reserving = false;
      if (got.kind === 'granted') host.grant(got.fromMs, got.intervalMs, got.count);
      else host.blockedUntil = Math.max(host.blockedUntil, got.untilMs);
    });
  }

  #attempt(host: HostQueue, target: PendingTarget): void {
    host.inFlight++;
    this.#start(async () => {
      const end = await this.#input.attempts.attempt(host, target, this.#stop.signal);
      host.inFlight--;
      this.#ends([end]);
    });
  }

  /** Runs in the background; a failure ends the session, and every end wakes the loop. */
  #start(job: () => Promise<void>): void {
    this.#inFlight++;
    job()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#inFlight--;
        this.#bell.ring();
      })
      .catch(() => undefined);
  }

  #ends(ends: AttemptEnd[]): void {
    for (const end of ends) {
      if (end.kind === 'aborted') continue;
      this.#batch.attempts += end.attempted;
      if (end.kind === 'retry') this.#retries[String(end.target.index)] = retryEntry(end.target.state);
      else this.#finished(end.target.index, end.finished, end.grow);
    }
  }

  #finished(index: number, finished: Finished[], grow: PendingTarget | undefined): void {
    const { [String(index)]: _, ...rest } = this.#retries;
    this.#retries = rest;
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

  #commitWhenDue(now: number): void {
    const { lines, size } = this.#batch;
    if (this.#committing || this.#batch.isEmpty) return;
    if (lines.length < BATCH_TARGETS_MAX && size < BATCH_BYTES_MAX && now < this.#batchDueAt) return;
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
    const committed = await commitBatch(
      this.#ports,
      this.#shard,
      this.#ports.region,
      batch,
      this.#progress(after),
      after,
      () => clock.now(),
    );
    if (committed === undefined) {
      this.#lose();
      return false;
    }
    if (committed.state === 'LEASED') this.#shard = committed;
    this.#leaseSetAt = clock.now();
    await this.#input.onCommit(batch);
    return true;
  }

  #progress(after: After): Progressing {
    const gates: Record<string, number> = {};
    const slots: ShardRow['slots'] = {};
    for (const host of this.#input.hosts.values()) {
      if (host.gateAttempts > 0 && host.waiting > 0) gates[host.host] = host.gateAttempts;
      const left = host.slotsLeft(this.#ports.clock.now());
      if (left && host.waiting > 0) slots[host.host] = left;
    }
    const tries = this.#triesAfter(after);
    return {
      retries: this.#retries,
      gates,
      slots,
      ...(tries !== undefined && { tries }),
      ...(this.#grown && { grown: this.#grown }),
    };
  }

  /** A commit clears the shard; under suspicion only the orderly end of the lease does, and only by one level. */
  #triesAfter(after: After): number | undefined {
    // With the cause found and ended, the others are above suspicion.
    if (this.#input.ended.length > 0) return 0;
    const tries = this.#shard.tries ?? 0;
    return isSuspect(tries) && after.kind === 'work' ? undefined : triesAfter(tries);
  }

  async #finish(restAt: number): Promise<SessionEnd> {
    if (this.#halt === 'leaseLost') return { kind: 'leaseLost' };
    const waiting = [...this.#input.hosts.values()].reduce((sum, host) => sum + host.waiting, 0);
    const left = waiting + this.#aborted + this.#input.held;
    // With nothing waiting here, what is left was held back: another worker takes it at once.
    const resumeAt = Number.isFinite(restAt) ? restAt : this.#ports.clock.now();
    const after: After = left === 0 ? { kind: 'done' } : { kind: 'park', resumeAt };
    if (after.kind === 'done') await this.#input.attempts.beforeDone(this.#shard);
    if (!(await this.#commit(after))) return { kind: 'leaseLost' };
    if (after.kind === 'done') return { kind: 'done' };
    return this.#halt === 'runOver' ? { kind: 'halted' } : { kind: 'parked', resumeAt };
  }

  /** Targets that were given up in flight: neither waiting nor finished. */
  get #aborted(): number {
    return this.#input.attempts.aborted;
  }

  #lose(): void {
    this.#halt = 'leaseLost';
    this.#stop.abort();
    this.#ports.log.warn('lease lost', {
      tenant: this.#shard.tenant,
      runId: this.#shard.runId,
      shardId: this.#shard.shardId,
    });
    this.#ports.meter.count(METRICS.commitsLost, 1);
  }

  // ---------------------------------------------------------------- control

  /** Watches the run and keeps the lease while the loop works. */
  async #control(signal: AbortSignal): Promise<void> {
    const { clock, table } = this.#ports;
    while (!signal.aborted) {
      await clock.sleep(RUN_CHECK_MS, signal);
      if (signal.aborted || this.#halt !== undefined) continue;
      try {
        const run = await readRun(table, this.#shard.tenant, this.#shard.runId);
        if (run?.state !== 'RUNNING') {
          this.#halt = 'runOver';
          this.#stop.abort();
          this.#bell.ring();
        } else if (clock.now() - this.#leaseSetAt >= LEASE_RENEW_MS) {
          if (await renewLease(table, this.#shard, clock.now())) this.#leaseSetAt = clock.now();
          else this.#lose();
          this.#bell.ring();
        }
      } catch (error) {
        // Not being able to look is no reason to stop: the lease decides, and every commit names it.
        this.#ports.log.warn('control check failed', { error: String(error) });
      }
    }
  }
}

const retryEntry = ({ attempts, nextAt, waitedMs, lastFailure }: PendingTarget['state']): RetryEntry =>
  lastFailure === undefined ? [attempts, nextAt, waitedMs] : [attempts, nextAt, waitedMs, lastFailure];
