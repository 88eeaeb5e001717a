/** Short ways to a compiled extractor and a fetched document. */
import { compileExtractor, type ExtractPlan } from '#extract/compile.ts';
import type { Json, JsonObject } from '#core/json.ts';
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

/** Extracts from one document; `type` undefined = no Content-Type header. */
export async function extract(
  plan: Partial<ExtractSpec> & Pick<ExtractPlan, 'links' | 'next'>,
  body: string | Uint8Array,
  { type, headers = {}, finalUrl = FINAL_URL }: Arrived = {},
): Promise<Extraction> {
  const { links, next, ...part } = plan;
  const extractor = await compileExtractor({
    extract: spec(part),
    ...(links === undefined ? {} : { links }),
    ...(next === undefined ? {} : { next }),
  });
  return extractor.extract({
    url: 'https://site.example/start',
    finalUrl,
    headers: { ...(type === undefined ? {} : { 'content-type': type }), ...headers },
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  });
}

/** The records, or the refusal as it is. */
export async function records(...given: Parameters<typeof extract>): Promise<JsonObject[] | Extraction> {
  const result = await extract(...given);
  return result.ok ? result.records : result;
}

/** The value of one field in the only record of an html document. */
export async function htmlField(field: string | FieldSpec, html: string): Promise<Json | Extraction | undefined> {
  const result = await extract({ format: 'html', fields: { f: field } }, html);
  return result.ok ? result.records[0]?.f : result;
}
