/** A JSON body as a document: its value, or the place where it stops being one. The text itself is never told. */
import { parseJson } from './json-text.ts';

export interface TextError {
  /** Always '': the text could not be read as a document yet. */
  path: '';
  message: string;
  /** 1-based. */
  line: number;
  column: number;
}
export type ParsedText = { ok: true; value: unknown } | { ok: false; errors: TextError[] };

export function jsonDocument(text: string): ParsedText {
  const source = withoutMark(text);
  const parsed = parseJson(source);
  return parsed.ok ? parsed : { ok: false, errors: [at(source, parsed.offset, parsed.message)] };
}

export const withoutMark = (text: string): string => text.replace(/^\uFEFF/, '');

export function at(source: string, offset: number, message: string): TextError {
  const before = source.slice(0, offset).split('\n');
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  return { path: '', message: `line ${String(line)}, column ${String(column)}: ${message}`, line, column };
}
