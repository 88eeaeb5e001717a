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
 * Lines as the bytes that they are stored as, in pieces of which none is ever moved. What is kept until a commit is kept
 * outside of the heap and ready to be packed: as strings, a worker's records would outlive two collections and be cleared
 * away late.
 */
const encoder = new TextEncoder();
const PIECE_BYTES = 2 ** 19;
/** Up to here a line gets room for the worst case, three bytes for each character; a longer one is encoded apart. */
const SHORT_CHARS = 2 ** 16;
const ENDED = new Uint8Array([10]);
const CLOSED_AND_ENDED = new Uint8Array([0x7d, 10]);

/** Memory of buffers that are done with: fresh memory has to be fetched from the system page by page, and given back. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const SPARE_MAX = (4 * BATCH_BYTES_MAX) / PIECE_BYTES;

const NONE = new Uint8Array(0);

export class LineBuffer {
  #full: Uint8Array<ArrayBuffer>[] = [];
  #last = NONE;
  #end = 0;
  /** Of the full pieces. */
  #bytes = 0;
  lines = 0;

  /** Bytes of all lines. */
  get byteLength(): number {
    return this.#bytes + this.#end;
  }

  /** @param line without line feeds. */
  add(line: string): void {
    this.#text(line);
    this.#put(ENDED);
    this.lines++;
  }

  addRecord({ head, data }: RecordLine): void {
    this.#text(head);
    this.#put(data);
    this.#put(CLOSED_AND_ENDED);
    this.lines++;
  }

  #text(text: string): void {
    if (text.length > SHORT_CHARS) return this.#put(encoder.encode(text));
    if (this.#end + 3 * text.length > this.#last.length) this.#next();
    this.#end += encoder.encodeInto(text, this.#last.subarray(this.#end)).written;
  }

  #put(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      if (this.#end === this.#last.length) this.#next();
      const some = bytes.subarray(from, from + this.#last.length - this.#end);
      this.#last.set(some, this.#end);
      this.#end += some.length;
      from += some.length;
    }
  }

  #next(): void {
    if (this.#end > 0) this.#full.push(this.#last.subarray(0, this.#end));
    this.#bytes += this.#end;
    this.#last = spare.pop() ?? new Uint8Array(PIECE_BYTES);
    this.#end = 0;
  }

  /** Each line with its line feed; a line may begin in one piece and end in another. */
  get pieces(): Uint8Array[] {
    return this.#end === 0 ? [...this.#full] : [...this.#full, this.#last.subarray(0, this.#end)];
  }

  /** Its memory is another buffer's from here on: `pieces` must not be read any more, also not those taken before. How many lines there were is kept. */
  release(): void {
    for (const { buffer } of [...this.#full, this.#last]) {
      if (buffer.byteLength === 0) continue;
      if (spare.length < SPARE_MAX) spare.push(new Uint8Array(buffer));
      else buffer.transfer(0);
    }
    this.#full = [];
    this.#last = NONE;
    this.#end = 0;
    this.#bytes = 0;
  }
}
