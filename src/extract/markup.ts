/**
 * The boundary to the engine that reads html and xml: queries in, strings or records out, no nodes. Whatever implements it
 * may build a tree or scan once; everything known about a task is in the query before the first document arrives.
 */

import type { Soon } from './soon.ts';
import type { ReadWritten, Written, WrittenField } from './written.ts';

/** What is read of a matched element. */
export type Reading =
  /** Text content, runs of HTML white space made one space, ends trimmed. */
  | { as: 'text' }
  /** The element itself as markup, its own tag included. */
  | { as: 'html' }
  /** The value of an attribute, verbatim; null when the element has none. */
  | { as: 'attribute'; name: string };

export interface Pick {
  css: string;
  reading: Reading;
  /** Every match in document order; otherwise the first one alone. */
  all: boolean;
}

export interface MarkupQuery {
  /** One row per match; without it the whole document is one row. */
  each: string | undefined;
  picks: Pick[];
  /** Elements whose `href`, or else `src`, is wanted. */
  links: string | undefined;
  /** The element whose `href` is wanted. */
  next: string | undefined;
  /** Something read is a URL, which the document's `<base>` has a say in. */
  base: boolean;
}

export interface MarkupBytes {
  body: Uint8Array;
  /** WHATWG name of the encoding. */
  encoding: string;
}

export interface MarkupAnswer {
  /** `rows[row][pick]`: what was read of each match. */
  rows: (string | null)[][][];
  /** Verbatim, in document order. */
  links: string[];
  next: string | undefined;
  /** `href` of the first `<base>` that has one, verbatim; html only. */
  baseHref: string | undefined;
}

export type MarkupResult = { ok: true; answer: MarkupAnswer } | { ok: false; detail: string };

/** What a document says, by the picks. */
export interface MarkupRows extends Omit<Written, 'content'> {
  content: { rows: (string | null)[][][] };
}

/** Never throws, whatever the bytes are. */
export type MarkupProgram = (document: MarkupBytes, finalUrl: string) => Soon<MarkupRows | ReadWritten>;

/** Throws on a selector that cannot be compiled: `checkExtract` is what finds those for a user. */
export type MarkupEngine = (
  kind: 'html' | 'xml',
  query: MarkupQuery,
  fields: readonly WrittenField[],
) => Soon<MarkupProgram>;
