import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { apiTypes } from '../generate.ts';
import { bytes, diff, duration, usd } from '../src/format.ts';
import { en } from '../src/i18n/en.ts';
import { zhCN } from '../src/i18n/zh-cn.ts';
import { fill, preferredLanguage } from '../src/i18n/language.tsx';
import { after, PER_SECOND_MAX, polling, Spacing, waitMs } from '../src/polling.ts';
import { placeOf } from '../src/router.ts';

test('the types are those of the OpenAPI document of now (else: node console/generate.ts)', () => {
  const file = path.join(import.meta.dirname, '..', 'src', 'generated', 'api.ts');
  expect(readFileSync(file, 'utf8')).toBe(apiTypes());
});

describe('words', () => {
  const holes = (sentence: string): string[] => [...sentence.matchAll(/\{(\w+)\}/g)].map(([hole]) => hole).sort();
  test('both languages have the same keys, with the same values to fill in, and none is empty', () => {
    expect(Object.keys(zhCN).sort()).toEqual(Object.keys(en).sort());
    for (const [key, sentence] of Object.entries(en)) {
      const translated = zhCN[key as keyof typeof en];
      expect(holes(translated), key).toEqual(holes(sentence));
      expect(translated.trim(), key).not.toBe('');
    }
  });
  test('a value fills its place, an unknown one leaves it', () => {
    expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}');
  });
  test.each([
    [null, 'zh-TW', 'zh-CN'],
    [null, 'de', 'en'],
    ['en', 'zh-CN', 'en'],
  ])('stored %s, browser %s: %s', (stored, browser, wanted) => {
    expect(preferredLanguage(stored, browser)).toBe(wanted);
  });
});

describe('polling', () => {
  test('whoever watches however much in one tab, no second has more than its share', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(900), { minLength: 5, maxLength: 60 }), (gaps) => {
        const spacing = new Spacing();
        let now = 0;
        const times = gaps.map((gap) => {
          now += gap;
          return now + spacing.take(now);
        });
        for (const time of times)
          expect(times.filter((other) => other >= time && other < time + 999.999).length).toBeLessThanOrEqual(
            PER_SECOND_MAX,
          );
      }),
    );
  });
  test('failures wait ever longer, up to half a minute; one success forgets them', () => {
    let state = polling(1_000);
    const waits = Array.from({ length: 7 }, () => waitMs((state = after(state, 'failed'))));
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(waitMs(after(state, 'changed'))).toBe(1_000);
  });
  test('what stands still is looked at more rarely, and at once again when it moves', () => {
    let state = polling(1_000);
    for (let i = 0; i < 30; i++) state = after(state, 'same');
    expect(waitMs(state)).toBe(4_000);
    expect(waitMs(after(state, 'changed'))).toBe(1_000);
  });
});

describe('figures', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 KB'],
    [2_345_678_901, '2.3 GB'],
  ])('%d bytes', (value, wanted) => expect(bytes(value, 'en')).toBe(wanted));
  test.each([
    [5_640, '5.6 s'],
    [184_000, '3 min 4 s'],
    [3_720_000, '1 h 2 min'],
  ])('%d ms', (ms, wanted) => expect(duration(ms)).toBe(wanted));
  test('small sums keep their digits', () => {
    expect(usd(0, 'en')).toBe('$0.00');
    expect(usd(0.000123, 'en')).toBe('$0.00012');
    expect(usd(12.345, 'en')).toBe('$12.35');
  });
});

test('a diff holds both documents, in order', () => {
  const document = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(document, document, (a, b) => {
      const lines = diff(a.join('\n'), b.join('\n'));
      const of = (not: string): string[] => lines.filter(({ kind }) => kind !== not).map(({ text }) => text);
      expect(of('added')).toEqual(a);
      expect(of('removed')).toEqual(b);
    }),
  );
});

test('places: path and query of the fragment, decoded; what is no escape stays', () => {
  expect(placeOf('#/run/a%20b?url=x%26y')).toEqual({ path: ['run', 'a b'], query: new URLSearchParams('url=x%26y') });
  expect(placeOf('#/task/%zz').path).toEqual(['task', '%zz']);
  expect(placeOf('').path).toEqual([]);
});
