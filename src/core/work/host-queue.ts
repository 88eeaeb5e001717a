/**
 * The targets of one host within a worker: what is ready, what waits for its next attempt, and the slots reserved on the
 * host's timeline. Pure bookkeeping; the session decides when to act.
 */
import { RESERVE_AHEAD_MS, SLOT_GRACE_MS } from '../limits.ts';
import type { PendingTarget } from '../open-targets.ts';

export class HostQueue {
  readonly host: string;
  /** In flight at most. */
  readonly share: number;
  /** Microseconds between requests; grows when robots.txt asks for it. */
  everyUs: number;
  /** `closed`: robots.txt has not been asked. */
  gate: 'closed' | 'opening' | 'open' = 'closed';
  gateAttempts = 0;
  inFlight = 0;
  reserving = false;
  /** Nothing leaves before: Retry-After, a full timeline, a gate to be tried again. */
  blockedUntil = 0;
  #ready: PendingTarget[] = [];
  #later: PendingTarget[] = [];
  #slots = { fromMs: 0, intervalMs: 1, count: 0 };

  constructor(host: string, share: number, everyUs: number) {
    this.host = host;
    this.share = share;
    this.everyUs = everyUs;
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

  peek(): PendingTarget | undefined {
    return this.#ready[0];
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

  grant(fromMs: number, intervalMs: number, count: number): void {
    this.#slots = { fromMs, intervalMs, count };
  }

  /** When the next reserved slot comes; missed ones are given up. Undefined: reserve first. */
  nextSlot(now: number): number | undefined {
    const slots = this.#slots;
    while (slots.count > 0 && slots.fromMs < now - SLOT_GRACE_MS) this.useSlot();
    return slots.count > 0 ? slots.fromMs : undefined;
  }

  useSlot(): void {
    this.#slots.fromMs += this.#slots.intervalMs;
    this.#slots.count--;
  }

  /** How many slots to ask for: what is ready, as far ahead as a reservation may reach, at least one. */
  get wanted(): number {
    return Math.max(1, Math.min(this.#ready.length, Math.floor((RESERVE_AHEAD_MS * 1000) / this.everyUs)));
  }

  /** Reserved slots that lie ahead, to be kept by a shard that is parked. */
  slotsLeft(now: number): [fromMs: number, intervalMs: number, count: number] | undefined {
    const { fromMs, intervalMs, count } = this.#slots;
    return count > 0 && fromMs > now ? [fromMs, intervalMs, count] : undefined;
  }
}
