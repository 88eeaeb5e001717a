/** Short ways to a compiled extractor and a fetched document. */
import { compileExtractor, type ExtractPlan } from '#extract/compile.ts';
import { jsonOf, type Json, type JsonObject } from '#core/json.ts';
import type { Extraction } from '#core/ports.ts';
import type { ExtractSpec, FieldSpec } from '#core/task.ts';

export const FINAL_URL = 'https://site.example/dir/page.html?q=1';

export const spec = (part: Partial<ExtractSpec> = {}): ExtractSpec => ({
  format: 'auto',
  fields: {},
  keepBody: 'none',
  ...part,
});

export interface Arrived {
  type?: string;
  headers?: Record<string, string>;
  finalUrl?: string;
}

/** An extraction whose records are read. */
export type Extracted =
  (Omit<Extract<Extraction, { ok: true }>, 'records'> & { records: JsonObject[] }) | Extract<Extraction, { ok: false }>;

/** Extracts from one document; `type` undefined = no Content-Type header. */
export async function extract(
  plan: Partial<ExtractSpec> & Pick<ExtractPlan, 'links' | 'next'>,
  body: string | Uint8Array,
  { type, headers = {}, finalUrl = FINAL_URL }: Arrived = {},
): Promise<Extracted> {
  const { links, next, ...part } = plan;
  const extractor = await compileExtractor({
    extract: spec(part),
    ...(links === undefined ? {} : { links }),
    ...(next === undefined ? {} : { next }),
  });
  const result = await extractor.extract({
    url: 'https://site.example/start',
    finalUrl,
    headers: { ...(type === undefined ? {} : { 'content-type': type }), ...headers },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  });
  return result.ok ? { ...result, records: result.records.map((bytes) => jsonOf(bytes) as JsonObject) } : result;
}

/** The records, or the refusal as it is. */
export async function records(...given: Parameters<typeof extract>): Promise<JsonObject[] | Extracted> {
  const result = await extract(...given);
  return result.ok ? result.records : result;
}

/** The value of one field in the only record of an html document. */
export async function htmlField(field: string | FieldSpec, html: string): Promise<Json | Extracted | undefined> {
  const found = await records({ format: 'html', fields: { f: field } }, html);
  return Array.isArray(found) ? found[0]?.f : found;
}
