import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '#api/json-text.ts';
import { parseDocument } from '#api/yaml.ts';

const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]`;

describe('YAML', () => {
  it.each<[string, unknown]>([
    ['a: 1', { a: 1 }],
    ['\uFEFFa: 1', { a: 1 }],
    ['cache: off\nyes: no\nday: 2024-01-01', { cache: 'off', yes: 'no', day: '2024-01-01' }],
    ['{a: 1}', { a: 1 }],
    ['{"a": [1, 2.5, null, "x"]}', { a: [1, 2.5, null, 'x'] }],
    ['a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['', null],
  ])('%j is read', (text, value) => {
    expect(parseDocument(text)).toEqual({ ok: true, value });
  });

  it.each<[string, number, number, RegExp]>([
    ['a: 1\nb: 2\na: 3', 3, 1, /unique/],
    ['a:\n  - b\n c: 1', 3, 1, /./],
    ['a: !ruby/object:X {}', 1, 4, /tag/],
    ['a: 1\n---\nb: 2', 2, 1, /multiple documents/i],
    ['? [a, b]\n: 1', 1, 3, /strings/],
    ['a: *nobody', 1, 1, /alias/],
    [bomb, 1, 1, /alias/],
    ['- '.repeat(20_000), 1, 1, /./],
  ])('%j is refused at line %i, column %i', (text, line, column, message) => {
    const parsed = parseDocument(text, 'yaml');
    const [first] = parsed.ok ? [] : parsed.errors;
    expect(first?.message).toMatch(message);
    if (text.length < 1000) expect(first).toMatchObject({ path: '', line, column });
  });

  it('does not repeat the text in its errors', () => {
    const parsed = parseDocument('fetch: {headers: {Authorization: Bearer hunter2', 'yaml');
    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });
});

describe('JSON', () => {
  it.each<[string, number, string]>([
    ['', 0, 'the text ends, expected a value'],
    ['{"a":1,}', 7, 'expected a string as key'],
    ['{"a" 1}', 5, 'expected a colon'],
    ['[1 2]', 3, 'expected a comma or the end of the list or object'],
    ['[1,]', 3, 'expected a value'],
    ['[1}', 2, 'expected a comma or the end of the list or object'],
    ['{]', 1, 'expected a string as key or }'],
    ['1 2', 2, 'expected nothing more'],
    ["{'a': 1}", 1, 'expected a string as key or }'],
    ['{"a":1,"\\u0061":2}', 7, 'the object has this key twice'],
    ['01', 1, 'expected nothing more'],
    [`${'['.repeat(101)}`, 100, 'nested deeper than 100 levels'],
  ])('%j is refused at offset %i', (text, offset, message) => {
    expect(parseJson(text)).toEqual({ ok: false, message, offset });
  });

  it('is read like the language reads it', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'medium' }), (text) => {
        expect(parseJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
      }),
    );
  });

  it('is refused where the language refuses it', () => {
    const broken = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', '"', ':', '1', '\u0001', 'nul'));
    fc.assert(
      fc.property(broken, ([text, at, junk]) => {
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + junk + text.slice(place + (junk === '' ? 1 : 0));
        let valid = true;
        try {
          JSON.parse(changed);
        } catch {
          valid = false;
        }
        const parsed = parseJson(changed);
        if (valid && !parsed.ok) expect(parsed.message).toMatch(/twice/);
        else expect(parsed.ok).toBe(valid);
      }),
      { numRuns: 1000 },
    );
  });
});
