/**
 * Texts and attributes' values as they are meant: line endings made line feeds, character references decoded. The frequent
 * references are known here; code outside knows them all.
 */
import { FAULT_LONG_REFERENCE } from '../numbers.ts';
import { unfollowed } from './fault.ts';
import { out, put, room } from './output.ts';

/** Decodes what is between two places, which begins with a reference, to a third one; where that ends. */
declare function decode(from: i32, to: i32, isAttribute: i32, at: i32): i32;

const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;
const NUMBER = 0x23;
const EQUALS = 0x3d;
const CR = 13;
const LF = 10;

/** No name of a reference is longer. */
const NAME_MAX = 64;
const NUMBER_MAX = 1_024;
/** What is decoded outside is put so far ahead of the output that writing it does not reach it: at most two bytes for each, six when escaped. */
const AHEAD = 12 * NUMBER_MAX + 64;

const LINE_FEED: usize = memory.data<u8>([10]);
const character: usize = memory.data(32, 16);

/** @param decodes references too, not line endings alone. */
export function putDecoded(from: i32, to: i32, decodes: bool, isAttribute: bool): void {
  let done = from;
  let at = nextOdd(from, to);
  while (at < to) {
    if (load<u8>(at) == CR) {
      put(done, at);
      at++;
      done = at;
      if (at >= to || load<u8>(at) != LF) put(<i32>LINE_FEED, <i32>LINE_FEED + 1);
    } else if (!decodes || !isReference(at + 1, to)) at++;
    else {
      put(done, at);
      at = done = putReference(at, to, isAttribute);
    }
    at = nextOdd(at, to);
  }
  put(done, to);
}

/** The next `&` or carriage return, or the end. */
function nextOdd(from: i32, to: i32): i32 {
  for (let at = from; at < to; at += 16) {
    const bytes = v128.load(at);
    const mask = i8x16.bitmask(
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>AMPERSAND)), i8x16.eq(bytes, i8x16.splat(<i8>CR))),
    );
    if (mask != 0) return min(to, at + ctz(mask));
  }
  return to;
}

function isReference(at: i32, to: i32): bool {
  return at < to && (isWord(load<u8>(at)) || load<u8>(at) == NUMBER);
}
function isWord(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || <u32>((byte | 0x20) - 0x61) < 26;
}

/** The reference (if it is one) at a place; where what follows begins. */
function putReference(at: i32, to: i32, isAttribute: bool): i32 {
  const known = load<u8>(at + 1) == NUMBER ? putNumber(at + 2, to) : putName(at + 1, to);
  if (known > 0) return known;
  let end = at + 2;
  while (end < to && isWord(load<u8>(end))) end++;
  if (load<u8>(at + 1) != NUMBER) end = min(end, at + NAME_MAX);
  if (end - at > NUMBER_MAX) unfollowed(FAULT_LONG_REFERENCE);
  // So an attribute's value has its own `&name=`, whatever a reference is called.
  if (isAttribute && load<u8>(at + 1) != NUMBER && end < to && load<u8>(end) == EQUALS) {
    put(at, end);
    return end;
  }
  // What follows decides too.
  if (end < to && (load<u8>(end) == SEMICOLON || load<u8>(end) == EQUALS)) end++;
  const ahead = out + AHEAD;
  room(ahead, 2 * NUMBER_MAX);
  put(ahead, decode(at, end, i32(isAttribute), ahead));
  return end;
}

/** The place after `amp;`, `lt;`, `gt;`, `quot;` or `nbsp;`, or 0. */
function putName(at: i32, to: i32): i32 {
  const left = to - at;
  const four = load<u32>(at);
  if ((four & 0xffffff) == 0x3b746c && left >= 3) return putCharacter(0x3c, at + 3);
  if ((four & 0xffffff) == 0x3b7467 && left >= 3) return putCharacter(0x3e, at + 3);
  if (four == 0x3b706d61 && left >= 4) return putCharacter(AMPERSAND, at + 4);
  if (left < 5 || load<u8>(at + 4) != SEMICOLON) return 0;
  if (four == 0x746f7571) return putCharacter(0x22, at + 5);
  return four == 0x7073626e ? putCharacter(0xa0, at + 5) : 0;
}

/** The place after a number and its semicolon, or 0 where the number is none of a plain character. */
function putNumber(from: i32, to: i32): i32 {
  const isHex = from < to && (load<u8>(from) | 0x20) == 0x78;
  let at = isHex ? from + 1 : from;
  const first = at;
  let value = 0;
  while (at < to && at < first + 7) {
    const byte: i32 = load<u8>(at);
    const letter = (byte | 0x20) - 0x61;
    const digit = <u32>(byte - 0x30) < 10 ? byte - 0x30 : isHex && <u32>letter < 6 ? letter + 10 : -1;
    if (digit < 0) break;
    value = value * (isHex ? 16 : 10) + digit;
    at++;
  }
  if (at == first || at >= to || load<u8>(at) != SEMICOLON) return 0;
  // Zero, what Windows has between 128 and 159, surrogates and what is beyond Unicode have rules of their own.
  if (value == 0 || (value >= 0x80 && value < 0xa0) || (value >= 0xd800 && value < 0xe000) || value > 0x10ffff)
    return 0;
  return putCharacter(value, at + 1);
}

function putCharacter(value: i32, after: i32): i32 {
  let length = 1;
  if (value < 0x80) store<u8>(character, value);
  else if (value < 0x800) {
    store<u8>(character, 0xc0 | (value >> 6));
    length = 2;
  } else if (value < 0x10000) {
    store<u8>(character, 0xe0 | (value >> 12));
    length = 3;
  } else {
    store<u8>(character, 0xf0 | (value >> 18));
    length = 4;
  }
  for (let i = 1; i < length; i++) store<u8>(character + i, 0x80 | ((value >> (6 * (length - 1 - i))) & 0x3f));
  put(<i32>character, <i32>character + length);
  return after;
}
