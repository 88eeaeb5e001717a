import { expect, test } from 'vitest';
import { openApiDocument } from '../../src/api/openapi.ts';
import { groupFailures } from '../src/failures.ts';
import { fieldsAt, lineOf, pathAt, readYaml, withField, type Schema } from '../src/schema.ts';

const { TaskDocument } = (openApiDocument('0') as { components: { schemas: { TaskDocument: Schema } } }).components
  .schemas;
const names = (text: string): string[] => fieldsAt(TaskDocument, text, text.length).map(({ name }) => name);

test('the schema of the API says which fields may stand where', () => {
  expect(names('')).toEqual(expect.arrayContaining(['name', 'source', 'extract', 'pace']));
  expect(names('source:\n  crawl:\n    ')).toEqual(expect.arrayContaining(['seeds', 'depth', 'scope']));
  expect(names('source:\n  crawl:\n    de')).toEqual(['depth']);
  expect(names('extract:\n  fields:\n    title:\n      ')).toEqual(expect.arrayContaining(['css', 'attr', 'json']));
  expect(names('pace:\n  requestsPerSecond: 1\n  ')).toContain('concurrency');
  expect(fieldsAt(undefined, '', 0)).toEqual([]);
});

test('the path of a place is known while the document is not valid yet', () => {
  expect(pathAt('a:\n  b:\n    - c:\n        x: [\n        ', 100)).toEqual(['a', 'b', 'c']);
});

test('errors are shown on their lines', () => {
  const text = 'name: x\nsource:\n  urls:\n    - https://a.example/\n    - nope\nextract:\n  fields: {}\n';
  expect(lineOf(text, 'source.urls[1]')).toBe(5);
  expect(lineOf(text, 'extract.fields')).toBe(7);
  expect(lineOf(text, 'source.crawl.depth')).toBe(2);
  expect(lineOf(text, '')).toBe(1);
  expect(readYaml('a: [1\nb: 2').errors[0]?.line).toBeGreaterThan(0);
});

test('a field is added, its name made free, the rest left as it was', () => {
  const text = '# mine\nname: x\nextract:\n  fields:\n    title: h1\n';
  const added = withField(withField(text, 'price', { css: '.price' }), 'title', { css: 'title' });
  expect(added).toContain('# mine');
  expect(readYaml(added).value).toEqual({
    name: 'x',
    extract: { fields: { title: 'h1', price: { css: '.price' }, title2: { css: 'title' } } },
  });
  expect(readYaml(withField('name: x\n', 'a', { css: 'b' })).value).toEqual({
    name: 'x',
    extract: { fields: { a: { css: 'b' } } },
  });
});

test('failures by reason, most frequent first, a status being part of its reason', () => {
  const line = (url: string, reason: 'status' | 'dns', status?: number) =>
    ({ url, bucket: 'failed', reason, ...(status && { status }), attempts: 1, records: 0, at: '' }) as const;
  const groups = groupFailures([
    line('1', 'dns'),
    ...['2', '3', '4', '5'].map((url) => line(url, 'status', 404)),
    { url: '6', bucket: 'pending', attempts: 0 },
  ]);
  expect(groups).toMatchObject([
    { reason: 'status 404', count: 4, examples: ['2', '3', '4'] },
    { reason: 'dns', count: 1, examples: ['1'] },
  ]);
});
