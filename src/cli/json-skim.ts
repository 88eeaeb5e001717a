/**
 * Finds the members of one JSON object in bytes without building it, and checks all of its grammar on the way. Strict on
 * purpose: what is not written as `JSON.stringify` writes it (no white space, plain keys) is left to `JSON.parse`.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LOWER_U = 0x75;
/** Not a position: the text is no JSON, or not of the strict kind. */
const NOWHERE = -1;
/** Deeper values are left to `JSON.parse`. */
const DEPTH_MAX = 64;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Bytes that stand for themselves in a string: all but quotation mark, backslash and controls. */
const ORDINARY = new Uint8Array(256).fill(1, 0x20);
ORDINARY[QUOTE] = 0;
ORDINARY[BACKSLASH] = 0;
const ESCAPED = new Set(bytesOf('"\\/bfnrt'));
const [TRUE, FALSE, NULL] = [bytesOf('true'), bytesOf('false'), bytesOf('null')];

export class ObjectSkim {
  readonly #begins: Int32Array;
  readonly #ends: Int32Array;
  readonly #names: Uint8Array[];

  /** @param names members to find: ASCII without escapes. */
  constructor(names: readonly string[]) {
    this.#names = names.map(bytesOf);
    this.#begins = new Int32Array(names.length);
    this.#ends = new Int32Array(names.length);
  }

  /**
   * Takes in the object that is `bytes[from, to)`; of members that come twice the last one counts, as for `JSON.parse`.
   * @returns false when it is not such an object: then only `JSON.parse` can tell what it is.
   */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.#begins.fill(NOWHERE);
    this.#ends.fill(NOWHERE);
    if (bytes[from] !== OPEN_BRACE) return false;
    if (bytes[from + 1] === CLOSE_BRACE) return from + 2 === to;
    for (let at = from; ;) {
      const key = at + 1;
      const keyEnd = skipString(bytes, key, to);
      if (keyEnd === NOWHERE || bytes[keyEnd] !== COLON) return false;
      const place = this.#placeOf(bytes, key + 1, keyEnd - 1);
      if (place === undefined) return false;
      at = skipValue(bytes, keyEnd + 1, to, 1);
      if (at === NOWHERE) return false;
      if (place >= 0) {
        this.#begins[place] = keyEnd + 1;
        this.#ends[place] = at;
      }
      if (bytes[at] === COMMA) continue;
      return bytes[at] === CLOSE_BRACE && at + 1 === to;
    }
  }

  /** Was there a member of this name? @param place of the name in `names`. */
  has(place: number): boolean {
    return this.#ends[place] !== NOWHERE;
  }

  /** Where its value begins, and where it has ended; both before all bytes when there is no such member. */
  begin(place: number): number {
    return this.#begins[place] ?? NOWHERE;
  }
  end(place: number): number {
    return this.#ends[place] ?? NOWHERE;
  }

  /** -1 for a name that is not looked for, undefined for one with escapes, which might be any. */
  #placeOf(bytes: Uint8Array, from: number, to: number): number | undefined {
    for (let place = 0; place < this.#names.length; place++) {
      const name = this.#names[place];
      if (name !== undefined && name.length === to - from && isAt(bytes, from, name)) return place;
    }
    for (let at = from; at < to; at++) if (bytes[at] === BACKSLASH) return undefined;
    return -1;
  }
}

export function isAt(bytes: Uint8Array, from: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text[i]) return false;
  return true;
}

/** Each `skip…` gives the position after what begins at `at`, or NOWHERE. */
function skipValue(bytes: Uint8Array, at: number, to: number, depth: number): number {
  if (depth > DEPTH_MAX) return NOWHERE;
  switch (bytes[at] ?? 0) {
    case QUOTE:
      return skipString(bytes, at, to);
    case OPEN_BRACE:
      return skipList(bytes, at, to, depth, CLOSE_BRACE);
    case OPEN_BRACKET:
      return skipList(bytes, at, to, depth, CLOSE_BRACKET);
    case 0x74:
      return skipLiteral(bytes, at, TRUE);
    case 0x66:
      return skipLiteral(bytes, at, FALSE);
    case 0x6e:
      return skipLiteral(bytes, at, NULL);
    default:
      return skipNumber(bytes, at);
  }
}

const skipLiteral = (bytes: Uint8Array, at: number, word: Uint8Array): number =>
  isAt(bytes, at, word) ? at + word.length : NOWHERE;

/** An object or an array. */
function skipList(bytes: Uint8Array, from: number, to: number, depth: number, close: number): number {
  let at = from + 1;
  if (bytes[at] === close) return at + 1;
  for (;;) {
    if (close === CLOSE_BRACE) {
      at = skipString(bytes, at, to);
      if (at === NOWHERE || bytes[at] !== COLON) return NOWHERE;
      at++;
    }
    at = skipValue(bytes, at, to, depth + 1);
    if (at === NOWHERE) return NOWHERE;
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== COMMA) return NOWHERE;
    at++;
  }
}

function skipString(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== QUOTE) return NOWHERE;
  for (let at = from + 1; at < to; at++) {
    while (ORDINARY[bytes[at] ?? 0] === 1) at++;
    if (at >= to) return NOWHERE;
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] !== BACKSLASH) return NOWHERE;
    at++;
    if (ESCAPED.has(bytes[at] ?? 0)) continue;
    if (bytes[at] !== LOWER_U) return NOWHERE;
    for (let digits = 0; digits < 4; digits++) if (!isHex(bytes[++at] ?? 0)) return NOWHERE;
  }
  return NOWHERE;
}

function skipNumber(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from;
  at = bytes[at] === ZERO ? at + 1 : skipDigits(bytes, at);
  if (at !== NOWHERE && bytes[at] === POINT) at = skipDigits(bytes, at + 1);
  if (at === NOWHERE || ((bytes[at] ?? 0) | 0x20) !== 0x65) return at;
  const sign = bytes[at + 1];
  return skipDigits(bytes, sign === MINUS || sign === 0x2b ? at + 2 : at + 1);
}

/** One or more. */
function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at] ?? 0)) at++;
  return at === from ? NOWHERE : at;
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= 0x39;
const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
