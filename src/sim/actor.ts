/**
 * One invocation of a step, with its own clock, its own chance and its own end: an actor may be killed between any two of
 * its port calls. What is dead gets no more answers and never wakes; what it had sent may still arrive.
 */
import { SourceFailure } from '#core/context.ts';
import type { Clock } from '#core/ports.ts';
import type { Dice } from './chance.ts';
import type { FaultKind } from './faults.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const ACTOR_KINDS = ['api', 'plan', 'dispatch', 'await', 'merge', 'finish', 'sweep', 'work'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

/** A failure of a port, as its client reports it after its own retries. */
export class PortTrouble extends Error {
  override readonly name = 'PortTrouble';
}

/** What a step may end with when nothing but its ports is to blame. */
export const isTrouble = (error: unknown): boolean => error instanceof PortTrouble || error instanceof SourceFailure;

export interface ActorInput {
  id: number;
  kind: ActorKind;
  about: string;
  bornAt: number;
  skewMs: number;
  /** Of the release before: knows nothing of what this one has added to rows. */
  isOld: boolean;
  dice: Dice;
}

export class Actor {
  readonly id: number;
  readonly kind: ActorKind;
  readonly about: string;
  readonly name: string;
  readonly bornAt: number;
  readonly skewMs: number;
  readonly isOld: boolean;
  readonly dice: Dice;
  /** Port calls that failed for it or took long, when, and how much longer than usual. */
  readonly troubles: { at: number; extraMs: number }[] = [];
  /** Why it died. */
  death: FaultKind | 'timeUp' | undefined;
  #isOver = false;
  #awakeAtMs = 0;
  #onDeath: (() => void) | undefined;

  constructor(input: ActorInput) {
    this.id = input.id;
    this.kind = input.kind;
    this.about = input.about;
    this.name = `${input.kind}#${String(input.id)}`;
    this.bornAt = input.bornAt;
    this.skewMs = input.skewMs;
    this.isOld = input.isOld;
    this.dice = input.dice;
  }

  /** Nothing reaches it any more: it died, or it has answered and is frozen. */
  get isGone(): boolean {
    return this.#isOver;
  }

  onDeath(call: () => void): void {
    this.#onDeath = call;
  }

  /** False when it was gone before. */
  die(of: FaultKind | 'timeUp'): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.death = of;
    this.#onDeath?.();
    return true;
  }

  /** Its sandbox stands still: nothing of it moves before. */
  stall(untilMs: number): void {
    this.#awakeAtMs = Math.max(this.#awakeAtMs, untilMs);
  }

  get awakeAtMs(): number {
    return this.#awakeAtMs;
  }

  freeze(): void {
    this.#isOver = true;
  }

  /** What ports have cost it since a time beyond what is usual: a failed call counts as one look more. */
  delaySince(at: number, perFailureMs: number): number {
    return this.troubles.reduce((sum, each) => (each.at >= at ? sum + each.extraMs + perFailureMs : sum), 0);
  }
}

export const NEVER = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Waits, and on as long as the actor stands still. */
export async function pass(actor: Actor, clock: VirtualClock, ms: number, signal?: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal);
  if (actor.awakeAtMs > clock.now()) await clock.sleep(actor.awakeAtMs - clock.now());
}

/** Who asks this often to sleep for no time at all, while nothing happens, would do so for ever. */
const NAPS_MAX = 5_000;

/** The clock as this actor reads it. */
export function clockOf(
  actor: Actor,
  clock: VirtualClock,
  watch: { slept(actor: Actor): void; spins(actor: Actor): void },
): Clock {
  /** Sleeps without length since anything happened. */
  let naps = 0;
  let napsAt = 0;
  return {
    // Whole milliseconds, as clocks of machines tell them.
    now: () => Math.floor(clock.now() + actor.skewMs),
    sleep: async (ms, signal) => {
      if (actor.isGone) return NEVER();
      if (ms <= 0 && napsAt === clock.happened) {
        if (++naps > NAPS_MAX) {
          watch.spins(actor);
          return NEVER();
        }
      } else [naps, napsAt] = [0, clock.happened];
      watch.slept(actor);
      if (actor.isGone) return NEVER();
      await pass(actor, clock, ms, signal);
      return actor.isGone ? NEVER() : undefined;
    },
  };
}
