/**
 * Bytes to text, by the order of the contract: byte order mark, HTTP charset, the document's own declaration, UTF-8.
 * Labels mean what the WHATWG Encoding Standard says (`latin1` is windows-1252, `gb2312` is GBK). A label nobody knows
 * is passed over; bytes that are invalid in the encoding become U+FFFD and never a failure.
 */
import type { DocumentKind } from './content-type.ts';
import { htmlDeclaredLabels, xmlDeclaredLabel } from './declared-charset.ts';
import { decodeAs } from './legacy-decoder.ts';
import { trimmed } from './space.ts';

export type Decoded =
  | {
      ok: true;
      /** Without byte order mark. */
      text: string;
      /** WHATWG name in lower case. */
      encoding: string;
    }
  | { ok: false; detail: string };

/** Labels the standard maps to an encoding that never decodes: what they name can be read as script by mistake. */
const REPLACED = new Set(['replacement', 'csiso2022kr', 'hz-gb-2312', 'iso-2022-cn', 'iso-2022-cn-ext', 'iso-2022-kr']);

/** Labels met so far: the standard has some 220. Asking a decoder costs more than a page's extraction may. */
const encodings = new Map<string, string>();

/** The WHATWG encoding of a label, `replacement` included; undefined when the label is unknown. */
export function encodingOf(label: string): string | undefined {
  const name = trimmed(label).toLowerCase();
  if (REPLACED.has(name)) return 'replacement';
  const known = encodings.get(name);
  if (known !== undefined) return known;
  try {
    const { encoding } = new TextDecoder(name);
    encodings.set(name, encoding);
    return encoding;
  } catch {
    return undefined;
  }
}

export type Encoding = { ok: true; encoding: string } | { ok: false; detail: string };

export function decodeText(body: Uint8Array, charset: string | undefined, kind: DocumentKind): Decoded {
  const found = encodingOfBody(body, charset, kind);
  return found.ok ? { ...found, text: decodeAs(found.encoding, body) } : found;
}

/**
 * @param charset the charset parameter of the Content-Type header.
 * @param kind decides whose declaration is looked for; JSON and CSV have none.
 */
export function encodingOfBody(body: Uint8Array, charset: string | undefined, kind: DocumentKind): Encoding {
  const encoding =
    byteOrderMark(body) ??
    (charset === undefined ? undefined : encodingOf(charset)) ??
    declaredEncoding(body, kind) ??
    unmarkedUtf16(body, kind) ??
    'utf-8';
  if (encoding === 'replacement') {
    return {
      ok: false,
      detail:
        'the document is in an encoding that the Encoding Standard forbids to decode (ISO-2022-KR, ISO-2022-CN or HZ)',
    };
  }
  return { ok: true, encoding };
}

function byteOrderMark(body: Uint8Array): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8';
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be';
  return body[0] === 0xff && body[1] === 0xfe ? 'utf-16le' : undefined;
}

function declaredEncoding(body: Uint8Array, kind: DocumentKind): string | undefined {
  if (kind !== 'html' && kind !== 'xml') return undefined;
  const xmlLabel = xmlDeclaredLabel(body);
  const labels = kind === 'html' ? htmlDeclaredLabels(body) : [];
  for (const label of xmlLabel === undefined ? labels : [...labels, xmlLabel]) {
    const encoding = encodingOf(label);
    // A declaration that could be read as ASCII does not stand in UTF-16: the standard takes it for UTF-8.
    if (encoding === 'utf-16le' || encoding === 'utf-16be') return 'utf-8';
    // `x-user-defined` in a page means windows-1252, by the same standard.
    if (encoding === 'x-user-defined') return 'windows-1252';
    if (encoding !== undefined) return encoding;
  }
  return undefined;
}

/** `<?` in two-byte units: XML in UTF-16 without a byte order mark (XML 1.0, appendix F). */
function unmarkedUtf16(body: Uint8Array, kind: DocumentKind): string | undefined {
  if (kind !== 'xml') return undefined;
  const start = body.subarray(0, 4).join(' ');
  if (start === '60 0 63 0') return 'utf-16le';
  return start === '0 60 0 63' ? 'utf-16be' : undefined;
}
