/**
 * The engine for html and xml. HTML is scanned in one pass over its bytes where that can answer the query; selectors that
 * look at siblings or content, XML, and documents whose shape no scan can follow are read through a tree. Both give
 * the same answer: `test/extract/differential.test.ts` holds them to it.
 */
import { isAscii } from 'node:buffer';
import { decodeAs } from './legacy-decoder.ts';
import {
  type MarkupBytes,
  type MarkupEngine,
  type MarkupProgram,
  type MarkupQuery,
  type MarkupResult,
} from './markup.ts';
import { compileQuery } from './scan/query.ts';
import { Scanner } from './scan/scan.ts';
import { Unfollowed } from './scan/unfollowed.ts';
import { after, kept, type Soon } from './soon.ts';

export const markupEngine: MarkupEngine = (kind, query) => {
  const scan = kind === 'html' ? scanEngine(query) : undefined;
  if (scan === undefined) return treeEngine(kind, query);
  let tree: Soon<MarkupProgram> | undefined;
  return (document) => {
    const scanned = scan(document);
    if (typeof scanned !== 'string') return scanned;
    tree ??= kept(treeEngine(kind, query), (loaded) => (tree = loaded));
    return after(tree, (program) => program(document));
  };
};

/** Trees and their parsers are several times as large as the scan, and many runs need none. */
const treeEngine = async (kind: 'html' | 'xml', query: MarkupQuery): Promise<MarkupProgram> =>
  (await import('./dom-engine.ts')).domEngine(kind, query);

/** The answer, or in what the document is beyond a scan. */
export type Scan = (document: MarkupBytes) => MarkupResult | string;

/** Undefined when the query needs a tree. */
export function scanEngine(query: MarkupQuery): Scan | undefined {
  const compiled = compileQuery(query);
  if (!compiled.ok) return undefined;
  let scanner: Scanner | undefined;
  return (document) => {
    scanner ??= new Scanner(compiled.query);
    try {
      return { ok: true, answer: scanner.scan(asUtf8(document)) };
    } catch (error) {
      if (error instanceof Unfollowed) return error.message;
      throw error;
    }
  };
}

/** Why html is read through a tree for this query, for people; undefined = it is scanned. */
export function treeReason(query: MarkupQuery): string | undefined {
  const compiled = compileQuery(query);
  return compiled.ok ? undefined : compiled.why;
}

/** In these a byte below 0x80 may be something else than the ASCII character. */
const NOT_ASCII = new Set(['utf-16le', 'utf-16be', 'iso-2022-jp', 'shift_jis', 'x-user-defined']);

/** The document in UTF-8, without byte order mark; copied only where it is in another encoding and says something in it. */
function asUtf8({ body, encoding }: MarkupBytes): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (encoding !== 'utf-8')
    return !NOT_ASCII.has(encoding) && isAscii(bytes) ? bytes : Buffer.from(decodeAs(encoding, body));
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
