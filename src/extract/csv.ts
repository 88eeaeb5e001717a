/** CSV to rows by column name (RFC 4180, leniently): the first line is the header, the delimiter is found in it. */
import { CsvError, parse } from 'csv-parse/sync';

export type CsvRow = Map<string, string>;
export type ParsedCsv = { ok: true; rows: CsvRow[] } | { ok: false; detail: string };

const DELIMITERS = [',', ';', '\t', '|'];

/**
 * Cells are verbatim; empty lines are skipped. A header that is empty or was seen before is named `column_3` (from 1) or
 * `name_2`; a cell beyond the header counts as an unnamed column, one that is missing is not in the row.
 */
export function parseCsv(text: string): ParsedCsv {
  let lines: string[][];
  try {
    lines = parse(text, {
      delimiter: delimiterOf(text),
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    });
  } catch (error) {
    if (error instanceof CsvError) return { ok: false, detail: `malformed CSV: ${error.message}` };
    throw error;
  }
  const [header = [], ...data] = lines;
  const columns = namesOf(header);
  const nameOf = (at: number): string => (columns[at] ??= unused(columns, `column_${String(at + 1)}`));
  return { ok: true, rows: data.map((cells) => new Map(cells.map((cell, at) => [nameOf(at), cell]))) };
}

function namesOf(header: string[]): string[] {
  const names: string[] = [];
  for (const [at, cell] of header.entries()) {
    const name = cell.trim();
    names.push(unused(names, name === '' ? `column_${String(at + 1)}` : name));
  }
  return names;
}

function unused(names: string[], wanted: string): string {
  let name = wanted;
  for (let n = 2; names.includes(name); n++) name = `${wanted}_${String(n)}`;
  return name;
}

/** The delimiter that occurs most often in the header outside quotes; a comma when none does. */
function delimiterOf(text: string): string {
  const counts = DELIMITERS.map(() => 0);
  let quoted = false;
  for (const char of text.replace(/^[\r\n]+/, '')) {
    if (char === '"') quoted = !quoted;
    else if (!quoted && (char === '\n' || char === '\r')) break;
    const at = quoted ? -1 : DELIMITERS.indexOf(char);
    if (at !== -1) counts[at] = (counts[at] ?? 0) + 1;
  }
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}
