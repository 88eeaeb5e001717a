/** Where records are written, behind everything told, as JSON in UTF-8. */
import { EVENT_BYTES_MAX, FAULT_MUCH } from '../numbers.ts';
import { eventsEnd } from './events.ts';
import { unfollowed } from './fault.ts';
import { isSpace } from './lexer.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** Taken at a time, so that room for the worst case (six bytes for one) is little. */
const BLOCK = 4_096;
/** Loads and stores of 16 bytes may reach as far behind what is meant. */
const SLACK = 64;

/** What is done to the characters on their way. */
export const COLLAPSE = 0;
export const ESCAPE = 1;
export const COPY = 2;

export let outputFrom: i32 = 0;
export let out: i32 = 0;
let capacity: i32 = 0;
let way: i32 = ESCAPE;
/** Of the text that is being collapsed: where it began, and whether white space was met after something. */
let textFrom: i32 = 0;
let isSpaced: bool = false;

export function beginOutput(): void {
  outputFrom = out = (eventsEnd() + 15) & ~15;
  capacity = memory.size() << 16;
}

export function seek(at: i32): void {
  out = at;
}

/** Makes so many bytes at a place memory. */
export function room(at: i32, bytes: i32): void {
  const needed = at + bytes + SLACK;
  if (needed <= capacity) return;
  capacity = memory.size() << 16;
  if (needed > capacity) {
    // There is always room for what is allowed.
    if (memory.grow(((needed - capacity) >> 16) + 16) < 0) unreachable();
    capacity = memory.size() << 16;
  }
}

function reserve(bytes: i32): void {
  if (out - outputFrom > EVENT_BYTES_MAX) {
    // Nobody will read it.
    unfollowed(FAULT_MUCH);
    out = outputFrom;
  }
  room(out, bytes);
}

export function putByte(byte: i32): void {
  reserve(1);
  store<u8>(out++, byte);
}

/** Bytes that are JSON already. */
export function putBytes(from: i32, length: i32): void {
  reserve(length);
  copy(out, from, length);
  out += length;
}

/** Two pieces, neither of which has to be escaped, as one text. */
export function putQuoted(first: i32, length: i32, from: i32, to: i32): void {
  reserve(length + to - from + 2);
  const at = out;
  store<u8>(at, QUOTE);
  copy(at + 1, first, length);
  copy(at + 1 + length, from, to - from);
  out = at + length + to - from + 2;
  store<u8>(out - 1, QUOTE);
}

/** Short ones mostly: a call to copy them takes longer than they do. */
function copy(to: i32, from: i32, length: i32): void {
  if (length > 256) return memory.copy(to, from, length);
  for (let at = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at));
}

export function putNull(): void {
  reserve(4);
  store<u32>(out, 0x6c6c756e);
  out += 4;
}

export function beginText(ofWay: i32): void {
  way = ofWay;
  if (ofWay != COPY) putByte(QUOTE);
  textFrom = out;
  isSpaced = false;
}
export function endText(): void {
  if (way != COPY) putByte(QUOTE);
}

/** Characters of the text that has begun. */
export function put(from: i32, to: i32): void {
  if (way == COPY) return putBytes(from, to - from);
  for (let at = from; at < to; at += BLOCK) {
    const end = min(to, at + BLOCK);
    reserve(6 * BLOCK);
    if (way == COLLAPSE) collapsed(at, end);
    else escaped(at, end);
  }
}

/** A bit for each of 16 bytes: quote, backslash, or at most `least`. */
function special(bytes: v128, least: v128): i32 {
  return i8x16.bitmask(
    v128.or(
      i8x16.le_u(bytes, least),
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>QUOTE)), i8x16.eq(bytes, i8x16.splat(<i8>BACKSLASH))),
    ),
  );
}

function escaped(from: i32, to: i32): void {
  let at = from;
  while (at < to) {
    const bytes = v128.load(at);
    const run = min(ctz(special(bytes, i8x16.splat(0x1f)) | 0x10000), to - at);
    v128.store(out, bytes);
    out += run;
    at += run;
    if (run < 16 && at < to) escape(load<u8>(at++));
  }
}

/** Runs of white space as one space, none at the ends. */
function collapsed(from: i32, to: i32): void {
  let at = from;
  while (at < to) {
    const bytes = v128.load(at);
    const run = min(ctz(special(bytes, i8x16.splat(<i8>SPACE)) | 0x10000), to - at);
    if (run > 0) {
      space();
      v128.store(out, bytes);
      out += run;
      at += run;
      if (run == 16 || at >= to) continue;
    }
    const byte: i32 = load<u8>(at++);
    if (isSpace(byte)) isSpaced = out > textFrom;
    else {
      space();
      escape(byte);
    }
  }
}

function space(): void {
  if (!isSpaced) return;
  store<u8>(out++, SPACE);
  isSpaced = false;
}

/** As JSON.stringify does. */
function escape(byte: i32): void {
  let letter = 0;
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
      letter = byte;
      break;
    case 8:
      letter = 0x62;
      break;
    case 9:
      letter = 0x74;
      break;
    case 10:
      letter = 0x6e;
      break;
    case 12:
      letter = 0x66;
      break;
    case 13:
      letter = 0x72;
      break;
    default:
      if (byte >= SPACE) {
        store<u8>(out++, byte);
        return;
      }
      store<u32>(out, 0x3030755c);
      store<u8>(out + 4, 0x30 + (byte >> 4));
      store<u8>(out + 5, (byte & 15) + ((byte & 15) < 10 ? 0x30 : 0x57));
      out += 6;
      return;
  }
  store<u8>(out, BACKSLASH);
  store<u8>(out + 1, letter);
  out += 2;
}
