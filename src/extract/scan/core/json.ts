/**
 * JSON in one pass: every byte is judged, and the values that paths lead to are told where they lie. A path is a row of bits,
 * one for each step; those that may be taken from a list or an object are kept with it. What the parser outside would judge
 * or order in another way is left to it, and so is everything malformed: it knows how to say so.
 */
import {
  FAULT_JSON,
  GUARD_BYTES,
  JSON_DEPTH_MAX,
  JSON_NEXT,
  JSON_WHOLE,
  LIST_LINKS,
  LIST_NEXT,
  NOT_VERBATIM,
  READS_JSON,
  STEP_EACH,
  STEP_INDEX,
  STEP_NAME,
} from '../numbers.ts';
import { beginEvents } from './events.ts';
import { fault, forgetFault, unfollowed } from './fault.ts';
import { begin, end, load_ } from './lexer.ts';
import { jsonSteps, opened } from './memory.ts';
import { append, beginRecord, beginValues, first, lastRow, listed, ofDocument } from './values.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const OPEN_LIST = 0x5b;
const MINUS = 0x2d;
const DOT = 0x2e;

/** A step's five numbers: what it is, its name (address and length) or index, whose value it leads to (-1: it goes on), and whether all are wanted. */
const KIND = 0;
const NAME_AT = 4;
const NAME_LENGTH = 8;
const LEADS_TO = 12;
const ALL = 16;
const STEP = 20;

/** Of an open list or object: its bracket, the place of its next value, where it begins; then, as bits, the steps that may be taken from it, those taken by name, the paths that it is the value of. */
const BRACKET = 0;
const PLACE = 4;
const FROM = 8;
const STEPS = 16;
const TAKEN = 24;
const ENDS = 32;
const OPENED = 40;

/** By bit: steps to any value, steps that begin at the root or at a record, and paths without steps. */
let anyStep: u64 = 0;
let rootSteps: u64 = 0;
let rootEnds: u64 = 0;
let recordSteps: u64 = 0;
let recordEnds: u64 = 0;
/** The path whose values are records; its bit, or 0. */
let recordPath: u64 = 0;

/** What the value that was read is, beyond its bytes. */
let isVerbatim: bool = true;
let hasEscapes: bool = false;

export function configureJson(any: u64, atRoot: u64, ofRoot: u64, atRecord: u64, ofRecord: u64, record: u64): void {
  anyStep = any;
  rootSteps = atRoot;
  rootEnds = ofRoot;
  recordSteps = atRecord;
  recordEnds = ofRecord;
  recordPath = record;
}

/** 0, or why the document is left to the parser. */
export function scanJson(at: i32, length: i32): i32 {
  forgetFault();
  load_(at, length);
  beginEvents(at + length + GUARD_BYTES);
  beginValues();
  if (!read(skip(begin)) && fault == 0) unfollowed(FAULT_JSON);
  return fault;
}

/** Steps that may be taken from the value that comes next, and the paths that lead to it. */
let steps: u64 = 0;
let ends: u64 = 0;

function read(root: i32): bool {
  const bottom: i32 = <i32>opened;
  let open: i32 = bottom - OPENED;
  const last: i32 = open + OPENED * JSON_DEPTH_MAX;
  let at = root;
  steps = rootSteps;
  ends = rootEnds;
  arrive();
  while (fault == 0) {
    // A value begins.
    const byte: i32 = load<u8>(at);
    if (byte == OPEN_OBJECT || byte == OPEN_LIST) {
      if (open == last) return false;
      open += OPENED;
      store<i32>(open, byte, BRACKET);
      store<i32>(open, 0, PLACE);
      store<i32>(open, at, FROM);
      store<u64>(open, steps, STEPS);
      store<u64>(open, 0, TAKEN);
      store<u64>(open, ends, ENDS);
      at = skip(at + 1);
      if (load<u8>(at) != byte + 2) {
        at = step(open, at);
        if (at < 0) return false;
        continue;
      }
    } else {
      const from = at;
      at = scalar(byte, at);
      if (at < 0) return false;
      if (ends != 0) take(ends, from, at, isVerbatim);
      if (open < bottom) return skip(at) == end;
      at = skip(at);
    }
    // A value has ended, or an empty list or object is about to.
    while (true) {
      const bracket = load<i32>(open, BRACKET);
      const found: i32 = load<u8>(at);
      if (found == COMMA) {
        at = step(open, skip(at + 1));
        if (at < 0) return false;
        break;
      }
      if (found != bracket + 2) return false;
      at++;
      const led = load<u64>(open, ENDS);
      if (led != 0) take(led, load<i32>(open, FROM), at, false);
      open -= OPENED;
      if (open < bottom) return skip(at) == end;
      at = skip(at);
    }
  }
  return false;
}

/** Goes to the next value of what is open, over its key if it has one; where it begins, or -1. */
function step(open: i32, at: i32): i32 {
  const may = load<u64>(open, STEPS);
  steps = 0;
  ends = 0;
  if (load<i32>(open, BRACKET) == OPEN_LIST) {
    if (may != 0) {
      const place = load<i32>(open, PLACE);
      store<i32>(open, place + 1, PLACE);
      for (let rest = may; rest != 0; rest &= rest - 1) {
        const bit = <i32>ctz(rest);
        const entry = jsonSteps + STEP * bit;
        const kind = load<i32>(entry, KIND);
        if (kind == STEP_EACH || (kind == STEP_INDEX && load<i32>(entry, NAME_AT) == place)) follow(bit, entry);
      }
      arrive();
    }
    return at;
  }
  if (load<u8>(at) != QUOTE) return -1;
  const to = stringEnd(at + 1);
  if (to < 0) return -1;
  if (may != 0) {
    // Of an object any value comes in an order of its own, and a key may be written in many ways, or twice.
    if ((may & anyStep) != 0 || hasEscapes) return -1;
    let taken = load<u64>(open, TAKEN);
    for (let rest = may; rest != 0; rest &= rest - 1) {
      const bit = <i32>ctz(rest);
      const entry = jsonSteps + STEP * bit;
      if (load<i32>(entry, KIND) != STEP_NAME || !isName(at + 1, to - 1, entry)) continue;
      const mask = u64(1) << u64(bit);
      if ((taken & mask) != 0) return -1;
      taken |= mask;
      follow(bit, entry);
    }
    store<u64>(open, taken, TAKEN);
    arrive();
  }
  const colon = skip(to);
  return load<u8>(colon) == COLON ? skip(colon + 1) : -1;
}

function isName(from: i32, to: i32, entry: usize): bool {
  const length = load<i32>(entry, NAME_LENGTH);
  return to - from == length && memory.compare(from, load<i32>(entry, NAME_AT), length) == 0;
}

function follow(bit: i32, entry: usize): void {
  if (load<i32>(entry, LEADS_TO) == -1) steps |= u64(2) << u64(bit);
  else ends |= u64(1) << u64(bit);
}

/** Where the value that comes next is a record, the paths of fields begin. */
function arrive(): void {
  if (recordPath == 0 || (ends & recordPath) == 0) return;
  beginRecord(0);
  ends = (ends & ~recordPath) | recordEnds;
  steps |= recordSteps;
}

function take(led: u64, from: i32, to: i32, verbatim: bool): void {
  const last = verbatim ? to - begin : (to - begin) | NOT_VERBATIM;
  for (let rest = led; rest != 0; rest &= rest - 1) {
    const entry = jsonSteps + STEP * <i32>ctz(rest);
    const list = load<i32>(entry, LEADS_TO);
    if (list == JSON_NEXT) {
      if (listed(LIST_NEXT) == 0) append(ofDocument, LIST_NEXT, READS_JSON, from - begin, last);
    } else if (list == JSON_WHOLE) append(ofDocument, LIST_LINKS, READS_JSON, from - begin, last);
    else if (load<i32>(entry, ALL) != 0 || first(lastRow, list) == 0) {
      append(lastRow, list, READS_JSON, from - begin, last);
    }
  }
}

// ---------------------------------------------------------------- tokens

function skip(from: i32): i32 {
  let at = from;
  while (true) {
    const byte: i32 = load<u8>(at);
    if (byte > 0x20 || (byte != 0x20 && byte != 10 && byte != 13 && byte != 9)) return at;
    at++;
  }
}

/** The place after a string, number or word; -1 when there is none. */
function scalar(byte: i32, at: i32): i32 {
  isVerbatim = true;
  if (byte == QUOTE) return stringEnd(at + 1);
  if (byte == MINUS || isDigit(byte)) return numberEnd(at);
  const four = load<u32>(at);
  if (four == 0x65757274 || four == 0x6c6c756e) return at + 4;
  return four == 0x736c6166 && load<u8>(at + 4) == 0x65 ? at + 5 : -1;
}

function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}

/** The place after the quote that ends a string. */
function stringEnd(from: i32): i32 {
  hasEscapes = false;
  let at = from;
  while (true) {
    const bytes = v128.load(at);
    const mask = i8x16.bitmask(
      v128.or(
        i8x16.le_u(bytes, i8x16.splat(0x1f)),
        v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))),
      ),
    );
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    if (at >= end) return -1;
    const byte: i32 = load<u8>(at);
    if (byte == QUOTE) return at + 1;
    if (byte != BACKSLASH) return -1;
    hasEscapes = true;
    at = escapeEnd(at + 1);
    if (at < 0) return -1;
  }
}

/** The place after what follows a backslash. A solidus and a number are written otherwise by JSON.stringify. */
function escapeEnd(at: i32): i32 {
  switch (<i32>load<u8>(at)) {
    case QUOTE:
    case BACKSLASH:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 1;
    case 0x2f:
      isVerbatim = false;
      return at + 1;
    case 0x75:
      isVerbatim = false;
      for (let i = 1; i < 5; i++) {
        const byte: i32 = load<u8>(at + i);
        if (!isDigit(byte) && <u32>((byte | 0x20) - 0x61) >= 6) return -1;
      }
      return at + 5;
    default:
      return -1;
  }
}

/** The place after a number. Verbatim is one that JavaScript writes in the same way. */
function numberEnd(from: i32): i32 {
  let at = load<u8>(from) == MINUS ? from + 1 : from;
  const whole = at;
  if (!isDigit(load<u8>(at))) return -1;
  const isZero = load<u8>(at) == 0x30;
  at++;
  if (!isZero) while (isDigit(load<u8>(at))) at++;
  let digits = at - whole;
  if (load<u8>(at) == DOT) {
    const point = ++at;
    while (isDigit(load<u8>(at))) at++;
    if (at == point) return -1;
    digits += at - point;
    // Zeros at its end, or so many at its beginning that it has an exponent.
    if (load<u8>(at - 1) == 0x30 || (isZero && load<u8>(point) == 0x30)) isVerbatim = false;
  } else if (isZero && whole != from) isVerbatim = false;
  if (digits > 15) isVerbatim = false;
  if ((load<u8>(at) | 0x20) == 0x65) {
    isVerbatim = false;
    at++;
    const sign: i32 = load<u8>(at);
    if (sign == MINUS || sign == 0x2b) at++;
    const exponent = at;
    while (isDigit(load<u8>(at))) at++;
    if (at == exponent) return -1;
  }
  return at;
}
