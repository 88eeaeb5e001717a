/**
 * Where each of very many strings was first seen, and a number kept for each: 24 bytes a slot and none for the string, so
 * a million cost 50 MB. Strings are told apart by 64 bits of SHA-256: among a million, two share them with a chance of 3e-8.
 */
import { createHash } from 'node:crypto';

const INITIAL_SLOTS = 1 << 12;
const LOAD_MAX = 0.6;

export interface Sighting {
  /** As given to `see`. */
  file: number;
  line: number;
}

export class Sightings {
  /** Pairs of words of the hash; a slot is empty where its line is 0. */
  #hashes = new Uint32Array(INITIAL_SLOTS * 2);
  #files = new Uint32Array(INITIAL_SLOTS);
  #lines = new Uint32Array(INITIAL_SLOTS);
  #balances = new Float64Array(INITIAL_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Adds `amount` to the string's balance and notes where it was seen first.
   * @param line from 1.
   * @returns where it had been seen before, if it had.
   */
  see(text: string, file: number, line: number, amount = 0): Sighting | undefined {
    if (this.#size + 1 > this.#lines.length * LOAD_MAX) this.#grow();
    const slot = this.#slotOf(text);
    const before = this.#at(slot);
    if (before === undefined) {
      this.#files[slot] = file;
      this.#lines[slot] = line;
      this.#size++;
    }
    this.#balances[slot] = (this.#balances[slot] ?? 0) + amount;
    return before;
  }

  /** Where the string was seen first, if it was. */
  find(text: string): Sighting | undefined {
    return this.#at(this.#slotOf(text));
  }

  /** Adds to the balance of a string that was seen. @returns false when it was not. */
  adjust(text: string, amount: number): boolean {
    const slot = this.#slotOf(text);
    if (this.#at(slot) === undefined) return false;
    this.#balances[slot] = (this.#balances[slot] ?? 0) + amount;
    return true;
  }

  /** Everything whose balance is not zero, with its first sighting. */
  *unbalanced(): Generator<Sighting & { balance: number }> {
    for (let slot = 0; slot < this.#lines.length; slot++) {
      const seen = this.#at(slot);
      const balance = this.#balances[slot] ?? 0;
      if (seen !== undefined && balance !== 0) yield { ...seen, balance };
    }
  }

  #at(slot: number): Sighting | undefined {
    const line = this.#lines[slot] ?? 0;
    return line === 0 ? undefined : { file: this.#files[slot] ?? 0, line };
  }

  /** The slot of the string, or the empty one where it belongs; its hash is written there either way. */
  #slotOf(text: string): number {
    const digest = createHash('sha256').update(text).digest();
    const slot = this.#find(digest.readUInt32LE(0), digest.readUInt32LE(4));
    this.#hashes[slot * 2] = digest.readUInt32LE(0);
    this.#hashes[slot * 2 + 1] = digest.readUInt32LE(4);
    return slot;
  }

  #find(low: number, high: number): number {
    const mask = this.#lines.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      if (this.#lines[slot] === 0) return slot;
      if (this.#hashes[slot * 2] === low && this.#hashes[slot * 2 + 1] === high) return slot;
    }
  }

  #grow(): void {
    const [hashes, files, lines, balances] = [this.#hashes, this.#files, this.#lines, this.#balances];
    const slots = lines.length * 2;
    this.#hashes = new Uint32Array(slots * 2);
    this.#files = new Uint32Array(slots);
    this.#lines = new Uint32Array(slots);
    this.#balances = new Float64Array(slots);
    for (let old = 0; old < lines.length; old++) {
      if (lines[old] === 0) continue;
      const [low, high] = [hashes[old * 2] ?? 0, hashes[old * 2 + 1] ?? 0];
      const slot = this.#find(low, high);
      this.#hashes[slot * 2] = low;
      this.#hashes[slot * 2 + 1] = high;
      this.#files[slot] = files[old] ?? 0;
      this.#lines[slot] = lines[old] ?? 0;
      this.#balances[slot] = balances[old] ?? 0;
    }
  }
}
