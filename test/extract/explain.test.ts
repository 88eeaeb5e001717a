import { expect, test } from 'vitest';
import type { ExtractSpec } from '#core/task.ts';
import { engineChoices, type EngineChoice } from '#extract/explain.ts';
import { spec } from './documents.ts';

test.each<[name: string, part: Partial<ExtractSpec>, engines: string[]]>([
  ['simple selectors are scanned', { format: 'html', fields: { a: 'h1 > .b' } }, ['html scan']],
  ['each too', { format: 'html', each: 'li.card', fields: { a: '> a' } }, ['html scan']],
  ['siblings need a tree', { format: 'html', fields: { a: 'h1', b: 'h1 + p' } }, ['html tree']],
  ['so does an each', { format: 'html', each: 'li:first-child', fields: { a: '.' } }, ['html tree']],
  ['xml without each is one record', { format: 'xml', fields: { a: 'item' } }, ['xml tree']],
  [
    'with each it is read record by record',
    { format: 'xml', each: 'item', fields: { a: '> b', c: '.' } },
    ['xml rows'],
  ],
  ['unless siblings are looked at', { format: 'xml', each: 'item', fields: { a: 'b + c' } }, ['xml tree']],
  ['a short field may be a selector or a column', { fields: { a: 'h1' } }, ['html scan', 'xml tree', 'csv rows']],
  ['a path is for json', { fields: { a: '$.a' } }, ['json scan']],
  ['whole objects too', { format: 'json', each: '$.items[*]' }, ['json scan']],
  ['nothing is read', { format: 'none' }, []],
])('%s', async (_name, part, engines) => {
  const choices = await engineChoices({ extract: spec(part) });
  expect(choices.map(({ kind, engine }: EngineChoice) => `${kind} ${engine}`)).toEqual(engines);
});

test.each<[fields: ExtractSpec['fields'], why: string]>([
  [{ a: '$..b' }, '$..b has more than names, places and wildcards'],
  [{ a: '$.b', c: '$[-1]' }, '$[-1] counts from the end'],
  [{ a: { json: '$.a', default: 'x'.repeat(20_000) } }, 'names and defaults of fields of more than 32 KB'],
  [
    Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`f${String(i)}`, '$.a'])),
    'more than 63 steps in all paths',
  ],
])('JSON that is parsed: %j', async (fields, why) => {
  expect(await engineChoices({ extract: spec({ format: 'json', fields }) })).toEqual([
    { kind: 'json', engine: 'value', why },
  ]);
});

test('links of a crawl and the next page count', async () => {
  const extract = spec({ format: 'html', fields: { a: 'h1' } });
  expect(await engineChoices({ extract, links: 'a ~ a' })).toMatchObject([{ why: '"a ~ a" has a sibling combinator' }]);
  expect(await engineChoices({ extract, next: { css: 'a:last-child' } })).toMatchObject([{ engine: 'tree' }]);
});
