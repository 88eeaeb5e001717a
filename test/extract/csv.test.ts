import { CsvError, parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsv } from '#extract/csv.ts';

/** An independent reader, as lenient. */
function theirs(text: string): string[][] | 'malformed' {
  try {
    return parse(text, { delimiter: ',', relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
  } catch (error) {
    if (error instanceof CsvError) return 'malformed';
    throw error;
  }
}
function ours(text: string): string[][] | 'malformed' {
  const parsed = parseCsv(text);
  return parsed.ok ? parsed.rows.map((row) => [...row.values()]) : 'malformed';
}

const PIECES = ['a', 'é', '"', '""', ',', ',', '\n', '\r\n', '\r', ' ', '"b"', '😀'];

describe('cells of csv', () => {
  it('are those that another reader finds, however quotes and ends of lines are mixed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', '1,2,3\n', '1,2,3\r\n', '1,2,3\r'),
        fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }).map((pieces) => pieces.join('')),
        (header, body) => {
          const text = header + body;
          const all = theirs(text);
          expect(ours(text)).toEqual(all === 'malformed' ? all : all.slice(1));
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it('say where a quote is opened that nothing closes', () => {
    expect(parseCsv('a,b\n1,"2\n')).toEqual({
      ok: false,
      detail: 'malformed CSV: the quote that is opened at character 7 is not closed',
    });
  });
});
