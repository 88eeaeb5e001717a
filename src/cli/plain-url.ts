/**
 * Most URLs of a run are their own canonical form, and show it byte by byte: then no URL need be parsed. The test holds this
 * against `canonicalUrl`.
 */
import { isAt } from './json-skim.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const [HTTP, HTTPS] = [bytesOf('http://'), bytesOf('https://')];
const SLASH = 0x2f;
const POINT = 0x2e;
const HYPHEN = 0x2d;
const PERCENT = 0x25;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const tableOf = (characters: string): Uint8Array => {
  const table = new Uint8Array(256);
  for (const byte of bytesOf(characters)) table[byte] = 1;
  return table;
};
const IN_HOST = tableOf(`${LETTERS}${DIGITS}-.`);
const UNRESERVED = tableOf(`${LETTERS}${LETTERS.toUpperCase()}${DIGITS}-._~`);
const HEX = bytesOf(`${DIGITS}ABCDEF`);
/** What the URL standard leaves as it is in paths and queries alike; fewer than all, which only costs time. */
const IN_PATH = tableOf(`${LETTERS}${LETTERS.toUpperCase()}${DIGITS}-._~!$&()*+,;=:@/?`);

/** True: the bytes are an http(s) URL that `canonicalUrl` gives back unchanged. False: only `canonicalUrl` can tell. */
export function isPlainUrl(bytes: Uint8Array, from: number, to: number): boolean {
  const host = isAt(bytes, from, HTTPS) ? from + HTTPS.length : isAt(bytes, from, HTTP) ? from + HTTP.length : to;
  let at = host;
  let label = host;
  for (; at < to && bytes[at] !== SLASH; at++) {
    const byte = bytes[at] ?? 0;
    if (IN_HOST[byte] !== 1) return false;
    // An empty label, and what may be Punycode, which can be wrong.
    if (byte === POINT && at === label) return false;
    if (byte === HYPHEN && bytes[at - 1] === HYPHEN) return false;
    if (byte === POINT) label = at + 1;
  }
  // Without a path one is added; a last label that begins with a digit may be part of an IPv4 address.
  if (at >= to || at === label || (bytes[label] ?? 0) < 0x61) return false;
  for (; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === PERCENT && at + 2 < to && isPlainEscape(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0)) at += 2;
    else if (IN_PATH[byte] !== 1) return false;
    // A segment of dots goes away.
    if (byte === POINT && bytes[at - 1] === SLASH) return false;
  }
  return true;
}

/** Is `%` and these two digits left as it is? In upper case, and of a character that needs it. */
function isPlainEscape(high: number, low: number): boolean {
  const [sixteens, ones] = [HEX.indexOf(high), HEX.indexOf(low)];
  return sixteens >= 0 && ones >= 0 && UNRESERVED[sixteens * 16 + ones] !== 1;
}
