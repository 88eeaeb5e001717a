/**
 * How others share a known limit, each request on its own: a counter per window, a token bucket under an optimistic lock,
 * GCRA. They get what favours them: asking in parallel, jittered back-off, and the item as it stood when they lost.
 */
import type { Lab } from './lab.ts';
import type { Reply } from './origin.ts';
import type { Dice } from '../chance.ts';
import type { Item, Key } from '#core/ports.ts';

export interface AnchorOptions {
  name: string;
  rate: number;
  workers: number;
  concurrency: number;
  skewMs: number;
  send: (worker: string) => Reply;
}

const KEY: Key = { pk: 'H#host.example', sk: 'ANCHOR' };
const BACKOFF_MS = 20;

/** As many lanes as it may have requests in flight; each gets its permit, sends, and waits for the answer. */
abstract class LaneWorker {
  protected readonly lab: Lab;
  protected readonly options: AnchorOptions;
  protected readonly dice: Dice;
  #isGone = false;
  /** Permits that may be asked for at a time: what its part of the rate needs at 15 ms each, and one. */
  #asking: number;
  readonly #queue: (() => void)[] = [];

  constructor(lab: Lab, options: AnchorOptions) {
    this.#asking = 1 + Math.ceil((options.rate / options.workers) * 0.015);
    this.lab = lab;
    this.options = options;
    this.dice = lab.dice(`worker ${options.name}`);
    for (let i = 0; i < options.concurrency; i++) void this.#lane();
  }

  crash(): void {
    this.#isGone = true;
  }

  protected get now(): number {
    return this.lab.clock.now() + this.options.skewMs;
  }

  /** Milliseconds to wait until the request may leave; undefined: it was not granted, try again after a pause. */
  protected abstract permit(attempt: number): Promise<{ sendInMs: number } | { againInMs: number }>;

  async #lane(): Promise<void> {
    while (!this.#isGone) {
      if (this.#asking > 0) this.#asking--;
      else await new Promise<void>((resolve) => this.#queue.push(resolve));
      for (let attempt = 0; ; attempt++) {
        const got = await this.permit(attempt);
        if ('sendInMs' in got) {
          if (got.sendInMs > 0) await this.lab.after(got.sendInMs);
          break;
        }
        await this.lab.after(got.againInMs);
        if (this.#isGone) return;
      }
      const next = this.#queue.shift();
      if (next) next();
      else this.#asking++;
      await this.lab.after(this.options.send(this.options.name).ms);
    }
  }

  protected jittered(attempt: number): number {
    return this.dice.next() * Math.min(1000, BACKOFF_MS * 2 ** attempt);
  }
}

/** One counter per second. */
export class WindowWorker extends LaneWorker {
  protected override async permit(): Promise<{ sendInMs: number } | { againInMs: number }> {
    const window = Math.floor(this.now / 1000);
    const key = { pk: KEY.pk, sk: `WINDOW#${String(window)}` };
    const free = { any: [{ absent: 'n' }, { lt: ['n', this.options.rate] as [string, number] }] };
    const got = await this.lab.table.update(key, { add: { n: 1 } }, free);
    if (got.ok) return { sendInMs: 0 };
    return { againInMs: (window + 1) * 1000 - this.now + this.dice.between(0, 100) };
  }
}

/** Read, compute, write if nobody wrote in between. The bucket holds a tenth of a second. */
export class TokenBucketWorker extends LaneWorker {
  protected override async permit(attempt: number): Promise<{ sendInMs: number } | { againInMs: number }> {
    const { rate } = this.options;
    const item = await this.lab.table.get(KEY);
    const most = Math.max(1, rate / 10);
    const [tokens, at, version] = [Number(item?.tokens ?? most), Number(item?.at ?? this.now), Number(item?.v ?? 0)];
    const now = Math.max(at, this.now);
    const filled = Math.min(most, tokens + ((now - at) / 1000) * rate);
    if (filled < 1) return { againInMs: ((1 - filled) / rate) * 1000 + this.jittered(Math.min(attempt, 4)) };
    const same = version === 0 ? { absent: 'v' } : { eq: ['v', version] as [string, number] };
    const got = await this.lab.table.update(KEY, { set: { tokens: filled - 1, at: now, v: version + 1 } }, same);
    return got.ok ? { sendInMs: 0 } : { againInMs: this.jittered(attempt) };
  }
}

/** One arrival time in the item; a request is let in when it comes no earlier than that, with a burst of a tenth of a second. */
export class GcraWorker extends LaneWorker {
  protected override async permit(attempt: number): Promise<{ sendInMs: number } | { againInMs: number }> {
    const every = 1e6 / this.options.rate;
    const now = Math.round(this.now * 1000);
    const burst = Math.max(every, 100_000);
    const appended = await this.lab.table.update(KEY, { add: { tat: every } }, { between: ['tat', now, now + burst] });
    if (appended.ok) return { sendInMs: 0 };
    if (tatOf(appended.item) > now + burst) return this.#later(appended.item, burst, attempt);
    const idle = { any: [{ absent: 'tat' }, { lt: ['tat', now] as [string, number] }] };
    const started = await this.lab.table.update(KEY, { set: { tat: now + every } }, idle);
    return started.ok ? { sendInMs: 0 } : this.#later(started.item, burst, attempt);
  }

  #later(item: Item | undefined, burst: number, attempt: number): { againInMs: number } {
    const waitMs = Math.max(0, (tatOf(item) - burst) / 1000 - this.now);
    return { againInMs: waitMs + this.jittered(Math.min(attempt, 3)) };
  }
}

const tatOf = (item: Item | undefined): number => Number(item?.tat ?? 0);
