/**
 * One reader for each kind of document: text to rows of raw matches, links and the next page. Readers know the formats;
 * what the matches mean is the business of `field.ts`.
 */
import type { ExtractPlan } from '#core/context.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { DocumentKind } from './content-type.ts';
import { baseUrl, requestUrl } from './convert.ts';
import { sourceOf, type Field, type Source } from './field.ts';
import { markupEngine } from './markup-engine.ts';
import type { MarkupBytes, MarkupQuery, MarkupProgram, Pick } from './markup.ts';
import { after, type Soon } from './soon.ts';

export interface Read {
  ok: true;
  /** `rows[row][field]` = what that field matched; or whole records when the task names no fields. */
  content: { rows: Json[][][] } | { records: JsonObject[] };
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
  if (kind === 'json') return import('./json-reader.ts').then(({ jsonReader }) => jsonReader(plan, sources));
  if (kind === 'csv') return import('./csv-reader.ts').then(({ csvReader }) => csvReader(sources));
  const { query, places } = markupQuery(plan, fields, sources);
  return after(markupEngine(kind, query), (program) => markupReader(program, places));
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

function markupReader(program: MarkupProgram, places: number[]): Reader {
  return (document, finalUrl) =>
    after(program(document), (result) => {
      if (!result.ok) return result;
      const { answer } = result;
      const base = baseUrl(answer.baseHref, finalUrl);
      return {
        ok: true,
        content: { rows: answer.rows.map((row) => places.map((place) => row[place] ?? [])) },
        links: distinctRequests(answer.links, base),
        next: answer.next === undefined ? undefined : requestUrl(answer.next, base),
        base,
      };
    });
}

/** What the markup engine is asked, and for each source the place of its pick (-1 = it has none). */
export function markupQuery(
  { extract, links, next }: ExtractPlan,
  fields: Field[],
  sources: Source[],
): { query: MarkupQuery; places: number[] } {
  const picks: Pick[] = [];
  const places = sources.map((source, i) =>
    source.from === 'css' ? picks.push(pickOf(source, fields[i]?.all === true)) - 1 : -1,
  );
  const nextCss = next !== undefined && 'css' in next ? next.css : undefined;
  const base = links !== undefined || nextCss !== undefined || fields.some(({ isUrl }) => isUrl);
  return { query: { each: extract.each, picks, links, next: nextCss, base }, places };
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
