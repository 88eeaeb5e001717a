/** A field of a task, compiled: what it reads where, and what its options make of what was read. */
import type { Json, JsonObject } from '#core/json.ts';
import type { ExtractFormat, FieldSpec, FieldType } from '#core/task.ts';
import type { DocumentKind } from './content-type.ts';
import { convert } from './convert.ts';
import { compilePattern } from './pattern.ts';
import type { WrittenField } from './written.ts';

export interface Field {
  name: string;
  /** As the task has it: a string is the short form. */
  given: string | FieldSpec;
  all: boolean;
  isRequired: boolean;
  /** What it reads is a reference, relative to the document's base. */
  isUrl: boolean;
  /** What its options ask beside `all`, `default` and `required`. */
  as: FieldType | undefined;
  attr: string | undefined;
  isMatched: boolean;
  /** One match to one value: `match`, `as`. */
  one(raw: Json, base: string): Json;
  /** `default`. */
  fallback: Json | undefined;
  /**
   * What was matched, in order, to the field's value: `match`, `as`, `all`, `default`.
   * @param base what relative URLs are relative to.
   */
  value(matches: Json[], base: string): Json;
  /** That a record lacks it, for a person. */
  lacking(record: number): string;
}

export async function compileField(name: string, given: string | FieldSpec): Promise<Field> {
  const spec: FieldSpec = typeof given === 'string' ? {} : given;
  const { as, attr, match, default: fallback } = spec;
  const all = spec.all === true;
  const pattern = match === undefined ? undefined : await compilePattern(match);
  const one = (raw: Json, base: string): Json => {
    const matched = pattern === undefined ? raw : matchedPart(raw, pattern);
    return as === undefined ? matched : convert(matched, { as, attr, base });
  };
  const isRequired = spec.required === true;
  return {
    name,
    given,
    all,
    isRequired,
    lacking: (record) => `required field ${describeField({ name, given })} is missing in record ${String(record)}`,
    isUrl: as === 'url',
    as,
    attr,
    isMatched: pattern !== undefined,
    one,
    fallback,
    value(matches, base) {
      if (spec.const !== undefined) return spec.const;
      const value = all ? matches.map((raw) => one(raw, base)) : one(matches[0] ?? null, base);
      return fallback !== undefined && isMissing(value, all) ? fallback : value;
    },
  };
}

function matchedPart(raw: Json, pattern: (text: string) => string | null): string | null {
  return raw === null || typeof raw === 'object' ? null : pattern(String(raw));
}

/** Null, or for a field of `all` matches a list with nothing but nulls. */
export function isMissing(value: Json, all: boolean): boolean {
  return isNull(value) || (all && Array.isArray(value) && value.every(isNull));
}

/** As JSON has it, which writes a number beyond all of JavaScript's (`1e400`) as null. */
const isNull = (value: Json): boolean => value === null || value === Infinity || value === -Infinity;

/** A record, or that it lacks a required field, for a person. @param row what each field matched. */
export function recordOf(
  fields: readonly Pick<Field, 'name' | 'all' | 'isRequired' | 'value' | 'lacking'>[],
  row: readonly Json[][],
  base: string,
  index: number,
): JsonObject | string {
  const entries: [string, Json][] = [];
  for (const [at, field] of fields.entries()) {
    const value = field.value(row[at] ?? [], base);
    if (field.isRequired && isMissing(value, field.all)) return field.lacking(index);
    entries.push([field.name, value]);
  }
  // fromEntries defines, so a field may even be called __proto__.
  return Object.fromEntries(entries);
}

/**
 * The field for an engine that writes records itself.
 * @param pick -1 = it reads nothing.
 * @param isJson matches are JSON, not strings.
 */
export function writtenField(field: Field, pick: number, isJson: boolean): WrittenField {
  const { name, all, as, attr, isMatched, fallback } = field;
  const missing = pick === -1 ? field.value([], '') : fallback;
  const isVerbatim = as === undefined || (!isJson && (as === 'text' || as === 'html'));
  const isUrl = as === 'url' && (isJson || attr !== undefined);
  return {
    name,
    pick,
    all,
    made: pick === -1 ? 'constant' : isMatched ? 'converted' : isVerbatim ? 'verbatim' : isUrl ? 'url' : 'converted',
    convert: (raw, base) => field.one(raw, base),
    missing,
    missingIsEmpty: missing === undefined || isMissing(missing, all),
    isRequired: field.isRequired,
    value: (matches, base) => field.value(matches, base),
    lacking: (record) => field.lacking(record),
  };
}

/** What a field reads in documents of a kind. `nothing`: it is made for another kind. */
export type Source =
  | { from: 'css'; css: string; attr: string | undefined; markup: boolean }
  | { from: 'json'; path: string }
  | { from: 'column'; column: string }
  | { from: 'const' }
  | { from: 'nothing' };

/** The short form's meaning in a format; with `auto` it is the document that decides between CSS and column. */
export function longForm(given: string | FieldSpec, format: ExtractFormat | DocumentKind): FieldSpec {
  if (typeof given !== 'string') return given;
  if (format === 'csv') return { column: given };
  return given.startsWith('$') ? { json: given } : { css: given };
}

/** @param format of the task: in a task for CSV alone, a name that starts with `$` is a column too. */
export function sourceOf(given: string | FieldSpec, kind: DocumentKind, format: ExtractFormat): Source {
  const isPath = typeof given === 'string' && given.startsWith('$');
  const spec = longForm(given, kind === 'csv' && format !== 'csv' && isPath ? 'json' : kind);
  if (spec.const !== undefined) return { from: 'const' };
  if (spec.css !== undefined && (kind === 'html' || kind === 'xml')) {
    return { from: 'css', css: spec.css, attr: spec.attr, markup: spec.as === 'html' };
  }
  if (spec.json !== undefined && kind === 'json') return { from: 'json', path: spec.json };
  if (spec.column !== undefined && kind === 'csv') return { from: 'column', column: spec.column };
  return { from: 'nothing' };
}

/** The field for a sentence: `"price" (css ".price", attr "content")`. */
export function describeField({ name, given }: Pick<Field, 'name' | 'given'>): string {
  if (typeof given === 'string') return `"${name}" (${JSON.stringify(given)})`;
  const parts = (['css', 'json', 'column', 'attr', 'match', 'as'] as const).flatMap((part) => {
    const value = given[part];
    return value === undefined ? [] : [`${part} ${JSON.stringify(value)}`];
  });
  return `"${name}" (${parts.join(', ')})`;
}
