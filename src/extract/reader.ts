/**
 * One reader for each kind of document: text to rows of raw matches, links and the next page. Readers know the formats;
 * what the matches mean is the business of `field.ts`.
 */
import type { ExtractPlan } from '#core/context.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { DocumentKind } from './content-type.ts';
import { baseUrl, requestUrl } from './convert.ts';
import { parseCsv, type CsvRow } from './csv.ts';
import { sourceOf, type Field, type Source } from './field.ts';
import { parseJson } from './json-document.ts';
import { compileJsonPath } from './json-path.ts';
import { decodeAs } from './legacy-decoder.ts';
import { markupEngine } from './markup-engine.ts';
import type { MarkupBytes, MarkupQuery, Pick } from './markup.ts';

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
export type Reader = (document: MarkupBytes, finalUrl: string) => ReadResult;

/** `fields` in the order of the records; none = whole records, which html and xml do not have. */
export function compileReader(kind: DocumentKind, plan: ExtractPlan, fields: Field[]): Reader {
  const { format, each } = plan.extract;
  const sources = fields.map((field) => sourceOf(field.given, kind, format));
  const fault = mismatch(kind, each, sources);
  if (fault !== undefined) return () => ({ ok: false, detail: fault });
  if (kind === 'json') return jsonReader(plan, sources);
  return kind === 'csv' ? csvReader(sources) : markupReader(kind, plan, fields, sources);
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

function markupReader(kind: 'html' | 'xml', plan: ExtractPlan, fields: Field[], sources: Source[]): Reader {
  const { query, places } = markupQuery(plan, fields, sources);
  const program = markupEngine(kind, query);
  return (document, finalUrl) => {
    const result = program(document);
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
  };
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

function jsonReader({ extract, next }: ExtractPlan, sources: Source[]): Reader {
  const each = extract.each === undefined ? undefined : compileJsonPath(extract.each);
  const nextPath = next !== undefined && 'json' in next ? compileJsonPath(next.json) : undefined;
  const paths = sources.map((source) => (source.from === 'json' ? compileJsonPath(source.path) : undefined));
  return ({ body, encoding }, finalUrl) => {
    const parsed = parseJson(decodeAs(encoding, body));
    if (!parsed.ok) return parsed;
    const items = each === undefined ? [parsed.value] : each.all(parsed.value);
    const content =
      sources.length === 0
        ? wholeItems(items)
        : { rows: items.map((item) => paths.map((path) => path?.all(item) ?? [])) };
    if ('detail' in content) return { ok: false, detail: content.detail };
    const named = nextPath?.first(parsed.value);
    const page = typeof named === 'string' && named !== '' ? requestUrl(named, finalUrl) : undefined;
    return { ok: true, content, links: [], next: page, base: finalUrl };
  };
}

function wholeItems(items: Json[]): { records: JsonObject[] } | { detail: string } {
  const odd = items.findIndex((item) => item === null || typeof item !== 'object' || Array.isArray(item));
  if (odd === -1) return { records: items as JsonObject[] };
  const item = items[odd] ?? null;
  const type = item === null ? 'null' : Array.isArray(item) ? 'a list' : `a ${typeof item}`;
  return { detail: `without fields a record has to be a JSON object; item ${String(odd)} is ${type}` };
}

function csvReader(sources: Source[]): Reader {
  const columns = sources.map((source) => (source.from === 'column' ? source.column : undefined));
  const rowOf = (row: CsvRow): Json[][] =>
    columns.map((column) => {
      const cell = column === undefined ? undefined : row.get(column);
      return cell === undefined ? [] : [cell];
    });
  return ({ body, encoding }, finalUrl) => {
    const parsed = parseCsv(decodeAs(encoding, body));
    if (!parsed.ok) return parsed;
    const content =
      sources.length === 0
        ? { records: parsed.rows.map((row) => Object.fromEntries(row)) }
        : { rows: parsed.rows.map(rowOf) };
    return { ok: true, content, links: [], next: undefined, base: finalUrl };
  };
}
