/**
 * The targets of one host within a worker: what is ready and what waits for its next attempt. Pure bookkeeping; the session
 * decides when to act, and the host's budget when a request may leave.
 */
import type { Budget } from '../pace/budget.ts';
import type { PendingTarget } from '../open-targets.ts';

export class HostQueue {
  readonly host: string;
  /** In flight at most. */
  share: number;
  /** Known once the gate was opened. */
  budget: Budget | undefined;
  /** `closed`: robots.txt has not been asked. */
  gate: 'closed' | 'opening' | 'open' = 'closed';
  gateAttempts = 0;
  inFlight = 0;
  /** Targets of it that its stream brings next, as far as can be told. */
  soon = 0;
  /** Nothing of this host leaves before: its gate is to be tried again. */
  blockedUntil = 0;
  #ready: PendingTarget[] = [];
  #later: PendingTarget[] = [];

  constructor(host: string, share: number) {
    this.host = host;
    this.share = share;
  }

  /** Targets not in flight. */
  get waiting(): number {
    return this.#ready.length + this.#later.length;
  }

  add(target: PendingTarget, now: number): void {
    (target.state.nextAt > now ? this.#later : this.#ready).push(target);
  }

  /** Moves what is due to the ready ones; returns how many are ready. */
  wake(now: number): number {
    if (this.#later.length > 0) {
      for (const target of this.#later) if (target.state.nextAt <= now) this.#ready.push(target);
      this.#later = this.#later.filter((target) => target.state.nextAt > now);
    }
    return this.#ready.length;
  }

  /** When the next waiting target is due; Infinity when none waits. */
  get nextDue(): number {
    return this.#later.reduce((least, target) => Math.min(least, target.state.nextAt), Infinity);
  }

  take(): PendingTarget | undefined {
    return this.#ready.shift();
  }

  /** Takes every target that is not in flight. */
  takeAll(): PendingTarget[] {
    const all = [...this.#ready, ...this.#later];
    this.#ready = [];
    this.#later = [];
    return all;
  }
}
