/**
 * The boundary to the engine that reads html and xml: queries in, strings or records out, no nodes. Whatever implements it
 * may build a tree or scan once; everything known about a task is in the query before the first document arrives.
 */

import type { Json } from '#core/json.ts';
import type { Soon } from './soon.ts';

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

/** A field of the records, as it is made of what a pick read: for an engine that writes records itself. */
export interface MarkupField {
  name: string;
  /** -1: no pick's, and `missing` is its value. */
  pick: number;
  all: boolean;
  /** What becomes of a match: nothing, its resolution (of an attribute, without other options), or what `convert` says. */
  made: 'constant' | 'verbatim' | 'url' | 'converted';
  convert(raw: Json, base: string): Json;
  /** The value where nothing was found; undefined = null, or an empty list. */
  missing: Json | undefined;
  /** `missing` is as good as nothing. */
  missingIsEmpty: boolean;
  isRequired: boolean;
  /** That a record lacks it, in words. */
  lacking(record: number): string;
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

/** What a document says, by the fields. */
export interface MarkupRead {
  ok: true;
  /** What the picks read, or each record's JSON text in UTF-8. */
  content: { rows: (string | null)[][][] } | { written: Uint8Array[] };
  /** Verbatim, in document order. */
  links: string[];
  next: string | undefined;
  /** What references are relative to. */
  base: string;
}
export type MarkupReadResult = MarkupRead | { ok: false; detail: string };

/** Never throws, whatever the bytes are. */
export type MarkupProgram = (document: MarkupBytes, finalUrl: string) => Soon<MarkupReadResult>;

/** Throws on a selector that cannot be compiled: `checkExtract` is what finds those for a user. */
export type MarkupEngine = (
  kind: 'html' | 'xml',
  query: MarkupQuery,
  fields: readonly MarkupField[],
) => Soon<MarkupProgram>;
