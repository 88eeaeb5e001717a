/**
 * Bytes to records: the room's door. A plan is compiled once for a run; the extractor then takes documents one by one,
 * keeps nothing between them and throws on none, whatever the bytes are.
 */
import { createHash } from 'node:crypto';
import type { ExtractPlan } from '#core/context.ts';
import { bytesOf } from '#core/json.ts';
import type { Extraction, Extractor, FetchedDocument } from '#core/ports.ts';
import { encodingOfBody } from './charset.ts';
import { kindOfType, readContentType, sniffKind, type ContentType, type DocumentKind } from './content-type.ts';
import { requestUrl } from './convert.ts';
import { compileField, recordOf, type Field } from './field.ts';
import { nextLink } from './link-header.ts';
import { compileReader, type Read, type Reader } from './reader.ts';
import { after, kept, type Soon } from './soon.ts';

export type { ExtractPlan } from '#core/context.ts';

/** Throws on a plan in which `checkExtract` finds a fault. */
export async function compileExtractor(plan: ExtractPlan): Promise<Extractor> {
  const { format } = plan.extract;
  const fields = await Promise.all(
    Object.entries(plan.extract.fields).map(([name, given]) => compileField(name, given)),
  );
  const readerOf = readersByKind(format === 'none' ? bodyPlan(plan) : plan, format === 'none' ? [BODY_FIELD] : fields);
  if (format !== 'auto' && format !== 'none') await readerOf(format);
  return {
    extract(document) {
      const type = readContentType(document.headers['content-type']);
      const known = type.essence === undefined ? sniffKind(document.body) : kindOfType(type.essence);
      if (format === 'none') return extractBody(document, type, plan, known, readerOf);
      const kind = format === 'auto' ? known : format;
      if (kind === undefined) return { ok: false, reason: 'extract', detail: unknownKind(type) };
      return after(readDocument(document, type, kind, readerOf), (read) => {
        if (!read.ok) return read;
        const records = recordsOf(fields, read);
        if (!Array.isArray(records)) return { ok: false, reason: 'extract', detail: records.detail };
        return finished(records, read.links, nextPage(document, plan, read));
      });
    },
  };
}

/** Compiled when the first document of a kind comes: with `format: auto` most runs see one kind. */
function readersByKind(plan: ExtractPlan, fields: Field[]): ReaderOf {
  const readers = new Map<DocumentKind, Soon<Reader>>();
  return (kind) => {
    const known = readers.get(kind);
    if (known !== undefined) return known;
    const made = compileReader(kind, plan, fields);
    const reader =
      made instanceof Promise
        ? kept(made, (loaded) => void (loaded === undefined ? readers.delete(kind) : readers.set(kind, loaded)))
        : made;
    readers.set(kind, reader);
    return reader;
  };
}
type ReaderOf = (kind: DocumentKind) => Soon<Reader>;

type Refused = Extract<Extraction, { ok: false }>;

function readDocument(
  { body, finalUrl }: FetchedDocument,
  type: ContentType,
  kind: DocumentKind,
  readerOf: ReaderOf,
): Soon<Read | Refused> {
  const found = encodingOfBody(body, type.charset, kind);
  if (!found.ok) return { ok: false, reason: 'decode', detail: found.detail };
  const { encoding } = found;
  const result = after(readerOf(kind), (reader) => reader({ body, encoding }, finalUrl));
  return after(result, (read) => (read.ok ? read : { ok: false, reason: 'extract', detail: read.detail }));
}

function unknownKind({ essence }: ContentType): string {
  const what = essence ?? 'a body without media type that looks like neither HTML, XML nor JSON';
  return `no extractor for ${what}; set extract.format if it is html, json, xml or csv, or none to keep the body's hash alone`;
}

/** The JSON text of each record, or why there are none. */
export function recordsOf(fields: Field[], { content, base }: Read): Uint8Array[] | { detail: string } {
  if ('written' in content) return content.written;
  if ('records' in content) return content.records.map(bytesOf);
  const records: Uint8Array[] = [];
  for (const [index, row] of content.rows.entries()) {
    const record = recordOf(fields, row, base, index);
    if (typeof record === 'string') return { detail: record };
    records.push(bytesOf(record));
  }
  return records;
}

function nextPage(
  { headers, finalUrl }: FetchedDocument,
  { next }: ExtractPlan,
  read: Read | undefined,
): string | undefined {
  if (next === undefined || !('header' in next)) return read?.next;
  const target = nextLink(headers['link'] ?? '');
  return target === undefined ? undefined : requestUrl(target, finalUrl);
}

function finished(records: Uint8Array[], links: string[], next: string | undefined): Extraction {
  return { ok: true, records, links, ...(next === undefined ? {} : { next }) };
}

// ---------------------------------------------------------------- format: none

/** Lets a reader run for the sake of links and the next page alone. */
const BODY_FIELD: Field = {
  name: 'body',
  given: { const: null },
  all: false,
  isRequired: false,
  lacking: () => '',
  isUrl: false,
  as: undefined,
  attr: undefined,
  isMatched: false,
  one: () => null,
  fallback: undefined,
  value: () => null,
};
const bodyPlan = ({ extract, ...paging }: ExtractPlan): ExtractPlan => ({
  extract: { format: 'none', fields: {}, keepBody: extract.keepBody },
  ...paging,
});

/** One record about the body; it is parsed only when links or the next page are asked of a kind that can hold them. */
function extractBody(
  document: FetchedDocument,
  type: ContentType,
  plan: ExtractPlan,
  kind: DocumentKind | undefined,
  readerOf: ReaderOf,
): Soon<Extraction> {
  const { body, headers } = document;
  const record = {
    bytes: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    contentType: headers['content-type'] ?? null,
  };
  const asked = kind !== undefined && asksOf(plan, kind) ? readDocument(document, type, kind, readerOf) : undefined;
  return after<Read | Refused | undefined, Extraction>(asked, (read) =>
    read?.ok === false ? read : finished([bytesOf(record)], read?.links ?? [], nextPage(document, plan, read)),
  );
}

function asksOf({ links, next }: ExtractPlan, kind: DocumentKind): boolean {
  if (kind === 'html') return links !== undefined || (next !== undefined && 'css' in next);
  return kind === 'json' && next !== undefined && 'json' in next;
}
