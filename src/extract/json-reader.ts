/**
 * JSON: paths to records, or whole objects. Fields are read in one pass over the bytes where their paths allow it; otherwise, and
 * for what is malformed, the document is parsed.
 */
import type { ExtractPlan } from '#core/context.ts';
import type { Json, JsonObject } from '#core/json.ts';
import { BoundPassed } from './bound-passed.ts';
import { requestUrl } from './convert.ts';
import { writtenField, type Field, type Source } from './field.ts';
import { parseJson } from './json-document.ts';
import { compileJsonPath, newEffort } from './json-path.ts';
import { decodeAs } from './legacy-decoder.ts';
import type { Reader } from './reader.ts';
import { jsonScan, type JsonQuery } from './scan/json.ts';
import { wholeFault } from './written.ts';

export function jsonReader(plan: ExtractPlan, fields: Field[], sources: Source[]): Reader {
  const parsed = parsedReader(plan, sources);
  const scan = jsonScan(jsonQuery(plan, fields, sources));
  if (scan === undefined) return parsed;
  return (document, finalUrl) => {
    const read = scan(document, finalUrl);
    if (read === undefined) return parsed(document, finalUrl);
    if (!read.ok) return read;
    return { ...read, next: read.next === undefined ? undefined : requestUrl(read.next, finalUrl) };
  };
}

export function jsonQuery({ extract, next }: ExtractPlan, fields: Field[], sources: Source[]): JsonQuery {
  const paths: { path: string; all: boolean }[] = [];
  const written = fields.map((field, i) => {
    const source = sources[i];
    const pick = source?.from === 'json' ? paths.push({ path: source.path, all: field.all }) - 1 : -1;
    return writtenField(field, pick, true);
  });
  const pages = next !== undefined && 'json' in next ? next.json : undefined;
  return { each: extract.each, next: pages, paths, fields: written };
}

export function parsedReader({ extract, next }: ExtractPlan, sources: Source[]): Reader {
  const each = extract.each === undefined ? undefined : compileJsonPath(extract.each);
  const nextPath = next !== undefined && 'json' in next ? compileJsonPath(next.json) : undefined;
  const paths = sources.map((source) => (source.from === 'json' ? compileJsonPath(source.path) : undefined));
  return ({ body, encoding }, finalUrl) => {
    const parsed = parseJson(decodeAs(encoding, body));
    if (!parsed.ok) return parsed;
    const effort = newEffort();
    try {
      const items = each === undefined ? [parsed.value] : each.all(parsed.value, effort);
      const content =
        sources.length === 0
          ? wholeItems(items)
          : { rows: items.map((item) => paths.map((path) => path?.all(item, effort) ?? [])) };
      if ('detail' in content) return { ok: false, detail: content.detail };
      const named = nextPath?.first(parsed.value, effort);
      const page = typeof named === 'string' && named !== '' ? requestUrl(named, finalUrl) : undefined;
      return { ok: true, content, links: [], next: page, base: finalUrl };
    } catch (error) {
      if (error instanceof BoundPassed) return { ok: false, detail: error.message };
      throw error;
    }
  };
}

function wholeItems(items: Json[]): { records: JsonObject[] } | { detail: string } {
  for (const [at, item] of items.entries()) {
    const detail = wholeFault(item, at);
    if (detail !== undefined) return { detail };
  }
  return { records: items as JsonObject[] };
}
