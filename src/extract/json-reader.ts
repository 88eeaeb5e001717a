/** JSON: paths to rows, or whole objects. */
import type { ExtractPlan } from '#core/context.ts';
import type { Json, JsonObject } from '#core/json.ts';
import { requestUrl } from './convert.ts';
import type { Source } from './field.ts';
import { parseJson } from './json-document.ts';
import { compileJsonPath } from './json-path.ts';
import { decodeAs } from './legacy-decoder.ts';
import type { Reader } from './reader.ts';

export function jsonReader({ extract, next }: ExtractPlan, sources: Source[]): Reader {
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
