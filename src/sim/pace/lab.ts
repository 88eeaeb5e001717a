/** Virtual time with a table that takes as long as DynamoDB does: the ground on which pace is measured. */
import { MemoryTable } from '../memory-table.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { Dice } from '../chance.ts';
import type { Change, Condition, Item, Key, Write } from '#core/ports.ts';

/** What one item of a table sustains, and what it takes at once. */
const WRITES_PER_SECOND = 1000;
const WRITES_AT_ONCE = 100;
/** What an SDK client waits for after it was throttled. */
const THROTTLED_MS = [50, 100, 200, 400, 800] as const;

export class Lab {
  readonly clock = new VirtualClock(EPOCH_MS);
  readonly table: LatentTable;
  readonly seed: string;
  /** Promises were settled: what hangs on them must run before time moves on. */
  #isUnsettled = false;

  constructor(seed: string) {
    this.seed = seed;
    this.table = new LatentTable(this, new Dice(`${seed} table`));
  }

  get second(): number {
    return (this.clock.now() - EPOCH_MS) / 1000;
  }

  dice(name: string): Dice {
    return new Dice(`${this.seed} ${name}`);
  }

  after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.at(this.clock.now() + ms, () => {
        this.#isUnsettled = true;
        resolve();
      });
    });
  }

  /** Lets time pass until the given second. */
  async run(second: number): Promise<void> {
    const until = EPOCH_MS + second * 1000;
    await settled();
    while ((this.clock.nextAt ?? Infinity) <= until) {
      this.clock.next();
      if (!this.#isUnsettled) continue;
      this.#isUnsettled = false;
      await settled();
    }
    this.clock.moveTo(until);
  }
}

/** Microseconds since 1970 must be exact in a double, as they are today. */
const EPOCH_MS = Date.UTC(2026, 10, 26);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Latency 5 to 15 ms, one call in a hundred much slower; what an item cannot take is throttled and tried again. */
export class LatentTable extends MemoryTable {
  readonly #lab: Lab;
  readonly #dice: Dice;
  #credit = WRITES_AT_ONCE;
  #creditAt = 0;
  writes = 0;
  reads = 0;
  throttled = 0;

  constructor(lab: Lab, dice: Dice) {
    super();
    this.#lab = lab;
    this.#dice = dice;
  }

  override async get(key: Key): Promise<Item | undefined> {
    const ms = this.#latencyMs();
    this.reads++;
    await this.#lab.after(ms / 2);
    const item = await super.get(key);
    await this.#lab.after(ms / 2);
    return item;
  }

  override async update(key: Key, change: Change, condition?: Condition): Promise<Write> {
    for (let attempt = 0; ; attempt++) {
      const ms = this.#latencyMs();
      await this.#lab.after(ms / 2);
      const written = this.#isTaken() ? await super.update(key, change, condition) : undefined;
      await this.#lab.after(ms / 2);
      if (written) return written;
      this.throttled++;
      await this.#lab.after(this.#dice.next() * (THROTTLED_MS[Math.min(attempt, THROTTLED_MS.length - 1)] ?? 0));
    }
  }

  #latencyMs(): number {
    const tail = this.#dice.is(0.01) ? -40 * Math.log(1 - this.#dice.next()) : 0;
    return this.#dice.between(5, 15) + tail;
  }

  /** A condition that does not hold costs its write all the same; a throttled one does not. */
  #isTaken(): boolean {
    const { second } = this.#lab;
    this.#credit = Math.min(WRITES_AT_ONCE, this.#credit + (second - this.#creditAt) * WRITES_PER_SECOND);
    this.#creditAt = second;
    if (this.#credit < 1) return false;
    this.#credit--;
    this.writes++;
    return true;
  }
}
