/** Which engine reads a task's documents, and why: for people who want to know what a page will cost. */
import type { ExtractPlan } from '#core/context.ts';
import type { DocumentKind } from './content-type.ts';
import { compileField, sourceOf } from './field.ts';
import { jsonQuery } from './json-reader.ts';
import { treeReason, xmlTreeReason } from './markup-engine.ts';
import { markupQuery, mismatch } from './reader.ts';
import { parseReason } from './scan/json.ts';

export interface EngineChoice {
  kind: DocumentKind;
  /** `scan`: one pass over the bytes. `tree`: the whole document as a tree. `value`: parsed as a whole. `rows`: row by row, record by record. */
  engine: 'scan' | 'tree' | 'value' | 'rows';
  why: string;
}

/** For each kind of document that the task takes something from; empty with `format: none`. */
export async function engineChoices(plan: ExtractPlan): Promise<EngineChoice[]> {
  const { format, fields: given, each } = plan.extract;
  if (format === 'none') return [];
  const fields = await Promise.all(Object.entries(given).map(([name, field]) => compileField(name, field)));
  const kinds: DocumentKind[] = format === 'auto' ? ['html', 'xml', 'json', 'csv'] : [format];
  return kinds.flatMap((kind): EngineChoice[] => {
    const sources = fields.map((field) => sourceOf(field.given, kind, format));
    if (mismatch(kind, each, sources) !== undefined) return [];
    if (kind === 'json') {
      const reason = parseReason(jsonQuery(plan, fields, sources));
      if (reason !== undefined) return [{ kind, engine: 'value', why: reason }];
      return [{ kind, engine: 'scan', why: 'one pass over the bytes; odd documents are parsed, to the same records' }];
    }
    if (kind === 'csv') return [{ kind, engine: 'rows', why: 'every row is a record' }];
    const { query, made } = markupQuery(plan, fields, sources);
    if (kind === 'xml') {
      const whole = xmlTreeReason(query);
      if (whole !== undefined) return [{ kind, engine: 'tree', why: whole }];
      return [{ kind, engine: 'rows', why: 'record by record: memory for one at a time, however many there are' }];
    }
    const reason = treeReason(query, made);
    if (reason !== undefined) return [{ kind, engine: 'tree', why: reason }];
    const why =
      'one pass over the bytes; pages whose tags would be moved by a browser are read as a tree, to the same records';
    return [{ kind, engine: 'scan', why }];
  });
}
