/**
 * Lines as the bytes that they are stored as. What is kept until a commit is kept outside of the heap and ready to be
 * packed: as strings, a worker's records would outlive two collections and be cleared away late.
 */
const encoder = new TextEncoder();
const FIRST_BYTES = 65_536;
/** Up to here a line gets room for the worst case, three bytes for each character; a longer one is encoded apart. */
const SHORT_CHARS = 65_536;
const LF = 10;

export class LineBuffer {
  #bytes = new Uint8Array(FIRST_BYTES);
  #end = 0;
  lines = 0;

  /** @param line without line feeds. */
  add(line: string): void {
    if (line.length <= SHORT_CHARS) {
      this.#reserve(3 * line.length + 1);
      this.#end += encoder.encodeInto(line, this.#bytes.subarray(this.#end)).written;
    } else {
      const bytes = encoder.encode(line);
      this.#reserve(bytes.length + 1);
      this.#bytes.set(bytes, this.#end);
      this.#end += bytes.length;
    }
    this.#bytes[this.#end++] = LF;
    this.lines++;
  }

  /** Each line with its line feed. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.bytes);
    this.#bytes = grown;
  }
}
