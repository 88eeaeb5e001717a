/** Seeded chance (sfc32). Each concern throws dice of its own, so that one more throw here moves nothing there. */
export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  /** @param name of what is thrown for; the same name gives the same throws. */
  constructor(name: string) {
    let [a, b, c] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i);
      a = Math.imul(a ^ code, 0x85ebca6b);
      b = Math.imul(b ^ code, 0xc2b2ae35);
      c = Math.imul(c ^ code, 0x27d4eb2f) ^ (a >>> 13);
    }
    [this.#a, this.#b, this.#c] = [a >>> 0, b >>> 0, c >>> 0];
    for (let i = 0; i < 15; i++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#d++) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum / 2 ** 32;
  }

  /** True with this probability. */
  is(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** A whole number in [low, high]. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.next() * from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  bytes(n: number): Uint8Array {
    return Uint8Array.from({ length: n }, () => this.whole(0, 255));
  }
}
