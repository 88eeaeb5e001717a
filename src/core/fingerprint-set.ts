/**
 * A set of strings by 128-bit fingerprint: 16 bytes each in open tables, so that 10,000,000 URLs fit in some 260 MB
 * where a Set of strings would need gigabytes. At that size two different strings share a fingerprint with a chance of
 * 1.5e-25; a target lost that way is less likely than a cosmic ray doing it.
 *
 * The table is cut into pieces by the fingerprint's last bits. Each grows by itself and by a half, so that growing never
 * needs old and new memory for all of it at once, and none of it stands half empty.
 */
import { hash } from 'node:crypto';

const PIECES = 256;
const SLOTS_FIRST = 16;
const LOAD_MAX = 0.75;
const GROWTH = 1.5;
/** 32-bit numbers of one fingerprint. */
const WORDS = 4;

export class FingerprintSet {
  readonly #pieces = Array.from({ length: PIECES }, () => new Piece());
  #size = 0;
  /** The fingerprint at hand: an array for each would be garbage for each. */
  readonly #words = new Uint32Array(WORDS);

  get size(): number {
    return this.#size;
  }

  /** True when the value was not in the set before. */
  add(value: string): boolean {
    this.#digest(value);
    return this.#insert();
  }

  has(value: string): boolean {
    this.#digest(value);
    return this.#piece.has(this.#words);
  }

  /** 16 bytes per member, in no particular order; `fromBytes` reads it back. */
  toBytes(): Uint8Array {
    const out = new Uint32Array(this.#size * WORDS);
    let at = 0;
    for (const piece of this.#pieces) at = piece.copyTo(out, at);
    return new Uint8Array(out.buffer);
  }

  static fromBytes(bytes: Uint8Array): FingerprintSet {
    if (bytes.length % 16 !== 0) throw new RangeError('fingerprints: length is no multiple of 16');
    const set = new FingerprintSet();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += 16) {
      for (let i = 0; i < WORDS; i++) set.#words[i] = view.getUint32(at + i * 4, true);
      set.#insert();
    }
    return set;
  }

  get #piece(): Piece {
    const piece = this.#pieces[(this.#words[3] ?? 0) % PIECES];
    if (piece === undefined) throw new RangeError('no such piece');
    return piece;
  }

  #insert(): boolean {
    const isNew = this.#piece.add(this.#words);
    if (isNew) this.#size++;
    return isNew;
  }

  /** As a string of bytes: a third of what making a buffer costs. */
  #digest(value: string): void {
    const bytes = hash('md5', value, 'binary');
    for (let i = 0; i < WORDS; i++)
      this.#words[i] =
        bytes.charCodeAt(i * 4) |
        (bytes.charCodeAt(i * 4 + 1) << 8) |
        (bytes.charCodeAt(i * 4 + 2) << 16) |
        (bytes.charCodeAt(i * 4 + 3) << 24);
    // An empty slot is told by a first word of 0.
    this.#words[0] ||= 1;
  }
}

class Piece {
  #slots = SLOTS_FIRST;
  #words = new Uint32Array(SLOTS_FIRST * WORDS);
  #size = 0;

  has(words: Uint32Array): boolean {
    return this.#words[this.#find(words)] !== 0;
  }

  add(words: Uint32Array): boolean {
    if (this.#size + 1 > this.#slots * LOAD_MAX) this.#grow();
    const at = this.#find(words);
    if (this.#words[at] !== 0) return false;
    this.#words.set(words, at);
    this.#size++;
    return true;
  }

  copyTo(out: Uint32Array, from: number): number {
    let to = from;
    for (let at = 0; at < this.#words.length; at += WORDS) {
      if (this.#words[at] === 0) continue;
      out.set(this.#words.subarray(at, at + WORDS), to);
      to += WORDS;
    }
    return to;
  }

  /** Index of the fingerprint, or of the empty slot where it belongs. */
  #find(words: Uint32Array): number {
    const table = this.#words;
    const [a, b, c, d] = [words[0], words[1], words[2], words[3]];
    // The upper part of a product: spreads evenly over any number of slots.
    let slot = Math.floor(((b ?? 0) / 2 ** 32) * this.#slots);
    for (;;) {
      const at = slot * WORDS;
      const there = table[at];
      if (there === 0) return at;
      if (there === a && table[at + 1] === b && table[at + 2] === c && table[at + 3] === d) return at;
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
  }

  #grow(): void {
    const old = this.#words;
    this.#slots = Math.ceil(this.#slots * GROWTH);
    this.#words = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      const words = old.subarray(at, at + WORDS);
      if (words[0] !== 0) this.#words.set(words, this.#find(words));
    }
  }
}
