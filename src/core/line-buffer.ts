import { BATCH_BYTES_MAX } from './limits.ts';

/** A line of two pieces: text that is made, and JSON that comes in UTF-8 and ends the object that the text began. */
export interface RecordLine {
  head: string;
  data: Uint8Array;
}

/** A record with what is said about it before it. @param data its JSON text. */
export const recordLine = (about: { url: string; [key: string]: string | number }, data: Uint8Array): RecordLine => ({
  head: `${JSON.stringify(about).slice(0, -1)},"data":`,
  data,
});

/**
 * Lines as the bytes that they are stored as. What is kept until a commit is kept outside of the heap and ready to be
 * packed: as strings, a worker's records would outlive two collections and be cleared away late.
 */
const encoder = new TextEncoder();
const FIRST_BYTES = 65_536;
/** Up to here a line gets room for the worst case, three bytes for each character; a longer one is encoded apart. */
const SHORT_CHARS = 65_536;
const LF = 10;
const CLOSE = 0x7d;
const ENDING_BYTES = 2;

/** Memory of buffers that are done with: fresh memory has to be fetched from the system page by page, and given back. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const SPARE_MAX = 4;
/** What the buffer of a full batch has grown to, by doubling. */
const SPARE_BYTES_MAX = 2 * BATCH_BYTES_MAX;

export class LineBuffer {
  #bytes = spare.pop() ?? new Uint8Array(FIRST_BYTES);
  #end = 0;
  lines = 0;

  /** @param line without line feeds. */
  add(line: string): void {
    this.#text(line);
    this.#endLine();
  }

  addRecord({ head, data }: RecordLine): void {
    this.#text(head);
    this.#put(data);
    this.#bytes[this.#end++] = CLOSE;
    this.#endLine();
  }

  /** Room for its end is there already. */
  #endLine(): void {
    this.#bytes[this.#end++] = LF;
    this.lines++;
  }

  #text(text: string): void {
    if (text.length > SHORT_CHARS) return this.#put(encoder.encode(text));
    this.#reserve(3 * text.length);
    this.#end += encoder.encodeInto(text, this.#bytes.subarray(this.#end)).written;
  }

  #put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Its memory is another buffer's from here on: `bytes` must not be read any more, also not those taken before. How many lines there were is kept. */
  release(): void {
    const bytes = this.#bytes;
    this.#bytes = new Uint8Array(0);
    this.#end = 0;
    if (bytes.length === 0) return;
    if (bytes.length <= SPARE_BYTES_MAX && spare.length < SPARE_MAX) spare.push(bytes);
    else bytes.buffer.transfer(0);
  }

  /** Each line with its line feed. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes + ENDING_BYTES;
    if (needed <= this.#bytes.length) return;
    // Not a new one beside the old: that would lie about until it is collected.
    const grown = Math.max(needed, 2 * this.#bytes.length, FIRST_BYTES);
    this.#bytes = new Uint8Array(this.#bytes.buffer.transfer(grown));
  }
}
