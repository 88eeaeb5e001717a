/**
 * One budget within one worker: its pace, and who waits for it. Single requests (robots.txt, the next hop of a redirect)
 * stand in line and go before the targets that the session starts; what came back of each is told to the pace.
 */
import { HostPace, type Demand, type HostPacePorts } from './host-pace.ts';
import type { Caps } from './caps.ts';
import type { Outcome } from './feedback.ts';
import type { Clock } from '../ports.ts';

/** A request that may leave now. */
export interface Turn {
  /** To be called once, when it is known what became of it. */
  back(outcome: Outcome): void;
}
export type Answer =
  | { kind: 'turn'; turn: Turn }
  /** Not within the time that the caller would wait. */
  | { kind: 'later'; untilMs: number; why: string }
  | { kind: 'aborted' };

export type BudgetPorts = HostPacePorts & { clock: Clock };

/** A host that is stopped is looked at again after this long: the word that lets it go is heard within a minute. */
const STOPPED_LOOK_MS = 45_000;

export class Budget {
  readonly name: string;
  /** The tenant's own word: nothing may leave. */
  isStopped = false;
  /** Something has happened to it so often: each of its users remembers what it has seen. */
  touches = 0;
  readonly #pace: HostPace;
  readonly #clock: Clock;
  readonly #onTouch: () => void;
  #line = 0;
  #asking: Promise<void> | undefined;

  constructor(ports: BudgetPorts, name: string, caps: Caps, held: [number, number][], onTouch: () => void) {
    this.name = name;
    this.#clock = ports.clock;
    this.#onTouch = onTouch;
    this.#pace = new HostPace(ports, name, caps, held);
  }

  get caps(): Caps {
    return this.#pace.caps;
  }
  set caps(caps: Caps) {
    this.#pace.caps = caps;
    this.touch();
  }

  /** Requests per second in force, and whose word it is. */
  get rate(): HostPace['rate'] {
    return this.#pace.rate;
  }

  touch(): void {
    this.touches++;
    this.#onTouch();
  }

  /** Those who stand in line go first. */
  get hasLine(): boolean {
    return this.#line > 0;
  }

  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  /** When the next slot that is held comes; Infinity when none is. */
  slotAt(now: number): number {
    return this.isStopped ? Infinity : this.#pace.slotAt(now);
  }

  /** Uses the slot that `slotAt` told. */
  take(now: number): Turn {
    const ticket = this.#pace.take(now);
    return {
      back: (outcome) => {
        this.#pace.back(ticket, outcome, this.#clock.now());
        this.touch();
      },
    };
  }

  /** Until when nothing may be reserved, and why; undefined when something may. */
  blocked(now: number): { untilMs: number; why: string } | undefined {
    if (this.isStopped) return { untilMs: now + STOPPED_LOOK_MS, why: 'stopped' };
    const blocked = this.#pace.blocked(now);
    return blocked?.why === 'stopped' ? { ...blocked, untilMs: now + STOPPED_LOOK_MS } : blocked;
  }

  /** When the table is to be asked; Infinity: not for now. */
  askAt(now: number, demand: Demand): number {
    if (this.#asking) return Infinity;
    return this.#pace.askAt(now, this.isStopped ? NOTHING : this.#withLine(demand));
  }

  /** One round with the table. Callers at the same time share one. */
  ask(demand: Demand): Promise<void> {
    this.#asking ??= this.#pace.ask(this.isStopped ? NOTHING : this.#withLine(demand)).finally(() => {
      this.#asking = undefined;
      this.touch();
    });
    return this.#asking;
  }

  #withLine(demand: Demand): Demand {
    const { waiting, free, share } = demand;
    return { ...demand, waiting: waiting + this.#line, free: free + this.#line, share: Math.max(share, 1) };
  }

  /** Waits for a turn, for so long at most. */
  async turn(patienceMs: number, signal?: AbortSignal): Promise<Answer> {
    const untilMs = this.#clock.now() + patienceMs;
    this.#line++;
    try {
      for (;;) {
        if (signal?.aborted) return { kind: 'aborted' };
        const now = this.#clock.now();
        const slot = this.slotAt(now);
        if (slot <= now) return { kind: 'turn', turn: this.take(now) };
        if (slot < Infinity) {
          if (slot > untilMs) return { kind: 'later', untilMs: slot, why: 'full' };
          await this.#clock.sleep(slot - now, signal);
        } else {
          const blocked = this.#asking === undefined ? this.blocked(now) : undefined;
          if (blocked && blocked.untilMs > untilMs) return { kind: 'later', ...blocked };
          if (blocked) await this.#clock.sleep(blocked.untilMs - now, signal);
          else await this.ask(NOTHING);
        }
      }
    } finally {
      this.#line--;
      this.touch();
    }
  }

  /** What a parked shard may keep of what is held. */
  held(now: number): [fromMs: number, untilMs: number][] {
    return this.#pace.held(now);
  }

  /** Reports what has not been told yet, and keeps what is held. */
  async report(): Promise<void> {
    await this.#asking;
    if (this.#pace.askAt(this.#clock.now(), NOTHING) < Infinity) await this.ask(NOTHING);
  }

  /** Reports what has not been told yet and gives back what was not used. */
  async close(): Promise<void> {
    await this.#asking;
    await this.#pace.close();
  }
}

const NOTHING: Demand = { waiting: 0, free: 0, share: 1 };
