/** Records as JSON, one to a line: their fields in order, each from the values that were found for it. */
import {
  FIELD_CONSTANT,
  FIELD_URL,
  FIELD_VERBATIM,
  NOT_VERBATIM,
  READS_JSON,
  READS_MARKUP,
  READS_TEXT,
} from '../numbers.ts';
import { fault } from './fault.ts';
import { begin } from './lexer.ts';
import {
  beginOutput,
  beginText,
  COLLAPSE,
  COPY,
  endText,
  ESCAPE,
  out,
  put,
  putByte,
  putBytes,
  putNull,
  room,
  seek,
} from './output.ts';
import { putDecoded } from './references.ts';
import { putUrl } from './urls.ts';
import { first, firstRow, fromOf, kindOf, nextOf, rowAfter, textAfter, toOf } from './values.ts';

/** Makes the value that a field has of the JSON text between two places, at the first of them; where that ends. */
declare function convert(field: i32, from: i32, to: i32): i32;
/** Writes the markup told between two places as a JSON text to a third one; where that ends. */
declare function markup(from: i32, to: i32, at: i32): i32;

const LF = 10;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const SMALL_N = 0x6e;
const QUOTE = 0x22;

/** A field's nine numbers. Its key comes with what stands before and after it. */
const MADE = 0;
const PICK = 4;
const ALL = 8;
const KEY_AT = 12;
const KEY_LENGTH = 16;
/** The constant, or what is written where nothing was found; 0 = nothing is. */
const DEFAULT_AT = 20;
const DEFAULT_LENGTH = 24;
const REQUIRED = 28;
/** The default is as good as nothing. */
const EMPTY_DEFAULT = 32;
const FIELD = 36;

/** A longer reference is left to the parser outside. */
const URL_MAX = 4_096;
/** So far ahead of the output a reference is decoded: it grows at most twofold, and by references of its own. */
const AHEAD = 16 * URL_MAX;

let fields: i32 = 0;
let fieldsAt: i32 = 0;
/** Of the record that lacks a required field: its number, and the field's. */
export let lackingRecord: i32 = 0;
export let lackingField: i32 = -1;

export function configureRecords(count: i32, at: i32): void {
  fields = count;
  fieldsAt = at;
}

export function writeRecords(): void {
  beginOutput();
  lackingRecord = 0;
  lackingField = -1;
  for (let row = firstRow; row != 0 && fault == 0; row = rowAfter(row)) {
    if (fields == 0) putByte(OPEN);
    for (let i = 0; i < fields; i++) {
      if (!putField(i, fieldsAt + FIELD * i, row)) return;
    }
    putByte(CLOSE);
    putByte(LF);
    lackingRecord++;
  }
}

/** False when there is nothing of what has to be there. */
function putField(number: i32, field: i32, row: i32): bool {
  putBytes(load<i32>(field, KEY_AT), load<i32>(field, KEY_LENGTH));
  const made = load<i32>(field, MADE);
  const from = out;
  const value = made == FIELD_CONSTANT ? 0 : first(row, load<i32>(field, PICK));
  let found = false;
  if (made == FIELD_CONSTANT) {
    // As if nothing was found: its default is what it is.
  } else if (load<i32>(field, ALL) != 0) {
    putByte(OPEN_LIST);
    for (let one = value; one != 0 && fault == 0; one = nextOf(one)) {
      if (one != value) putByte(COMMA);
      const at = out;
      putValue(number, made, one);
      if (load<u8>(at) != SMALL_N) found = true;
    }
    putByte(CLOSE_LIST);
  } else if (value == 0) putNull();
  else {
    putValue(number, made, value);
    found = load<u8>(from) != SMALL_N;
  }
  if (found) return true;
  let isEmpty = true;
  if (load<i32>(field, DEFAULT_AT) != 0) {
    seek(from);
    putBytes(load<i32>(field, DEFAULT_AT), load<i32>(field, DEFAULT_LENGTH));
    isEmpty = load<i32>(field, EMPTY_DEFAULT) != 0;
  }
  if (!isEmpty || load<i32>(field, REQUIRED) == 0) return true;
  lackingField = number;
  return false;
}

function putValue(number: i32, made: i32, value: i32): void {
  const from = fromOf(value);
  const to = toOf(value);
  const kind = kindOf(value);
  const at = out;
  if (kind == READS_MARKUP) seek(markup(from, to, at));
  else if (kind == READS_TEXT) putText(from, to);
  else if (kind == READS_JSON) {
    if (putJson(made, from + begin, to)) return;
    seek(convert(number, at, out));
    return;
  } else if (from < 0) return putNull();
  else if (made == FIELD_URL && putReference(from + begin, to)) return;
  else putAttribute(from + begin, to);
  if (made != FIELD_VERBATIM) seek(convert(number, at, out));
}

/** False when more is to be made of it than it is, or when it is not as JSON.stringify writes it. */
function putJson(made: i32, from: i32, to: i32): bool {
  const end = (to & ~NOT_VERBATIM) + begin;
  if (made == FIELD_URL && to >= 0 && load<u8>(from) == QUOTE && putUrl(from + 1, end - 1, false)) return true;
  putBytes(from, end - from);
  return made == FIELD_VERBATIM && to >= 0;
}

function putText(from: i32, to: i32): void {
  beginText(COLLAPSE);
  for (let text = from; text != 0; text = text == to ? 0 : textAfter(text)) {
    const end = load<i32>(text, 8);
    const start = load<i32>(text, 4) + begin;
    if (end >= 0) put(start, end + begin);
    else putDecoded(start, (end & ~NOT_VERBATIM) + begin, load<i32>(text, 16) != 0, false);
  }
  endText();
}

function putAttribute(from: i32, to: i32): void {
  beginText(ESCAPE);
  if (to >= 0) put(from, to + begin);
  else putDecoded(from, (to & ~NOT_VERBATIM) + begin, true, true);
  endText();
}

function putReference(from: i32, to: i32): bool {
  if (to >= 0) return putUrl(from, to + begin, true);
  const end = (to & ~NOT_VERBATIM) + begin;
  if (end - from > URL_MAX) return false;
  const at = out;
  const ahead = at + AHEAD;
  room(ahead, 2 * URL_MAX);
  seek(ahead);
  beginText(COPY);
  putDecoded(from, end, true, true);
  const decoded = out;
  seek(at);
  return putUrl(ahead, decoded, true);
}
