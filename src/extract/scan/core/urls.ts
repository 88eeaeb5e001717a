/** References resolved against the document's base by the WHATWG rules, byte by byte, where those change nothing but what is seen at once. */
import { URL_FRAGMENT, URL_QUERY, URL_SEGMENT, URL_WORD } from '../numbers.ts';
import { skipSpace, isSpace } from './lexer.ts';
import { base, urlKinds } from './memory.ts';
import { putQuoted } from './output.ts';

const SLASH = 0x2f;
const QUESTION = 0x3f;
const HASH = 0x23;
const COLON = 0x3a;
const DOT = 0x2e;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;

const ROOT: usize = memory.data<u8>([0x2f]);

/** Of the base: the origin, the path up to its last slash, and the whole without its fragment; none of it has to be escaped in JSON. */
let originLength: i32 = 0;
let directoriesLength: i32 = 0;
let wholeLength: i32 = 0;
let directoriesAt: i32 = 0;
let wholeAt: i32 = 0;

/** The lengths of the parts, which lie one behind the other; no origin: every reference is for the parser outside. */
export function setBase(origin: i32, directories: i32, whole: i32): void {
  originLength = origin;
  directoriesLength = directories;
  wholeLength = whole;
  directoriesAt = <i32>base + origin;
  wholeAt = directoriesAt + directories;
}

/** Writes the reference resolved, as JSON. False when it is not plain, and nothing is written. @param mayBeEmpty then the document itself is meant. */
export function putUrl(first: i32, last: i32, mayBeEmpty: bool): bool {
  if (originLength == 0) return false;
  const from = skipSpace(first, last);
  let to = last;
  while (to > from && isSpace(load<u8>(to - 1))) to--;
  if (to - from > 4 && load<u32>(from) == 0x70747468) {
    const path = pathOfAbsolute(from, to);
    if (path == to) {
      putQuoted(from, to - from, <i32>ROOT, <i32>ROOT + 1);
      return true;
    }
    if (path > 0) {
      if (!isPlain(path, to)) return false;
      putQuoted(from, 0, from, to);
      return true;
    }
  }
  if (from == to) {
    if (mayBeEmpty) putQuoted(wholeAt, wholeLength, to, to);
    return mayBeEmpty;
  }
  let rest = from;
  let directories = directoriesLength;
  while (to - rest >= 2 && load<u8>(rest) == DOT) {
    if (load<u8>(rest + 1) == SLASH) {
      rest += 2;
      continue;
    }
    if (to - rest < 3 || load<u8>(rest + 1) != DOT || load<u8>(rest + 2) != SLASH) break;
    rest += 3;
    if (directories > 1) directories--;
    while (directories > 1 && load<u8>(directoriesAt + directories - 1) != SLASH) directories--;
  }
  if (!isPlain(rest, to)) {
    if (rest != from || !isOpaque(from, to)) return false;
    putQuoted(from, 0, from, to);
    return true;
  }
  const byte: i32 = rest < to ? load<u8>(rest) : 0;
  if (byte == QUESTION || ((byte == SLASH || byte == HASH) && rest != from)) return false;
  if (byte == HASH) putQuoted(wholeAt, wholeLength, rest, to);
  else putQuoted(<i32>base, byte == SLASH ? originLength : originLength + directories, rest, to);
  return true;
}

/** One that no base matters to, such as `mailto:` and `javascript:` have: only what an authority or a path may follow on is changed. */
function isOpaque(from: i32, to: i32): bool {
  let at = from;
  while (at < to && <u32>(<i32>load<u8>(at) - 0x61) < 26) at++;
  if (at == from || at >= to || load<u8>(at) != COLON || isSpecial(from, at - from)) return false;
  if (at + 1 < to && load<u8>(at + 1) == SLASH) return false;
  for (let p = at + 1; p < to; p++) {
    const byte: i32 = load<u8>(p);
    if (byte <= 0x20 || byte >= 0x7f || byte == 0x22 || byte == 0x3c || byte == 0x3e || byte == 0x5c || byte == 0x60)
      return false;
  }
  return true;
}

/** A scheme that has rules of its own: `ws`, `ftp`, `wss`, `file`, `http`, `https`. */
function isSpecial(at: i32, length: i32): bool {
  if (length == 2) return load<u16>(at) == 0x7377;
  const three = load<u32>(at) & 0xffffff;
  if (length == 3) return three == 0x707466 || three == 0x737377;
  if (length == 4) return load<u32>(at) == 0x656c6966 || load<u32>(at) == 0x70747468;
  return length == 5 && load<u32>(at) == 0x70747468 && load<u8>(at + 4) == 0x73;
}

function isAlphanumeric(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || <u32>(byte - 0x61) < 26;
}

/** Where the path begins of an absolute http URL whose host has a name that no rule changes, its end where it has none; 0 = it is something else. */
function pathOfAbsolute(from: i32, to: i32): i32 {
  let at = from + 4;
  if (load<u8>(at) == 0x73) at++;
  if (to - at < 3 || load<u8>(at) != COLON || load<u16>(at + 1) != 0x2f2f) return 0;
  at += 3;
  let label = at;
  let dots = 0;
  for (; ; at++) {
    const byte: i32 = at < to ? load<u8>(at) : SLASH;
    if (byte == DOT || byte == SLASH) {
      // A label has letters or digits at both ends; one of another script is spelled `xn--`.
      if (at == label || load<u8>(at - 1) == DASH || load<u8>(label) == DASH) return 0;
      if (at - label >= 4 && load<u32>(label) == 0x2d2d6e78) return 0;
      if (byte == SLASH) break;
      label = at + 1;
      dots++;
    } else if (!isAlphanumeric(byte) && byte != DASH) return 0;
  }
  if (dots == 0) return 0;
  // The last one is no number, and has no dash.
  if (<u32>(<i32>load<u8>(label) - 0x61) >= 26) return 0;
  for (let p = label; p < at; p++) if (load<u8>(p) == DASH) return 0;
  return at;
}

function isPlain(from: i32, to: i32): bool {
  let wanted = URL_WORD;
  let mayBeScheme = true;
  // Behind the last byte that was looked at by itself: what follows, up to the next one, may stand anywhere.
  let next = from;
  for (let block = from; block < to; block += 16) {
    let others = notWords(v128.load(block));
    if (to - block < 16) others &= (1 << (to - block)) - 1;
    for (; others != 0; others &= others - 1) {
      const at = block + ctz(others);
      if (at > next && wanted == URL_WORD) wanted = URL_SEGMENT;
      next = at + 1;
      const byte: i32 = load<u8>(at);
      const kind: i32 = byte < 128 ? load<u8>(urlKinds + byte) : 0;
      if (byte == COLON && mayBeScheme) return false;
      if (wanted <= URL_SEGMENT) {
        if ((kind & wanted) != 0) wanted = URL_SEGMENT;
        else if (byte == SLASH && (wanted == URL_SEGMENT || at == from)) {
          wanted = URL_WORD;
          mayBeScheme = false;
        } else if (byte == QUESTION || byte == HASH) {
          wanted = byte == HASH ? URL_FRAGMENT : URL_QUERY;
          if (at == from) mayBeScheme = false;
        } else return false;
      } else if ((kind & wanted) == 0) {
        if (byte != HASH || wanted == URL_FRAGMENT) return false;
        wanted = URL_FRAGMENT;
      } else if (byte == SLASH) mayBeScheme = false;
    }
  }
  return true;
}

/** A bit for each of 16 bytes that may not stand everywhere in a plain reference: of `URL_WORD`, letters, digits, `-` and `_` are left out. */
function notWords(bytes: v128): i32 {
  const letters = i8x16.lt_u(i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(26));
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const marks = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>DASH)), i8x16.eq(bytes, i8x16.splat(<i8>UNDERSCORE)));
  return i8x16.bitmask(v128.or(v128.or(letters, digits), marks)) ^ 0xffff;
}
