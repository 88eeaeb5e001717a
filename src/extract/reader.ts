/**
 * One reader for each kind of document: text to rows of raw matches, links and the next page. Readers know the formats;
 * what the matches mean is the business of `field.ts`.
 */
import type { ExtractPlan } from '#core/context.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { DocumentKind } from './content-type.ts';
import { requestUrl } from './convert.ts';
import { sourceOf, writtenField, type Field, type Source } from './field.ts';
import { markupEngine } from './markup-engine.ts';
import type { MarkupBytes, MarkupQuery, MarkupProgram, Pick } from './markup.ts';
import { after, type Soon } from './soon.ts';
import type { WrittenField } from './written.ts';

export interface Read {
  ok: true;
  /** `rows[row][field]` = what that field matched; or whole records when the task names no fields; or records' JSON texts. */
  content: { rows: Json[][][] } | { records: JsonObject[] } | { written: Uint8Array[] };
  links: string[];
  next: string | undefined;
  /** What relative URLs are relative to. */
  base: string;
}
export type ReadResult = Read | { ok: false; detail: string };
export type Reader = (document: MarkupBytes, finalUrl: string) => Soon<ReadResult>;

/** `fields` in the order of the records; none = whole records, which html and xml do not have. */
export function compileReader(kind: DocumentKind, plan: ExtractPlan, fields: Field[]): Soon<Reader> {
  const { format, each } = plan.extract;
  const sources = fields.map((field) => sourceOf(field.given, kind, format));
  const fault = mismatch(kind, each, sources);
  if (fault !== undefined) return () => ({ ok: false, detail: fault });
  if (kind === 'json') return import('./json-reader.ts').then(({ jsonReader }) => jsonReader(plan, fields, sources));
  if (kind === 'csv') return import('./csv-reader.ts').then(({ csvReader }) => csvReader(sources));
  const { query, made } = markupQuery(plan, fields, sources);
  return after(markupEngine(kind, query, made), (program) => markupReader(program, made));
}

/** Why a task can take nothing from documents of a kind. With `format: auto` that shows only when one arrives. */
export function mismatch(kind: DocumentKind, each: string | undefined, sources: Source[]): string | undefined {
  const markup = kind === 'html' || kind === 'xml';
  if (sources.length === 0 && markup) return `a document of ${kind} arrived, and the task names no fields`;
  const reading = sources.filter(({ from }) => from !== 'const');
  if (reading.length > 0 && reading.every(({ from }) => from === 'nothing')) {
    return `a document of ${kind} arrived, and no field of the task applies to it`;
  }
  if (each !== undefined && (kind === 'csv' || markup === each.startsWith('$'))) {
    return `a document of ${kind} arrived, and each (${JSON.stringify(each)}) does not apply to it`;
  }
  return undefined;
}

function markupReader(program: MarkupProgram, made: WrittenField[]): Reader {
  return (document, finalUrl) =>
    after(program(document, finalUrl), (read) => {
      if (!read.ok) return read;
      const { content, base } = read;
      return {
        ok: true,
        content:
          'written' in content ? content : { rows: content.rows.map((row) => made.map(({ pick }) => row[pick] ?? [])) },
        links: distinctRequests(read.links, base),
        next: read.next === undefined ? undefined : requestUrl(read.next, base),
        base,
      };
    });
}

/** What the markup engine is asked, and how the fields are made of its picks. */
export function markupQuery(
  { extract, links, next }: ExtractPlan,
  fields: Field[],
  sources: Source[],
): { query: MarkupQuery; made: WrittenField[] } {
  const picks: Pick[] = [];
  const made = fields.map((field, i) => {
    const source = sources[i];
    return writtenField(field, source?.from === 'css' ? picks.push(pickOf(source, field.all)) - 1 : -1, false);
  });
  const nextCss = next !== undefined && 'css' in next ? next.css : undefined;
  const base = links !== undefined || nextCss !== undefined || fields.some(({ isUrl }) => isUrl);
  return { query: { each: extract.each, picks, links, next: nextCss, base }, made };
}

const pickOf = ({ css, attr, markup }: Extract<Source, { from: 'css' }>, all: boolean): Pick => ({
  css,
  reading: attr !== undefined ? { as: 'attribute', name: attr } : { as: markup ? 'html' : 'text' },
  all,
});

/** In the order of the document, each once. */
function distinctRequests(references: string[], base: string): string[] {
  return [...new Set(references.flatMap((reference) => requestUrl(reference, base) ?? []))];
}
