/** CSV: columns to rows, or whole rows. */
import type { Json } from '#core/json.ts';
import { parseCsv, type CsvRow } from './csv.ts';
import type { Source } from './field.ts';
import { decodeAs } from './legacy-decoder.ts';
import type { Reader } from './reader.ts';

export function csvReader(sources: Source[]): Reader {
  const columns = sources.map((source) => (source.from === 'column' ? source.column : undefined));
  const rowOf = (row: CsvRow): Json[][] =>
    columns.map((column) => {
      const cell = column === undefined ? undefined : row.get(column);
      return cell === undefined ? [] : [cell];
    });
  return ({ body, encoding }, finalUrl) => {
    const parsed = parseCsv(decodeAs(encoding, body));
    if (!parsed.ok) return parsed;
    const content =
      sources.length === 0
        ? { records: parsed.rows.map((row) => Object.fromEntries(row)) }
        : { rows: parsed.rows.map(rowOf) };
    return { ok: true, content, links: [], next: undefined, base: finalUrl };
  };
}
