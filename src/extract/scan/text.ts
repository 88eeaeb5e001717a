/** Slices of a document in UTF-8 as text. Nothing is decoded before somebody asks for it. */
import { decodeHTML, decodeHTMLAttribute } from 'entities/decode';
import { NOT_VERBATIM } from './numbers.ts';

export class TextOf {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Every line ending made a line feed, as HTML does. `to` may have `NOT_VERBATIM` set, as it may below. */
  lines(from: number, to: number): string {
    if (to >= 0) return this.verbatim(from, to);
    const text = this.utf8(from, to);
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  }

  /** Text with its character references decoded. */
  text(from: number, to: number): string {
    if (to >= 0) return this.verbatim(from, to);
    const raw = this.lines(from, to);
    return raw.includes('&') ? decodeHTML(raw) : raw;
  }

  /** An attribute's value. */
  value(from: number, to: number): string {
    if (to >= 0) return this.verbatim(from, to);
    const raw = this.lines(from, to);
    return raw.includes('&') ? decodeHTMLAttribute(raw) : raw;
  }

  /** An attribute's name, as a tree holds it. */
  name(from: number, to: number): string {
    return this.lines(from, to | NOT_VERBATIM).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }

  /** As it stands there. */
  utf8(from: number, to: number): string {
    return this.#bytes.toString('utf8', from, to & ~NOT_VERBATIM);
  }

  /** ASCII. */
  verbatim(from: number, to: number): string {
    return from === to ? '' : this.#bytes.toString('latin1', from, to);
  }
}
