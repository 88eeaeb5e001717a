/** Collects one response body under a cap that holds on the wire and after decompression. */
import { letGoOfBody } from '#core/work/long-body.ts';
import { SHORT_BYTES_MAX } from './bulk.ts';
import { decode, packedBytesMax, type Coding, type Decoded } from './decoding.ts';

export type BodyFault = Extract<Decoded, { ok: false }>;

/** That a socket gives at once. */
const READ_BYTES_MAX = 65_536;
/** A packed body is taken to unpack to so many times its length. */
const PACKED_TIMES = 8;
/** A packed body is first tried for a bomb when this much has arrived, and again at each doubling. */
const FIRST_TRIAL_BYTES = 262_144;

export class BodyCollector {
  readonly #codings: readonly Coding[];
  readonly #bytesMax: number;
  readonly #wireMax: number;
  #chunks: Buffer[] = [];
  /** Of a body of several reads whose length is known: each goes to its place at once, so that it is never there twice. */
  #length: number | undefined;
  #whole: Buffer | undefined;
  #last: Buffer | undefined;
  #wireBytes = 0;
  #nextTrial = FIRST_TRIAL_BYTES;

  constructor(codings: readonly Coding[], bytesMax: number) {
    this.#codings = codings;
    this.#bytesMax = bytesMax;
    this.#wireMax = codings.length === 0 ? bytesMax : packedBytesMax(bytesMax);
  }

  /** Bytes as they came, framing excluded. */
  get wireBytes(): number {
    return this.#wireBytes;
  }

  /** Refuses by what the server announces, before anything is read. */
  announced(contentLength: number): BodyFault | undefined {
    if (!(contentLength > this.#wireMax)) {
      if (this.#codings.length === 0 && contentLength > READ_BYTES_MAX) this.#length = contentLength;
      return undefined;
    }
    return {
      ok: false,
      reason: 'tooLarge',
      detail: `Content-Length ${contentLength} is above ${this.#bytesMax} bytes`,
    };
  }

  /** Memory that it may take beyond what short bodies do, as far as is known by now; 0 = none. */
  bulk(contentLength: number): number {
    const times = this.#codings.length === 0 ? 1 : PACKED_TIMES;
    if (times * Math.max(contentLength, this.#wireBytes) <= SHORT_BYTES_MAX) return 0;
    // Where no length is told it may become as long as is allowed.
    return contentLength > 0 ? Math.min(times * contentLength, this.#bytesMax) : this.#bytesMax;
  }

  /** A fault means: stop reading. */
  push(chunk: Buffer): BodyFault | undefined {
    this.#wireBytes += chunk.length;
    if (this.#wireBytes > this.#wireMax) {
      return { ok: false, reason: 'tooLarge', detail: `body is longer than ${this.#bytesMax} bytes` };
    }
    if (this.#length !== undefined) {
      this.#whole ??= Buffer.allocUnsafeSlow(this.#length);
      chunk.copy(this.#whole, this.#wireBytes - chunk.length);
      this.#letGoOfLast(chunk);
      return undefined;
    }
    this.#chunks.push(chunk);
    return this.#codings.length > 0 && this.#wireBytes >= this.#nextTrial ? this.#trial() : undefined;
  }

  /** A read that is copied gives its memory back with the next one, since its own bytes may still be looked at while they are handed out. */
  #letGoOfLast(chunk: Buffer): void {
    if (this.#last !== undefined && this.#last.buffer !== chunk.buffer) letGoOfBody(this.#last);
    this.#last = chunk;
  }

  end(): Decoded {
    const packed = this.#join();
    // Servers label the missing body of a HEAD, 204 or 304 like the one they would have sent.
    if (packed.length === 0) return { ok: true, body: packed };
    return decode(packed, this.#codings, this.#bytesMax);
  }

  #trial(): BodyFault | undefined {
    this.#nextTrial *= 2;
    const packed = this.#join();
    this.#chunks = [packed];
    const tried = decode(packed, this.#codings, this.#bytesMax, true);
    return tried.ok ? undefined : tried;
  }

  #join(): Buffer {
    if (this.#whole !== undefined) return this.#whole.subarray(0, this.#wireBytes);
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }
}
