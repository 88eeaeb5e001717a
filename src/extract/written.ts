/** Fields as an engine has to know them that writes records itself, as JSON. */
import type { Json } from '#core/json.ts';

export interface WrittenField {
  name: string;
  /** -1: no pick's, and `missing` is its value. */
  pick: number;
  all: boolean;
  /** What becomes of a match: nothing, its resolution (of a reference, without other options), or what `convert` says. */
  made: 'constant' | 'verbatim' | 'url' | 'converted';
  convert(raw: Json, base: string): Json;
  /** The value where nothing was found; undefined = null, or an empty list. */
  missing: Json | undefined;
  /** `missing` is as good as nothing. */
  missingIsEmpty: boolean;
  isRequired: boolean;
  /** Of all that was matched. */
  value(matches: Json[], base: string): Json;
  /** That a record lacks it, in words. */
  lacking(record: number): string;
}

/** What a document says, by the fields. */
export interface Written {
  ok: true;
  /** Each record's JSON text in UTF-8. */
  content: { written: Uint8Array[] };
  /** Verbatim, in document order. */
  links: string[];
  next: string | undefined;
  /** What references are relative to. */
  base: string;
}
export type ReadWritten = Written | { ok: false; detail: string };

/** Why a value of JSON is no record, for a person. */
export function wholeFault(value: Json, item: number): string | undefined {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return undefined;
  const type = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  return `without fields a record has to be a JSON object; item ${String(item)} is ${type}`;
}
