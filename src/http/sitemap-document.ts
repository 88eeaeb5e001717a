/**
 * One sitemap document as it streams in: urlset, sitemapindex, RSS, Atom or plain text, found out from its first
 * bytes. Memory is bounded by what one chunk names.
 */
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { Parser } from 'htmlparser2';
import { SITEMAP_BYTES_MAX, URL_CHARS_MAX } from '#core/limits.ts';
import type { FailReason } from '#core/ledger.ts';

export type Named = { kind: 'url' | 'sitemap'; url: string };

/** The document cannot be read. What was yielded before it stays true. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  readonly reason: FailReason;
  constructor(reason: FailReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

const CHUNK_BYTES = 65_536;

/** Absolute http(s) URLs in document order; entries that are no such URL are left out. */
export async function* readDocument(
  body: Uint8Array,
  charset: string | undefined,
  base: string,
): AsyncGenerator<Named> {
  const parser = new DocumentParser(base);
  let text: TextDecoder | undefined;
  for await (const chunk of chunks(body)) {
    text ??= new TextDecoder(encodingOf(chunk, charset));
    parser.write(text.decode(chunk, { stream: true }));
    yield* parser.take();
  }
  parser.end(text?.decode() ?? '');
  yield* parser.take();
}

/** Pieces of the body, unpacked when it is gzip by its magic number, however it was labelled. */
async function* chunks(body: Uint8Array): AsyncGenerator<Uint8Array> {
  if (body[0] !== 0x1f || body[1] !== 0x8b) {
    for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  gunzip.end(body);
  let length = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > SITEMAP_BYTES_MAX)
        throw new DocumentError('tooLarge', `sitemap unpacks to more than ${SITEMAP_BYTES_MAX} bytes`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const what = code === 'Z_BUF_ERROR' ? 'truncated' : 'corrupt';
    throw new DocumentError('decode', `gzip sitemap is ${what} (${code ?? 'unknown'})`);
  } finally {
    gunzip.destroy();
  }
}

/** By BOM, then the HTTP charset, then the XML declaration, then UTF-8. */
function encodingOf(head: Uint8Array, charset: string | undefined): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  const start = Buffer.from(head.subarray(0, 200)).toString('latin1');
  const declared = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/i.exec(start)?.[1];
  return [charset, declared].find((label) => label !== undefined && isEncoding(label)) ?? 'utf-8';
}

function isEncoding(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

/** Paths of local names, namespace prefixes aside, whose text is a URL. `image:loc` lies elsewhere and is none. */
const TEXT_PATHS = new Map<string, Named['kind']>([
  ['urlset/url/loc', 'url'],
  ['sitemapindex/sitemap/loc', 'sitemap'],
  ['rss/channel/item/link', 'url'],
  ['RDF/item/link', 'url'],
]);
const ATOM_LINK = 'feed/entry/link';
/** Far above any feed; the parser's work grows with the square of the nesting. */
const NESTING_MAX = 256;
const ROOTS = new Set(['urlset', 'sitemapindex', 'rss', 'RDF', 'feed']);

class DocumentParser {
  readonly #base: string;
  readonly #found: Named[] = [];
  readonly #path: string[] = [];
  readonly #xml: Parser;
  #mode: 'unknown' | 'xml' | 'text' = 'unknown';
  #line = '';
  #text: string | undefined;
  #root: string | undefined;
  #rootClosed = false;
  #ending = false;
  #named = 0;
  #sawText = false;

  constructor(base: string) {
    this.#base = base;
    this.#xml = new Parser(
      {
        onopentag: (name, attributes) => {
          this.#open(name, attributes);
        },
        ontext: (text) => {
          if (this.#text !== undefined && this.#text.length <= URL_CHARS_MAX) this.#text += text;
        },
        onclosetag: (_name, implied) => {
          this.#close(implied);
        },
      },
      { xmlMode: true },
    );
  }

  write(text: string): void {
    if (this.#mode === 'unknown') {
      const start = text.trimStart();
      if (start === '') return;
      this.#mode = start.startsWith('<') ? 'xml' : 'text';
      text = start;
    }
    if (this.#mode === 'xml') this.#xml.write(text);
    else this.#lines(text);
  }

  /** Throws `DocumentError` when what came is no sitemap at all. */
  end(text: string): void {
    this.write(text);
    if (this.#mode === 'text') this.#lines('\n');
    this.#ending = true;
    if (this.#mode === 'xml') this.#xml.end();
    if (this.#named > 0) return;
    if (this.#mode === 'text' && this.#sawText) throw new DocumentError('extract', 'neither XML nor a list of URLs');
    if (this.#mode !== 'xml') return;
    if (this.#root === undefined || !ROOTS.has(this.#root)) {
      throw new DocumentError('extract', `root element ${this.#root?.slice(0, 40) ?? '(none)'} is no sitemap or feed`);
    }
    if (!this.#rootClosed) throw new DocumentError('extract', 'malformed XML that names nothing');
  }

  take(): Named[] {
    return this.#found.splice(0);
  }

  #open(name: string, attributes: Record<string, string>): void {
    const local = localName(name);
    this.#root ??= local;
    if (this.#path.push(local) > NESTING_MAX) throw new DocumentError('extract', 'elements are nested too deeply');
    const path = this.#path.length <= 4 ? this.#path.join('/') : '';
    if (TEXT_PATHS.has(path)) this.#text = '';
    const { href, rel } = attributes;
    if (path === ATOM_LINK && href !== undefined && (rel === undefined || rel === 'alternate')) this.#name('url', href);
  }

  #close(implied: boolean): void {
    const kind = this.#text === undefined ? undefined : TEXT_PATHS.get(this.#path.join('/'));
    // An element the document breaks off in holds half a URL.
    if (kind !== undefined && !implied) this.#name(kind, this.#text ?? '');
    if (kind !== undefined) this.#text = undefined;
    this.#path.pop();
    if (this.#path.length === 0 && !this.#ending) this.#rootClosed = true;
  }

  #lines(text: string): void {
    const lines = (this.#line + text).split(/\r\n|\r|\n/);
    this.#line = (lines.pop() ?? '').slice(0, URL_CHARS_MAX + 1);
    for (const line of lines) {
      if (line.trim() === '') continue;
      this.#sawText = true;
      if (/^\s*https?:/i.test(line)) this.#name('url', line);
    }
  }

  #name(kind: Named['kind'], text: string): void {
    const trimmed = text.trim();
    if (trimmed === '' || trimmed.length > URL_CHARS_MAX) return;
    const url = URL.parse(trimmed, this.#base);
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return;
    this.#named++;
    this.#found.push({ kind, url: url.href });
  }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);
