/**
 * The tokenizer of HTML over UTF-8 bytes. It finds where tags, attributes, comments and text begin and end; nothing is
 * decoded before somebody asks for it. Bytes of characters beyond ASCII are never markup, so a slice between two marks
 * decodes to what the whole would have at that place.
 */
import { decodeHTML, decodeHTMLAttribute } from 'entities/decode';
import { hashed, lower, tagOf } from './tags.ts';

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const DASH = 0x2d;
const EQUALS = 0x3d;
const DOUBLE = 0x22;
const SINGLE = 0x27;
const QUESTION = 0x3f;
const AMPERSAND = 0x26;

export const isSpace = (byte: number): boolean =>
  byte <= 0x20 && (byte === 0x20 || byte === 10 || byte === 9 || byte === 13 || byte === 12);
const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

/** Bytes that end the name of a tag (white space, slash, `>`), and of an attribute (`=` too). */
const NAME_END = 1;
const ATTRIBUTE_END = 2;
/** White space, or a slash between attributes. */
const BETWEEN = 4;
const kinds = new Uint8Array(256);
for (const byte of [0x20, 10, 9, 13, 12, SLASH]) kinds[byte] = NAME_END | ATTRIBUTE_END | BETWEEN;
kinds[GT] = NAME_END | ATTRIBUTE_END;
kinds[EQUALS] = ATTRIBUTE_END;

/** What follows a `<`. */
export const MARK = { START: 0, END: 1, DECLARATION: 2, BOGUS: 3, NONE: 4 } as const;

const NO_BYTES = Buffer.alloc(0);
/** A run of text this long is searched by the machine's own search, a shorter one by a loop. */
const LOOP_BYTES = 32;

export class Lexer {
  bytes: Buffer = NO_BYTES;
  end = 0;
  /** The document has carriage returns, which HTML makes line feeds. */
  #returns = false;
  #ascii = false;

  /** The tag that was read: its number (0 for a name without one) and where its name lies. */
  tag = 0;
  nameFrom = 0;
  nameTo = 0;
  /** The name has a byte beyond ASCII, whose lower case is a matter of opinion. */
  oddName = false;
  selfClosing = false;
  attributes = 0;
  /** Four for each attribute: where name and value begin and end. */
  #marks = new Int32Array(4 * 16);

  /** False when the document cannot be read as bytes: it holds a NUL, which each state of the tokenizer treats its own way. */
  load(bytes: Buffer, isAscii: boolean): boolean {
    this.bytes = bytes;
    this.end = bytes.length;
    this.#ascii = isAscii;
    this.#returns = bytes.includes(13);
    return !bytes.includes(0);
  }

  release(): void {
    this.bytes = NO_BYTES;
  }

  // -------------------------------------------------------------- finding

  /** The next `<` from `at` that begins markup, or the end. */
  nextMarkup(at: number): number {
    for (let from = at; ; from++) {
      from = this.#nextLt(from);
      if (from >= this.end || this.markAt(from) !== MARK.NONE) return from;
    }
  }

  #nextLt(at: number): number {
    const { bytes, end } = this;
    const near = Math.min(end, at + LOOP_BYTES);
    let from = at;
    while (from < near && bytes[from] !== LT) from++;
    if (from < near || near === end) return from;
    const found = bytes.indexOf(LT, from);
    return found === -1 ? end : found;
  }

  /** What the `<` at a place begins. */
  markAt(at: number): number {
    if (at + 1 >= this.end) return MARK.NONE;
    const next = this.bytes[at + 1]!;
    if (isLetter(next)) return MARK.START;
    if (next === SLASH) {
      if (at + 2 >= this.end) return MARK.NONE;
      return isLetter(this.bytes[at + 2]!) ? MARK.END : MARK.BOGUS;
    }
    if (next === BANG) return MARK.DECLARATION;
    return next === QUESTION ? MARK.BOGUS : MARK.NONE;
  }

  /** After the `>` that ends a bogus comment or a doctype; the end when there is none. */
  afterGt(at: number): number {
    const found = this.bytes.indexOf(GT, at);
    return found === -1 ? this.end : found + 1;
  }

  isComment(at: number): boolean {
    return this.bytes[at + 2] === DASH && this.bytes[at + 3] === DASH;
  }

  /** Where the text of the comment that opens at `at` ends; -1 when the document ends in it. */
  commentEnd(at: number): number {
    const { bytes, end } = this;
    const from = at + 4;
    if (bytes[from] === GT) return from;
    if (bytes[from] === DASH && bytes[from + 1] === GT) return from;
    for (let dash = bytes.indexOf('--', from); dash !== -1 && dash + 2 < end; dash = bytes.indexOf('--', dash + 1)) {
      if (bytes[dash + 2] === GT || (bytes[dash + 2] === BANG && bytes[dash + 3] === GT)) return dash;
    }
    return -1;
  }

  /** Is `word` (lower case, ASCII) at a place, in whatever case? */
  isAt(at: number, word: string): boolean {
    if (at + word.length > this.end) return false;
    for (let i = 0; i < word.length; i++) if (lower(this.bytes[at + i]!) !== word.charCodeAt(i)) return false;
    return true;
  }

  /** The first byte from `from` that is no white space, at most `to`. */
  skipSpace(from: number, to: number): number {
    let at = from;
    while (at < to && isSpace(this.bytes[at]!)) at++;
    return at;
  }

  // -------------------------------------------------------------- tags

  /** Reads the tag whose name begins at `at`, attributes and all. The place after its `>`; -1 when the document ends in it. */
  readTag(at: number): number {
    const { bytes, end } = this;
    let to = at;
    let hash = 0;
    let high = 0;
    for (; to < end; to++) {
      const byte = bytes[to]!;
      if ((kinds[byte]! & NAME_END) !== 0) break;
      high |= byte;
      hash = hashed(hash, lower(byte));
    }
    this.nameFrom = at;
    this.nameTo = to;
    this.oddName = high >= 0x80;
    this.tag = tagOf(bytes, at, to, hash);
    if (bytes[to] === GT) {
      this.attributes = 0;
      this.selfClosing = false;
      return to + 1;
    }
    return this.readAttributes(to);
  }

  readAttributes(at: number): number {
    const { bytes, end } = this;
    let count = 0;
    let p = at;
    for (;;) {
      const between = p;
      while (p < end && (kinds[bytes[p]!]! & BETWEEN) !== 0) p++;
      if (p >= end) return -1;
      if (bytes[p] === GT) {
        this.attributes = count;
        this.selfClosing = p > between && bytes[p - 1] === SLASH;
        return p + 1;
      }
      const nameFrom = p++;
      while (p < end && (kinds[bytes[p]!]! & ATTRIBUTE_END) === 0) p++;
      const nameTo = p;
      let from = p;
      let to = p;
      let after = p;
      while (after < end && isSpace(bytes[after]!)) after++;
      if (after < end && bytes[after] === EQUALS) {
        p = after + 1;
        while (p < end && isSpace(bytes[p]!)) p++;
        if (p >= end) return -1;
        const quote = bytes[p]!;
        if (quote === DOUBLE || quote === SINGLE) {
          from = ++p;
          while (p < end && bytes[p] !== quote) p++;
          if (p >= end) return -1;
          to = p++;
        } else {
          from = p;
          while (p < end && bytes[p] !== GT && !isSpace(bytes[p]!)) p++;
          to = p;
        }
      }
      if (4 * count === this.#marks.length) this.#grow();
      const marks = this.#marks;
      marks[4 * count] = nameFrom;
      marks[4 * count + 1] = nameTo;
      marks[4 * count + 2] = from;
      marks[4 * count + 3] = to;
      count++;
    }
  }

  #grow(): void {
    const marks = new Int32Array(2 * this.#marks.length);
    marks.set(this.#marks);
    this.#marks = marks;
  }

  /** The attribute of a name in lower case, by its place; -1 when there is none. The first of a name counts. */
  find(name: Uint8Array): number {
    const { bytes } = this;
    for (let i = 0; i < this.attributes; i++) {
      const from = this.#marks[4 * i]!;
      if (this.#marks[4 * i + 1]! - from !== name.length) continue;
      let at = 0;
      while (at < name.length && lower(bytes[from + at]!) === name[at]) at++;
      if (at === name.length) return i;
    }
    return -1;
  }

  valueFrom(attribute: number): number {
    return this.#marks[4 * attribute + 2]!;
  }
  valueTo(attribute: number): number {
    return this.#marks[4 * attribute + 3]!;
  }
  /** The name of an attribute as a tree holds it. */
  attributeName(attribute: number): string {
    return asciiLower(this.slice(this.#marks[4 * attribute]!, this.#marks[4 * attribute + 1]!));
  }
  value(attribute: number): string {
    const raw = this.lines(this.valueFrom(attribute), this.valueTo(attribute));
    return raw.includes('&') ? decodeHTMLAttribute(raw) : raw;
  }

  /** Where the end tag `</name` that closes raw text begins, or the end. */
  rawEnd(at: number, name: string): number {
    const { bytes, end } = this;
    for (let lt = bytes.indexOf('</', at); lt !== -1; lt = bytes.indexOf('</', lt + 2)) {
      if (this.#closes(lt, name)) return lt;
    }
    return end;
  }

  /** Is there `</name` and a byte that ends a name? */
  #closes(lt: number, name: string): boolean {
    const to = lt + 2 + name.length;
    return to < this.end && this.isAt(lt + 2, name) && (kinds[this.bytes[to]!]! & NAME_END) !== 0;
  }

  /** The same for a script, where a comment may hold another `<script>` with its own end tag. */
  scriptEnd(at: number): number {
    const plain = this.rawEnd(at, 'script');
    const opening = this.bytes.subarray(at, plain).indexOf('<!--');
    if (opening === -1) return plain;
    let escaped = false;
    let doubly = false;
    for (let p = at + opening; p < this.end; p++) {
      const byte = this.bytes[p];
      if (byte === DASH) {
        if (!escaped || this.bytes[p + 1] !== DASH || this.bytes[p + 2] !== GT) continue;
        escaped = doubly = false;
        p += 2;
      } else if (byte === LT) {
        if (!escaped && this.bytes[p + 1] === BANG && this.isComment(p)) {
          escaped = true;
          p++; // its dashes may be those of a `-->`
        } else if (this.#closes(p, 'script')) {
          if (!doubly) return p;
          doubly = false;
        } else if (escaped && !doubly && this.isAt(p + 1, 'script') && this.#nameEndsAt(p + 7)) doubly = true;
      }
    }
    return this.end;
  }

  #nameEndsAt(at: number): boolean {
    return at < this.end && (kinds[this.bytes[at]!]! & NAME_END) !== 0;
  }

  // -------------------------------------------------------------- text

  /** Bytes as text. */
  slice(from: number, to: number): string {
    if (from === to) return '';
    return this.bytes.toString(this.#ascii || this.#isAsciiSlice(from, to) ? 'latin1' : 'utf8', from, to);
  }

  #isAsciiSlice(from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (this.bytes[at]! >= 0x80) return false;
    return true;
  }

  /** Bytes as text, every line ending made a line feed. */
  lines(from: number, to: number): string {
    const text = this.slice(from, to);
    return this.#returns && text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  }

  /** Text with its character references decoded. */
  text(from: number, to: number): string {
    const raw = this.lines(from, to);
    return raw.includes('&') ? decodeHTML(raw) : raw;
  }

  /** ASCII without character references: the bytes are the text. A vertical tab is left out: what white space it is, is disputed. */
  isPlainAscii(from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      const byte = this.bytes[at]!;
      if (byte === AMPERSAND || byte >= 0x80 || byte === 0x0b) return false;
    }
    return true;
  }

  isValue(attribute: number, value: Uint8Array): boolean {
    const from = this.valueFrom(attribute);
    return this.valueTo(attribute) - from === value.length && this.#isSame(from, value);
  }

  /** Is `word` one of the words of the value? */
  hasWord(attribute: number, word: Uint8Array): boolean {
    const to = this.valueTo(attribute);
    for (let at = this.valueFrom(attribute); at < to;) {
      at = this.skipSpace(at, to);
      const from = at;
      while (at < to && !isSpace(this.bytes[at]!)) at++;
      if (at - from === word.length && this.#isSame(from, word)) return true;
    }
    return false;
  }

  #isSame(from: number, wanted: Uint8Array): boolean {
    for (let i = 0; i < wanted.length; i++) if (this.bytes[from + i] !== wanted[i]) return false;
    return true;
  }
}

export const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
