/** What a body is: from the media type where there is one, from its first bytes where there is none. */

/** Kinds of documents that records can be taken from. */
export type DocumentKind = 'html' | 'xml' | 'json' | 'csv';

export interface ContentType {
  /** `type/subtype` in lower case; undefined when the header is absent or is not a media type. */
  essence: string | undefined;
  /** The `charset` parameter as it was sent, unquoted. */
  charset: string | undefined;
}

const ESSENCE = /^[ \t]*([!#$%&'*+.^_`|~0-9a-z-]+\/[!#$%&'*+.^_`|~0-9a-z-]+)[ \t]*(?:[;,]|$)/i;
const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;,"]+))/i;

/** Reads a `Content-Type` header. A header that was sent twice (joined by commas) counts by its first value. */
export function readContentType(header: string | undefined): ContentType {
  const charset = CHARSET.exec(header ?? '');
  return {
    essence: ESSENCE.exec(header ?? '')?.[1]?.toLowerCase(),
    charset: charset?.[1] ?? charset?.[2],
  };
}

const KINDS = new Map<string, DocumentKind>([
  ['text/html', 'html'],
  ['application/xhtml+xml', 'html'],
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  ['text/csv', 'csv'],
  ['application/csv', 'csv'],
  ['text/tab-separated-values', 'csv'],
]);

/** The kind of a media type, undefined when no extractor knows it. */
export function kindOfType(essence: string): DocumentKind | undefined {
  const known = KINDS.get(essence);
  if (known !== undefined) return known;
  if (essence.endsWith('+json')) return 'json';
  return essence.endsWith('+xml') ? 'xml' : undefined;
}

/** As many bytes as the HTML standard asks a sniffer to wait for. */
const SNIFF_BYTES = 1024;

/** The kind of a body that came without a media type, by the first character that is not white space. */
export function sniffKind(body: Uint8Array): DocumentKind | undefined {
  const head = body.subarray(0, SNIFF_BYTES);
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const text = new TextDecoder(utf16 ? (head[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8').decode(head).trimStart();
  if (text.startsWith('{') || text.startsWith('[')) return 'json';
  if (!text.startsWith('<')) return undefined;
  return text.startsWith('<?xml') && !/<!doctype html|<html/i.test(text) ? 'xml' : 'html';
}
