/**
 * Where each of very many strings was first seen, and a number kept for each: 24 bytes a slot and none for the string, so
 * a million cost 50 MB. Strings are told apart by 64 bits of SHA-256: among a million, two share them with a chance of 3e-8.
 */
import { hash } from 'node:crypto';

/** 64 bits of SHA-256 in two words, never both 0. */
export interface Fingerprint {
  low: number;
  high: number;
}

/** @param text a string is taken as its UTF-8. */
export function fingerprint(text: string | Uint8Array): Fingerprint {
  // One character a byte: the cheapest form in which the digest comes without an object of its own.
  const digest = hash('sha256', text, 'binary');
  const low = word(digest, 0);
  const high = word(digest, 4);
  return { low: low === 0 && high === 0 ? 1 : low, high };
}

const word = (digest: string, at: number): number =>
  (digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)) >>>
  0;

export interface Sighting {
  /** As given to `see`. */
  file: number;
  line: number;
}

const INITIAL_SLOTS = 1 << 12;
const LOAD_MAX = 0.6;
/** A slot: fingerprint, file, line (0 = the slot is empty) and balance, side by side so that a look costs one cache miss. */
const SLOT_WORDS = 6;
const [FILE, LINE] = [2, 3];
const SLOT_DOUBLES = 3;
const BALANCE = 2;

export class Sightings {
  #words = new Uint32Array(INITIAL_SLOTS * SLOT_WORDS);
  #doubles = new Float64Array(this.#words.buffer);
  #slots = INITIAL_SLOTS;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Adds `amount` to the string's balance and notes where it was seen first.
   * @param line from 1.
   * @returns where it had been seen before, if it had.
   */
  see(low: number, high: number, file: number, line: number, amount = 0): Sighting | undefined {
    if (this.#size + 1 > this.#slots * LOAD_MAX) this.#grow();
    const slot = this.#slotOf(low, high);
    const before = this.#at(slot);
    if (before === undefined) {
      const at = slot * SLOT_WORDS;
      this.#words[at] = low;
      this.#words[at + 1] = high;
      this.#words[at + FILE] = file;
      this.#words[at + LINE] = line;
      this.#size++;
    }
    this.#add(slot, amount);
    return before;
  }

  /** Where the string was seen first, if it was. */
  find(low: number, high: number): Sighting | undefined {
    return this.#size === 0 ? undefined : this.#at(this.#slotOf(low, high));
  }

  /** Adds to the balance of a string that was seen. @returns false when it was not. */
  adjust(low: number, high: number, amount: number): boolean {
    const slot = this.#slotOf(low, high);
    if (this.#words[slot * SLOT_WORDS + LINE] === 0) return false;
    this.#add(slot, amount);
    return true;
  }

  /** Everything whose balance is not zero, with its first sighting, in no particular order. */
  *unbalanced(): Generator<Sighting & { balance: number }> {
    for (let slot = 0; slot < this.#slots; slot++) {
      const balance = this.#doubles[slot * SLOT_DOUBLES + BALANCE] ?? 0;
      const seen = balance === 0 ? undefined : this.#at(slot);
      if (seen !== undefined) yield { ...seen, balance };
    }
  }

  #at(slot: number): Sighting | undefined {
    const at = slot * SLOT_WORDS;
    const line = this.#words[at + LINE] ?? 0;
    return line === 0 ? undefined : { file: this.#words[at + FILE] ?? 0, line };
  }

  #add(slot: number, amount: number): void {
    const at = slot * SLOT_DOUBLES + BALANCE;
    this.#doubles[at] = (this.#doubles[at] ?? 0) + amount;
  }

  /** The slot of the string, or the empty one where it belongs. */
  #slotOf(low: number, high: number): number {
    const words = this.#words;
    for (let slot = low & (this.#slots - 1); ; slot = (slot + 1) & (this.#slots - 1)) {
      const at = slot * SLOT_WORDS;
      if (words[at + LINE] === 0 || (words[at] === low && words[at + 1] === high)) return slot;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#slots *= 2;
    this.#words = new Uint32Array(this.#slots * SLOT_WORDS);
    this.#doubles = new Float64Array(this.#words.buffer);
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + LINE] === 0) continue;
      const to = this.#slotOf(old[at] ?? 0, old[at + 1] ?? 0) * SLOT_WORDS;
      for (let word = 0; word < SLOT_WORDS; word++) this.#words[to + word] = old[at + word] ?? 0;
    }
  }
}
