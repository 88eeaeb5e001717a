import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '#core/json.ts';
import type { FieldSpec, FieldType } from '#core/task.ts';
import { baseUrl, collapse, convert, requestUrl, resolveUrl } from '#extract/convert.ts';
import { readDate } from '#extract/date.ts';
import { extract, htmlField, records } from './documents.ts';

describe('conversions', () => {
  test.each<[as: FieldType, value: Json, result: Json]>([
    ['text', ' a \n b\u00a0', 'a b\u00a0'],
    ['text', 12.5, '12.5'],
    ['text', true, 'true'],
    ['text', null, null],
    ['text', ['a'], null],
    ['number', ' 12.50 ', 12.5],
    ['number', '\u00a012', 12],
    ['number', '+1', 1],
    ['number', '-0', 0],
    ['number', '1e3', 1000],
    ['number', '1E-3', 0.001],
    ['number', '1,234', null],
    ['number', '12,5', null],
    ['number', '$5', null],
    ['number', '.5', null],
    ['number', '5.', null],
    ['number', '0x10', null],
    ['number', 'Infinity', null],
    ['number', '1e999', null],
    ['number', '', null],
    ['number', 7, 7],
    ['number', true, null],
    ['integer', '42', 42],
    ['integer', '-7', -7],
    ['integer', '4.0', null],
    ['integer', '9007199254740991', 9007199254740991],
    ['integer', '9007199254740993', null],
    ['integer', 5, 5],
    ['integer', 5.5, null],
    ['boolean', 'TRUE', true],
    ['boolean', ' yes ', true],
    ['boolean', '1', true],
    ['boolean', 1, true],
    ['boolean', true, true],
    ['boolean', 'false', false],
    ['boolean', 'No', false],
    ['boolean', 0, false],
    ['boolean', '', null],
    ['boolean', 'on', null],
    ['date', 12, null],
    ['url', 12, null],
    ['url', '  ', null],
    ['url', ' ../x ', 'https://site.example/x'],
    ['url', 'http://[', null],
    ['url', 'mailto:a@b.example', 'mailto:a@b.example'],
  ])('%s of %j is %j', (as, value, result) => {
    expect(convert(value, { as, attr: undefined, base: 'https://site.example/dir/page' })).toEqual(result);
  });

  test.each<[attr: string, value: string, as: FieldType, result: Json]>([
    ['checked', '', 'boolean', true],
    ['checked', 'CHECKED', 'boolean', true],
    ['checked', 'false', 'boolean', false],
    ['checked', 'other', 'boolean', null],
    ['href', '', 'url', 'https://site.example/dir/page'],
    ['title', ' a  b ', 'text', ' a  b '],
  ])('attribute %s=%j as %s is %j', (attr, value, as, result) => {
    expect(convert(value, { as, attr, base: 'https://site.example/dir/page' })).toEqual(result);
  });

  test.each<[text: string, date: string | null]>([
    ['2024-02-29', '2024-02-29'],
    ['2023-02-29', null],
    ['2024-13-01', null],
    ['0050-01-01', '0050-01-01'],
    ['2024-05-01T10:00:00Z', '2024-05-01T10:00:00Z'],
    ['2024-05-01T10:00:00+02:00', '2024-05-01T08:00:00Z'],
    ['2024-05-01T23:30-0130', '2024-05-02T01:00:00Z'],
    ['2024-05-01 10:00:00 +08', '2024-05-01T02:00:00Z'],
    ['2024-05-01T10:00:00', '2024-05-01T10:00:00Z'],
    ['2024-05-01t10:00:00.120300z', '2024-05-01T10:00:00.1203Z'],
    ['2024-05-01T10:00:00.000Z', '2024-05-01T10:00:00Z'],
    ['2024-05-01T24:00:00Z', null],
    ['2024-05-01T10:60:00Z', null],
    ['2024-05-01T10:00:00+25:00', null],
    ['0000-01-01T00:00:00+01:00', null],
    ['9999-12-31T23:59:59-01:00', null],
    ['Tue, 15 Nov 1994 08:12:31 GMT', '1994-11-15T08:12:31Z'],
    ['15 Nov 1994 08:12 EST', '1994-11-15T13:12:00Z'],
    ['Tue, 15 Nov 94 08:12:31 +0130 (comment)', '1994-11-15T06:42:31Z'],
    ['1 January 2030 00:00:00', '2030-01-01T00:00:00Z'],
    ['31 Feb 2024 00:00:00 GMT', null],
    ['15 Nov 1994 08:12:31 XYZ', null],
    ['01/02/2024', null],
    ['yesterday', null],
    ['', null],
  ])('date %j is %j', (text, date) => {
    expect(readDate(text)).toBe(date);
  });

  test('a date-time that is read means the moment that JavaScript reads', () => {
    const moments = fc.date({
      min: new Date('0001-01-02T00:00:00Z'),
      max: new Date('9999-12-30T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, (moment) => {
        expect(Date.parse(readDate(moment.toISOString()) ?? '')).toBe(moment.getTime());
      }),
    );
  });

  test('collapse leaves no run and no end of HTML white space, and touches nothing else', () => {
    const texts = fc.string({
      unit: fc.constantFrom(' ', '\t', '\n', '\f', '\r', '\u00a0', '\v', '\u2003', 'a', '😀'),
    });
    fc.assert(
      fc.property(texts, (text) => {
        const collapsed = collapse(text);
        expect(collapsed).not.toMatch(/^ | $| {2}|[\t\n\f\r]/);
        expect(collapsed.split(' ')).toEqual(
          text.split(/[ \t\n\f\r]+/).filter((word) => word !== '').length === 0
            ? ['']
            : text.split(/[ \t\n\f\r]+/).filter((word) => word !== ''),
        );
        expect(collapse(collapsed)).toBe(collapsed);
      }),
    );
  });

  test('resolving never throws and gives what parses again to itself', () => {
    const references = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.constantFrom('//', 'http://', '?', '#', 'a:b', '\0'),
    );
    fc.assert(
      fc.property(references, references, (reference, base) => {
        for (const url of [
          resolveUrl(reference, 'https://site.example/'),
          requestUrl(reference, 'https://site.example/'),
        ]) {
          if (url !== null && url !== undefined) expect(new URL(url).href).toBe(url);
        }
        expect(() => new URL(baseUrl(base, 'https://site.example/'))).not.toThrow();
      }),
    );
  });
});

describe('options of a field', () => {
  const html = `<meta name=topic content="  deep  sea "><h1> A\t B&nbsp;</h1><p class=price>USD 12.50</p>
    <a href=" /x#f ">one</a><a>two</a><a href="http://[">three</a><input checked>`;
  test.each<[field: string | FieldSpec, value: unknown]>([
    ['h1', 'A B\u00a0'],
    [{ css: 'h1', as: 'text' }, 'A B\u00a0'],
    [{ css: 'h2' }, null],
    [{ css: 'h2', default: 'none' }, 'none'],
    [{ css: 'h2', default: null }, null],
    [{ css: 'h1', default: 'none' }, 'A B\u00a0'],
    [{ css: 'h2', all: true }, []],
    [{ css: 'h2', all: true, default: ['x'] }, ['x']],
    [{ css: 'meta[name=topic]', attr: 'content' }, '  deep  sea '],
    [{ css: 'meta', attr: 'Name' }, 'topic'],
    [{ css: 'a', attr: 'href', as: 'url' }, 'https://site.example/x#f'],
    [{ css: 'a', attr: 'href', as: 'url', all: true }, ['https://site.example/x#f', null, null]],
    [{ css: 'a[href]', attr: 'href', all: true }, [' /x#f ', 'http://[']],
    [{ css: 'a', all: true }, ['one', 'two', 'three']],
    [{ css: '.price', match: '([0-9.]+)', as: 'number' }, 12.5],
    [{ css: '.price', match: '[A-Z]+' }, 'USD'],
    [{ css: '.price', match: '(EUR)?.*' }, null],
    [{ css: '.price', match: 'EUR' }, null],
    [{ css: '.price', match: 'EUR', default: 0 }, 0],
    [{ css: 'a', match: '(t.*)', all: true }, [null, 'two', 'three']],
    [{ css: '.price', match: '(?i)usd\\s+(?P<n>\\d+)', as: 'integer' }, 12],
    [{ css: 'input', attr: 'checked', as: 'boolean' }, true],
    [{ css: 'input', attr: 'disabled', as: 'boolean' }, null],
    [{ const: { kind: ['book'] } }, { kind: ['book'] }],
    [{ const: null }, null],
    [{ css: 'h1', as: 'html' }, '<h1> A\t B&nbsp;</h1>'],
    [{ css: 'h1', required: true }, 'A B\u00a0'],
    [{ css: 'h2', required: true, default: 'x' }, 'x'],
  ])('%j', async (field, value) => {
    await expect(htmlField(field, html)).resolves.toEqual(value);
  });

  test.each<[field: FieldSpec, names: string]>([
    [{ css: 'h2', required: true }, '"f" (css "h2")'],
    [{ css: 'h2', required: true, default: null }, '"f" (css "h2")'],
    [{ css: 'h1', attr: 'id', required: true }, '"f" (css "h1", attr "id")'],
    [{ css: 'h1', as: 'number', required: true }, '"f" (css "h1", as "number")'],
    [{ css: 'h2', all: true, required: true }, '"f" (css "h2")'],
    [{ css: 'a', attr: 'id', all: true, required: true }, '"f" (css "a", attr "id")'],
  ])('missing though required: %j', async (field, names) => {
    const refused = { ok: false, reason: 'extract', detail: `required field ${names} is missing in record 0` };
    await expect(htmlField(field, html)).resolves.toEqual(refused);
  });

  test('one record without a required field fails the target', async () => {
    const plan = { format: 'html' as const, each: 'li', fields: { b: { css: 'b', required: true } } };
    const result = await extract(plan, '<li><b>x</b></li><li>y</li>');
    expect(result).toEqual({
      ok: false,
      reason: 'extract',
      detail: 'required field "b" (css "b") is missing in record 1',
    });
  });

  test.each<[head: string, url: string]>([
    ['<base href="/b/">', 'https://site.example/b/x'],
    ['<base target=_top><base href="//cdn.example/"><base href="/no/">', 'https://cdn.example/x'],
    ['<base href="http://[">', 'https://site.example/dir/x'],
    ['<base href="javascript:1">', 'https://site.example/dir/x'],
    ['<template><base href="/no/"></template>', 'https://site.example/dir/x'],
  ])('as url with %s', async (head, url) => {
    await expect(htmlField({ css: 'a', attr: 'href', as: 'url' }, `${head}<a href=x>`)).resolves.toBe(url);
  });

  test('names of fields are kept whatever they are', async () => {
    const fields = Object.fromEntries([
      ['__proto__', { const: 1 }],
      ['constructor', { const: 2 }],
    ] as const);
    const found = await records({ format: 'html', fields }, '');
    expect(JSON.stringify(found)).toBe('[{"__proto__":1,"constructor":2}]');
  });
});
