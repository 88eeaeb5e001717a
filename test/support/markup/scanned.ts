/** A query's picks as fields of records: what the scanner writes of a document, and what the tree's answer makes. */
import { jsonOf, type Json } from '#core/json.ts';
import type { FieldSpec } from '#core/task.ts';
import { recordsOf } from '#extract/compile.ts';
import { baseUrl } from '#extract/convert.ts';
import { domEngine } from '#extract/dom-engine.ts';
import { compileField, sourceOf, type Field } from '#extract/field.ts';
import { scanEngine } from '#extract/markup-engine.ts';
import type { MarkupBytes, MarkupQuery, Pick } from '#extract/markup.ts';
import type { WrittenField } from '#extract/written.ts';
import { markupQuery } from '#extract/reader.ts';

export const FINAL_URL = 'https://site.example/dir/page.html?q=1#f';

/** What a document says, for comparison: records are JSON texts. */
export type Said =
  | { ok: true; records: string[]; links: string[]; next: string | undefined; base: string }
  | { ok: false; detail: string };

export interface Both {
  /** Undefined where the query needs a tree; a string says why a document does. */
  scan: ((document: MarkupBytes) => Said | string) | undefined;
  tree: (document: MarkupBytes) => Said;
}

/** @param options of the field that a pick is made, by its number. */
export async function bothOf(query: MarkupQuery, options: (pick: Pick, at: number) => FieldSpec): Promise<Both> {
  const given = query.picks.map((pick, at): FieldSpec => ({ ...specOf(pick), ...options(pick, at) }));
  const fields = await Promise.all(given.map((spec, at) => compileField(`f${String(at)}`, spec)));
  const sources = given.map((spec) => sourceOf(spec, 'html', 'auto'));
  const { links, next, each } = query;
  const plan = {
    extract: { format: 'html', fields: {}, keepBody: 'none', ...(each !== undefined && { each }) },
    ...(links !== undefined && { links }),
    ...(next !== undefined && { next: { css: next } }),
  } as const;
  const asked = markupQuery(plan, fields, sources);
  const base = query.base || asked.query.base;
  return bothOfFields({ ...asked.query, base }, asked.made, fields);
}

function bothOfFields(query: MarkupQuery, made: WrittenField[], fields: Field[]): Both {
  const scan = scanEngine(query, made);
  const tree = domEngine('html', query);
  return {
    scan:
      scan &&
      ((document) => {
        const read = scan(document, FINAL_URL);
        if (typeof read === 'string' || !read.ok) return read;
        const { content, links, next, base } = read;
        const records = 'written' in content ? content.written.map((bytes) => Buffer.from(bytes).toString()) : [];
        return { ok: true, records, links, next, base };
      }),
    tree: (document) => {
      const result = tree(document);
      if (!result.ok) return result;
      const { rows, links, next, baseHref } = result.answer;
      const base = baseUrl(baseHref, FINAL_URL);
      const content = { rows: rows.map((row) => made.map(({ pick }) => row[pick] ?? [])) };
      const records = recordsOf(fields, { ok: true, content, links, next, base });
      if (!Array.isArray(records)) return { ok: false, detail: records.detail };
      return { ok: true, records: records.map((bytes) => Buffer.from(bytes).toString()), links, next, base };
    },
  };
}

function specOf({ css, reading, all }: Pick): FieldSpec {
  const how =
    reading.as === 'attribute' ? { attr: reading.name } : reading.as === 'html' ? { as: 'html' as const } : {};
  return { css, all, ...how };
}

/** `rows[row][pick]` of a scanned document, in UTF-8; a string says why it is left to the tree. */
export async function scannedRows(query: MarkupQuery): Promise<(html: string) => string | Json[][]> {
  const { scan } = await bothOf(query, () => ({}));
  return (html) => {
    if (scan === undefined) return 'the query needs a tree';
    const said = scan({ body: Buffer.from(html), encoding: 'utf-8' });
    if (typeof said === 'string') return said;
    return said.ok
      ? said.records.map((record) => Object.values(jsonOf(Buffer.from(record)) as object) as Json[])
      : said.detail;
  };
}
