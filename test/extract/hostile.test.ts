/** Values that are written to take for ever: what tries each place of a text for each other place would be at one of them for minutes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExtractor } from '#extract/compile.ts';
import { readDate } from '#extract/date.ts';
import { trimmed } from '#extract/space.ts';

const CHARS = 300_000;
const RUNS = [' ', '\t', '\n', '0', '9', '.', ',', '-', '+', 'a', '/', '?', '#', '%', '%41', '&', '&#', ';', '_', ':', '@', '\\', '[', '(', 'é', '\u00a0', '<', '1.', 'a ', '../', 'T', 'Jan ']; // prettier-ignore
const FRAMES = [['', ''], ['x', 'x'], [' x', 'x '], ['1', 'x'], ['http://a/', 'x'], ['2020-01-01T10:00:00.', 'x'], ['1 jan 2020 10:00', '!']]; // prettier-ignore
const TYPES = ['text', 'number', 'integer', 'boolean', 'date', 'url'] as const;

describe('values of all types', () => {
  it.each(RUNS)('made of %j', async (run) => {
    const fields = Object.fromEntries(
      TYPES.flatMap((as) => [
        [as, { css: 'a', as }],
        [`${as}Attribute`, { css: 'a', attr: 'href', as }],
      ]),
    );
    const extractor = await compileExtractor({ extract: { format: 'html', fields, keepBody: 'none' } });
    for (const [before = '', after = ''] of FRAMES) {
      const value = before + run.repeat(CHARS / run.length) + after;
      const markup = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      const url = 'http://a.example/';
      const made = await extractor.extract({
        url,
        finalUrl: url,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: Buffer.from(`<a href="${markup}">${markup}</a>`),
      });
      expect(made).toMatchObject({ ok: true, records: [expect.anything()] });
    }
  });
});

it('white space at the ends goes, as HTML has it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\f', '\r', '\v', '\u00a0', 'a') }), (text) => {
      expect(trimmed(text)).toBe(text.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, ''));
    }),
  );
});

it('a date with more to it than a date has is none', () => {
  expect(readDate(`2020-01-01T10:00:00.${'0'.repeat(100)}1Z`)).toBe(`2020-01-01T10:00:00.${'0'.repeat(100)}1Z`);
  expect(readDate(`2020-01-01T10:00:00.${'0'.repeat(200)}1Z`)).toBeNull();
});
