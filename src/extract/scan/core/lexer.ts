/**
 * The tokenizer of HTML over UTF-8 bytes. It finds where tags, attributes, comments and text begin and end; nothing is
 * decoded. Bytes of characters beyond ASCII are never markup. Places are addresses in memory. Behind the document stand
 * bytes that end every search (`>`, `<`, both quotes), so that loops need not ask for the end.
 */
import { ATTRIBUTES_MAX, below, kinds, marks } from './memory.ts';
import { FAULT_MANY_ATTRIBUTES, GUARD_BYTES } from '../numbers.ts';
import { unfollowed } from './fault.ts';

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const DASH = 0x2d;
const EQUALS = 0x3d;
const DOUBLE = 0x22;
const EQUALS_DOUBLE = 0x223d;
const SINGLE = 0x27;
const QUESTION = 0x3f;
const AMPERSAND = 0x26;

export const MARK_START = 0;
export const MARK_END = 1;
export const MARK_DECLARATION = 2;
export const MARK_BOGUS = 3;
export const MARK_NONE = 4;

/** White space, slash and `>` end the name of a tag; `=` too ends that of an attribute; the first two stand between attributes. */
const NAME_END = 1;
const ATTRIBUTE_END = 2;
const BETWEEN = 4;
const SPACE = 8;
for (let i = 0; i < 256; i++) store<u8>(kinds + i, 0);
store<u8>(kinds + 0x20, NAME_END | ATTRIBUTE_END | BETWEEN | SPACE);
store<u8>(kinds + 9, NAME_END | ATTRIBUTE_END | BETWEEN | SPACE);
store<u8>(kinds + 10, NAME_END | ATTRIBUTE_END | BETWEEN | SPACE);
store<u8>(kinds + 12, NAME_END | ATTRIBUTE_END | BETWEEN | SPACE);
store<u8>(kinds + 13, NAME_END | ATTRIBUTE_END | BETWEEN | SPACE);
store<u8>(kinds + SLASH, NAME_END | ATTRIBUTE_END | BETWEEN);
store<u8>(kinds + GT, NAME_END | ATTRIBUTE_END);
store<u8>(kinds + EQUALS, ATTRIBUTE_END);

/** By number: a mask of so many of 16 bytes. */
for (let i = 0; i < 17; i++) {
  memory.fill(below + (i << 4), 0, 16);
  memory.fill(below + (i << 4), 0xff, i);
}

export let begin: i32 = 0;
export let end: i32 = 0;

/** The tag that was read: where its name lies, and its first 16 bytes in lower case. */
export let nameFrom: i32 = 0;
export let nameTo: i32 = 0;
export let nameLow: u64 = 0;
export let nameHigh: u64 = 0;
export let selfClosing: bool = false;
/** Four marks for each: where name and value begin and end. */
export let attributes: i32 = 0;

export function load_(at: i32, length: i32): void {
  begin = at;
  end = at + length;
  memory.fill(end, 0, GUARD_BYTES);
  store<u32>(end, 0x27223c3e);
  attributes = 0;
}

export function setAttributes(count: i32): void {
  attributes = count;
}

export function isSpace(byte: i32): bool {
  return (load<u8>(kinds + byte) & SPACE) != 0;
}
export function isLetter(byte: i32): bool {
  return <u32>((byte | 0x20) - 0x61) < 26;
}
export function lower(byte: i32): i32 {
  return byte | (i32(<u32>(byte - 0x41) < 26) << 5);
}

// ---------------------------------------------------------------- finding

function find(at: i32, byte: v128): i32 {
  while (true) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), byte));
    if (mask != 0) return at + ctz(mask);
    at += 16;
  }
}

/** The next `<` from `at`, at the latest one behind the end. */
export function nextLt(at: i32): i32 {
  return find(at, i8x16.splat(<i8>LT));
}

/** The next `<` from `at` that begins markup, or the end. */
export function nextMarkup(at: i32): i32 {
  while (true) {
    at = nextLt(at);
    if (at >= end) return end;
    if (markAt(at) != MARK_NONE) return at;
    at++;
  }
}

/** What the `<` at a place begins. */
export function markAt(at: i32): i32 {
  if (at + 1 >= end) return MARK_NONE;
  const next: i32 = load<u8>(at + 1);
  if (isLetter(next)) return MARK_START;
  if (next == SLASH) {
    if (at + 2 >= end) return MARK_NONE;
    return isLetter(load<u8>(at + 2)) ? MARK_END : MARK_BOGUS;
  }
  if (next == BANG) return MARK_DECLARATION;
  return next == QUESTION ? MARK_BOGUS : MARK_NONE;
}

/** After the `>` that ends a bogus comment or a doctype; the end when there is none. */
export function afterGt(at: i32): i32 {
  const found = find(at, i8x16.splat(<i8>GT));
  return found >= end ? end : found + 1;
}

export function endsWithGt(after: i32): bool {
  return load<u8>(after - 1) == GT;
}

export function isComment(at: i32): bool {
  return at + 3 < end && load<u8>(at + 2) == DASH && load<u8>(at + 3) == DASH;
}

/** Where the text of the comment that opens at `at` ends; -1 when the document ends in it. */
export function commentEnd(at: i32): i32 {
  const from = at + 4;
  if (from < end && load<u8>(from) == GT) return from;
  if (from + 1 < end && load<u8>(from) == DASH && load<u8>(from + 1) == GT) return from;
  for (let gt = find(from, i8x16.splat(<i8>GT)); gt < end; gt = find(gt + 1, i8x16.splat(<i8>GT))) {
    if (gt - 2 >= from && load<u16>(gt - 2) == 0x2d2d) return gt - 2;
    if (gt - 3 >= from && load<u8>(gt - 1) == BANG && load<u16>(gt - 3) == 0x2d2d) return gt - 3;
  }
  return -1;
}

/** Is the word of `length` bytes at `word` (lower case, ASCII) at a place, in whatever case? */
export function isAt(at: i32, word: usize, length: i32): bool {
  if (at + length > end) return false;
  for (let i = 0; i < length; i++) if (lower(load<u8>(at + i)) != <i32>load<u8>(word + i)) return false;
  return true;
}

/** The first byte from `from` that is no white space, at most `to`. */
export function skipSpace(from: i32, to: i32): i32 {
  let at = from;
  while (at < to && isSpace(load<u8>(at))) at++;
  return at;
}

/** Where `]]>` stands, or the end. */
export function cdataEnd(from: i32): i32 {
  for (let gt = find(from, i8x16.splat(<i8>GT)); gt < end; gt = find(gt + 1, i8x16.splat(<i8>GT))) {
    if (gt - 2 >= from && load<u16>(gt - 2) == 0x5d5d) return gt - 2;
  }
  return end;
}

// ---------------------------------------------------------------- tags

/** Reads the tag whose name begins at `at`, attributes and all. The place after its `>`; -1 when the document ends in it. */
export function readTag(at: i32): i32 {
  const bytes = v128.load(at);
  const length = ctz(endsOfName(bytes) | 0x10000);
  const name = v128.and(inLowerCase(bytes), v128.load(below + (length << 4)));
  nameLow = i64x2.extract_lane(name, 0);
  nameHigh = i64x2.extract_lane(name, 1);
  nameFrom = at;
  nameTo = length == 16 ? endOfLongName(at + 16) : at + length;
  if (load<u8>(nameTo) != GT) return readAttributes(nameTo);
  attributes = 0;
  selfClosing = false;
  return nameTo >= end ? -1 : nameTo + 1;
}

/** By the lower half of a byte, the one that ends the name of a tag; where there is none, one with another lower half. */
const NAME_ENDS: v128 = i8x16(0x20, -1, -1, -1, -1, -1, -1, -1, -1, 9, 10, -1, 12, 13, <i8>GT, <i8>SLASH);

/** A bit for each of 16 bytes that ends the name of a tag. */
function endsOfName(bytes: v128): i32 {
  return i8x16.bitmask(i8x16.eq(i8x16.swizzle(NAME_ENDS, v128.and(bytes, i8x16.splat(15))), bytes));
}

function inLowerCase(bytes: v128): v128 {
  const isUpper = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x41)), i8x16.splat(26));
  return v128.or(bytes, v128.and(isUpper, i8x16.splat(0x20)));
}

function endOfLongName(at: i32): i32 {
  let to = at;
  while ((load<u8>(kinds + <i32>load<u8>(to)) & NAME_END) == 0) to++;
  return to;
}

/** Where the name of an attribute ends that began before `at`. */
function attributeEnd(at: i32): i32 {
  const bytes = v128.load(at);
  const ends = endsOfName(bytes) | i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(<i8>EQUALS)));
  if (ends != 0) return at + ctz(ends);
  let to = at + 16;
  while ((load<u8>(kinds + <i32>load<u8>(to)) & ATTRIBUTE_END) == 0) to++;
  return to;
}

function readAttributes(at: i32): i32 {
  let mark: i32 = <i32>marks;
  const last: i32 = mark + 16 * ATTRIBUTES_MAX;
  let p = at;
  while (true) {
    const between = p;
    while ((load<u8>(kinds + <i32>load<u8>(p)) & BETWEEN) != 0) p++;
    if (p >= end) return -1;
    if (load<u8>(p) == GT) {
      attributes = (mark - <i32>marks) >> 4;
      selfClosing = p > between && load<u8>(p - 1) == SLASH;
      return p + 1;
    }
    store<i32>(mark, p);
    p = attributeEnd(p + 1);
    store<i32>(mark, p, 4);
    let valueFrom = p;
    let valueTo = p;
    let after = p;
    // Nearly always an equals sign and a double quote follow.
    const isPlain = load<u16>(p) == EQUALS_DOUBLE;
    if (!isPlain) while (isSpace(load<u8>(after))) after++;
    if (isPlain) {
      valueFrom = p + 2;
      valueTo = find(valueFrom, i8x16.splat(<i8>DOUBLE));
      if (valueTo >= end) return -1;
      p = valueTo + 1;
    } else if (after < end && load<u8>(after) == EQUALS) {
      p = after + 1;
      while (isSpace(load<u8>(p))) p++;
      if (p >= end) return -1;
      const quote: i32 = load<u8>(p);
      if (quote == DOUBLE || quote == SINGLE) {
        valueFrom = p + 1;
        valueTo = find(valueFrom, i8x16.splat(<i8>quote));
        if (valueTo >= end) return -1;
        p = valueTo + 1;
      } else {
        valueFrom = p;
        while (true) {
          const byte: i32 = load<u8>(p);
          if (byte == GT || isSpace(byte)) break;
          p++;
        }
        valueTo = p;
      }
    }
    store<i32>(mark, valueFrom, 8);
    store<i32>(mark, valueTo, 12);
    mark += 16;
    if (mark == last) {
      unfollowed(FAULT_MANY_ATTRIBUTES);
      return -1;
    }
  }
}

/** The attribute of a name in lower case, by its place; -1 when there is none. The first of a name counts. */
export function findAttribute(name: i32, length: i32): i32 {
  for (let i = 0; i < attributes; i++) {
    const mark = marks + 16 * i;
    const from = load<i32>(mark);
    if (load<i32>(mark, 4) - from == length && isNamed(from, name, length)) return i;
  }
  return -1;
}

function isNamed(at: i32, name: i32, length: i32): bool {
  for (let done = 0; done < length; done += 16) {
    const differ = v128.xor(inLowerCase(v128.load(at + done)), v128.load(name + done));
    if (v128.any_true(v128.and(differ, v128.load(below + (min(16, length - done) << 4))))) return false;
  }
  return true;
}

export function valueFrom(attribute: i32): i32 {
  return load<i32>(marks + 16 * attribute, 8);
}
export function valueTo(attribute: i32): i32 {
  return load<i32>(marks + 16 * attribute, 12);
}

/** Where the end tag that closes raw text of the element named at `name` begins, or the end. */
export function rawEnd(at: i32, name: usize, length: i32): i32 {
  for (let lt = find(at, i8x16.splat(<i8>LT)); lt < end; lt = find(lt + 1, i8x16.splat(<i8>LT))) {
    if (closes(lt, name, length)) return lt;
  }
  return end;
}

/** Is there `</name` and a byte that ends a name? */
function closes(lt: i32, name: usize, length: i32): bool {
  return load<u8>(lt + 1) == SLASH && isAt(lt + 2, name, length) && nameEndsAt(lt + 2 + length);
}
function nameEndsAt(at: i32): bool {
  return at < end && (load<u8>(kinds + <i32>load<u8>(at)) & NAME_END) != 0;
}

/** The same for a script, where a comment may hold another `<script>` with its own end tag. */
export function scriptEnd(at: i32, name: usize, length: i32): i32 {
  const plain = rawEnd(at, name, length);
  let opening = at;
  while (opening + 4 <= plain && load<u32>(opening) != 0x2d2d213c) opening++;
  if (opening + 4 > plain) return plain;
  let escaped = false;
  let doubly = false;
  for (let p = opening; p < end; p++) {
    const byte: i32 = load<u8>(p);
    if (byte == DASH) {
      if (!escaped || load<u8>(p + 1) != DASH || load<u8>(p + 2) != GT || p + 2 >= end) continue;
      escaped = doubly = false;
      p += 2;
    } else if (byte == LT) {
      if (!escaped && load<u8>(p + 1) == BANG && isComment(p)) {
        escaped = true;
        p++; // its dashes may be those of a `-->`
      } else if (closes(p, name, length)) {
        if (!doubly) return p;
        doubly = false;
      } else if (escaped && !doubly && isAt(p + 1, name, length) && nameEndsAt(p + 1 + length)) doubly = true;
    }
  }
  return end;
}

// ---------------------------------------------------------------- values

/** Text that bytes say as they are: ASCII, no references, no carriage returns. */
export function isVerbatim(from: i32, to: i32): bool {
  for (let at = from; at < to; at += 16) {
    const bytes = v128.load(at);
    const odd = i8x16.bitmask(
      v128.or(
        bytes, // the highest bit is what counts
        v128.or(i8x16.eq(bytes, i8x16.splat(<i8>AMPERSAND)), i8x16.eq(bytes, i8x16.splat(13))),
      ),
    );
    const left = to - at;
    if ((left >= 16 ? odd : odd & ((1 << left) - 1)) != 0) return false;
  }
  return true;
}

export function isAscii(from: i32, to: i32): bool {
  for (let at = from; at < to; at++) if (load<u8>(at) >= 0x80) return false;
  return true;
}

/** ASCII without character references: the bytes are the text. A vertical tab is left out: what white space it is, is disputed. */
export function isPlainAscii(from: i32, to: i32): bool {
  for (let at = from; at < to; at++) {
    const byte: i32 = load<u8>(at);
    if (byte == AMPERSAND || byte >= 0x80 || byte == 0x0b) return false;
  }
  return true;
}

export function isValue(from: i32, to: i32, value: i32, length: i32): bool {
  return to - from == length && memory.compare(from, value, length) == 0;
}

/** Is `word` one of the words of the value? */
export function hasWord(from: i32, to: i32, word: i32, length: i32): bool {
  for (let at = from; at < to;) {
    at = skipSpace(at, to);
    const first = at;
    while (at < to && !isSpace(load<u8>(at))) at++;
    if (at - first == length && memory.compare(first, word, length) == 0) return true;
  }
  return false;
}

/** Are the bytes `hidden`, in whatever case? */
export function isHidden(from: i32, to: i32): bool {
  return to - from == 6 && isAt(from, HIDDEN, 6);
}
const HIDDEN: usize = memory.data<u8>([0x68, 0x69, 0x64, 0x64, 0x65, 0x6e]);
