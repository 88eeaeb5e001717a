/** Documents as the scanner takes them. */
import { isAscii, isUtf8 } from 'node:buffer';
import { decodeAs } from './legacy-decoder.ts';
import type { MarkupBytes } from './markup.ts';

/** In these a byte below 0x80 may be something else than the ASCII character. */
const NOT_ASCII = new Set(['utf-16le', 'utf-16be', 'iso-2022-jp', 'shift_jis', 'x-user-defined']);

/** The document in UTF-8, without byte order mark; copied only where it is in another encoding and says something in it, or is broken. */
export function asUtf8({ body, encoding }: MarkupBytes): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (encoding !== 'utf-8')
    return !NOT_ASCII.has(encoding) && isAscii(bytes) ? bytes : Buffer.from(decodeAs(encoding, body));
  if (!isUtf8(bytes)) return Buffer.from(decodeAs(encoding, body));
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
