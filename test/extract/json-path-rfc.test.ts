/** RFC 9535: its own examples, by section. */
import { describe, expect, test } from 'vitest';
import type { Json } from '#core/json.ts';
import { compileJsonPath, jsonPathFault } from '#extract/json-path.ts';

const all = (path: string, root: Json): Json[] => compileJsonPath(path).all(root);

describe('1.5, the bookstore', () => {
  const sayings = { category: 'reference', author: 'Nigel Rees', title: 'Sayings of the Century', price: 8.95 };
  const sword = { category: 'fiction', author: 'Evelyn Waugh', title: 'Sword of Honour', price: 12.99 };
  const whale = {
    category: 'fiction',
    author: 'Herman Melville',
    title: 'Moby Dick',
    isbn: '0-553-21311-3',
    price: 8.99,
  };
  const rings = {
    category: 'fiction',
    author: 'J. R. R. Tolkien',
    title: 'The Lord of the Rings',
    isbn: '0-395-19395-8',
    price: 22.99,
  };
  const book = [sayings, sword, whale, rings];
  const bicycle = { color: 'red', price: 399 };
  const root = { store: { book, bicycle } };
  const authors = book.map(({ author }) => author);

  test.each<[path: string, found: Json[]]>([
    ['$.store.book[*].author', authors],
    ['$..author', authors],
    ['$.store.*', [book, bicycle]],
    ['$.store..price', [399, 8.95, 12.99, 8.99, 22.99]],
    ['$..book[2]', [whale]],
    ['$..book[2].author', [whale.author]],
    ['$..book[2].publisher', []],
    ['$..book[-1]', [rings]],
    ['$..book[0,1]', [sayings, sword]],
    ['$..book[:2]', [sayings, sword]],
    ['$..book[?@.isbn]', [whale, rings]],
    ['$..book[?@.price<10]', [sayings, whale]],
    ['$..*', [root.store, book, bicycle, ...book, 'red', 399, ...book.flatMap((one) => Object.values(one))]],
  ])('%s', (path, found) => {
    expect(all(path, root)).toEqual(found);
  });
});

const named = { o: { 'j j': { 'k.k': 3 } }, "'": { '@': 2 } };
const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const filtered = {
  a: [3, 5, 1, 2, 4, 6, { b: 'j' }, { b: 'k' }, { b: {} }, { b: 'kilo' }],
  o: { p: 1, q: 2, r: 3, s: 5, t: { u: 6 } },
  e: 'f',
};
const { a, o } = filtered;
const nested = { o: { j: 1, k: 2 }, a: [5, 3, [{ j: 4 }, { k: 6 }]] };
const nulls = { a: null, b: [null], c: [{}], null: 1 };

test.each<[section: string, path: string, root: Json, found: Json[]]>([
  ['2.1.3', '$.a[*].b', { a: [{ b: 0 }, { b: 1 }, { c: 2 }] }, [0, 1]],
  ['2.2.3', '$', { k: 'v' }, [{ k: 'v' }]],
  ['2.3.1.3', "$.o['j j']", named, [{ 'k.k': 3 }]],
  ['2.3.1.3', "$.o['j j']['k.k']", named, [3]],
  ['2.3.1.3', '$.o["j j"]["k.k"]', named, [3]],
  ['2.3.1.3', '$["\'"]["@"]', named, [2]],
  ['2.3.2.3', '$[*]', { o: { j: 1, k: 2 }, a: [5, 3] }, [{ j: 1, k: 2 }, [5, 3]]],
  ['2.3.2.3', '$.o[*]', { o: { j: 1, k: 2 }, a: [5, 3] }, [1, 2]],
  ['2.3.2.3', '$.o[*, *]', { o: { j: 1, k: 2 }, a: [5, 3] }, [1, 2, 1, 2]],
  ['2.3.2.3', '$.a[*]', { o: { j: 1, k: 2 }, a: [5, 3] }, [5, 3]],
  ['2.3.3.3', '$[1]', ['a', 'b'], ['b']],
  ['2.3.3.3', '$[-2]', ['a', 'b'], ['a']],
  ['2.3.4.3', '$[1:3]', letters, ['b', 'c']],
  ['2.3.4.3', '$[5:]', letters, ['f', 'g']],
  ['2.3.4.3', '$[1:5:2]', letters, ['b', 'd']],
  ['2.3.4.3', '$[5:1:-2]', letters, ['f', 'd']],
  ['2.3.4.3', '$[::-1]', letters, [...letters].reverse()],
  ['2.3.5.3', "$.a[?@.b == 'kilo']", filtered, [{ b: 'kilo' }]],
  ['2.3.5.3', "$.a[?(@.b == 'kilo')]", filtered, [{ b: 'kilo' }]],
  ['2.3.5.3', '$.a[?@>3.5]', filtered, [5, 4, 6]],
  ['2.3.5.3', '$.a[?@.b]', filtered, a.slice(6)],
  ['2.3.5.3', '$[?@.*]', filtered, [a, o]],
  ['2.3.5.3', '$[?@[?@.b]]', filtered, [a]],
  ['2.3.5.3', '$.o[?@<3, ?@<3]', filtered, [1, 2, 1, 2]],
  ['2.3.5.3', '$.a[?@<2 || @.b == "k"]', filtered, [1, { b: 'k' }]],
  ['2.3.5.3', '$.a[?match(@.b, "[jk]")]', filtered, [{ b: 'j' }, { b: 'k' }]],
  ['2.3.5.3', '$.a[?search(@.b, "[jk]")]', filtered, [{ b: 'j' }, { b: 'k' }, { b: 'kilo' }]],
  ['2.3.5.3', '$.o[?@>1 && @<4]', filtered, [2, 3]],
  ['2.3.5.3', '$.o[?@.u || @.x]', filtered, [{ u: 6 }]],
  ['2.3.5.3', '$.a[?@.b == $.x]', filtered, [3, 5, 1, 2, 4, 6]],
  ['2.3.5.3', '$.a[?@ == @]', filtered, a],
  ['2.4.4', '$[?length(@.authors) >= 2]', [{ authors: ['a', 'b'] }, { authors: 'c' }, {}], [{ authors: ['a', 'b'] }]],
  [
    '2.4.5',
    '$[?count(@.*.author) >= 2]',
    [[{ author: 1 }, { author: 2 }], [{ author: 3 }]],
    [[{ author: 1 }, { author: 2 }]],
  ],
  [
    '2.4.6',
    '$[?match(@.date, "1974-05-..")]',
    [{ date: '1974-05-01' }, { date: '1974-05-011' }],
    [{ date: '1974-05-01' }],
  ],
  ['2.4.7', '$[?search(@.author, "[BR]ob")]', [{ author: 'Sir Bob' }, { author: 'Rab' }], [{ author: 'Sir Bob' }]],
  [
    '2.4.8',
    '$[?value(@..color) == "red"]',
    [{ a: { color: 'red' } }, [{ color: 'red' }, { color: 'red' }]],
    [{ a: { color: 'red' } }],
  ],
  ['2.5.1.3', '$[0, 3]', letters, ['a', 'd']],
  ['2.5.1.3', '$[0:2, 5]', letters, ['a', 'b', 'f']],
  ['2.5.1.3', '$[0, 0]', letters, ['a', 'a']],
  ['2.5.2.3', '$..j', nested, [1, 4]],
  ['2.5.2.3', '$..[0]', nested, [5, { j: 4 }]],
  ['2.5.2.3', '$..[*]', nested, [nested.o, nested.a, 1, 2, 5, 3, [{ j: 4 }, { k: 6 }], { j: 4 }, { k: 6 }, 4, 6]],
  ['2.5.2.3', '$..*', nested, [nested.o, nested.a, 1, 2, 5, 3, [{ j: 4 }, { k: 6 }], { j: 4 }, { k: 6 }, 4, 6]],
  ['2.5.2.3', '$..o', nested, [nested.o]],
  ['2.5.2.3', '$.o..[*, *]', nested, [1, 2, 1, 2]],
  ['2.5.2.3', '$.a..[0, 1]', nested, [5, 3, { j: 4 }, { k: 6 }]],
  ['2.6.1', '$.a', nulls, [null]],
  ['2.6.1', '$.a[0]', nulls, []],
  ['2.6.1', '$.a.d', nulls, []],
  ['2.6.1', '$.b[0]', nulls, [null]],
  ['2.6.1', '$.b[*]', nulls, [null]],
  ['2.6.1', '$.b[?@]', nulls, [null]],
  ['2.6.1', '$.b[?@==null]', nulls, [null]],
  ['2.6.1', '$.c[?@.d==null]', nulls, []],
  ['2.6.1', '$.null', nulls, [1]],
])('%s: %s', (_, path, root, found) => {
  expect(all(path, root)).toEqual(found);
});

test.each<[comparison: string, holds: boolean]>([
  ['$.absent1 == $.absent2', true],
  ['$.absent1 <= $.absent2', true],
  ["$.absent == 'g'", false],
  ['$.absent1 != $.absent2', false],
  ["$.absent != 'g'", true],
  ['1 <= 2', true],
  ['1 > 2', false],
  ["13 == '13'", false],
  ["'a' <= 'b'", true],
  ["'a' > 'b'", false],
  ['$.obj == $.arr', false],
  ['$.obj != $.arr', true],
  ['$.obj == $.obj', true],
  ['$.obj != $.obj', false],
  ['$.arr == $.arr', true],
  ['$.arr != $.arr', false],
  ['$.obj == 17', false],
  ['$.obj != 17', true],
  ['$.obj <= $.arr', false],
  ['$.obj < $.arr', false],
  ['$.obj <= $.obj', true],
  ['$.arr <= $.arr', true],
  ['1 <= $.arr', false],
  ['1 >= $.arr', false],
  ['1 > $.arr', false],
  ['1 < $.arr', false],
  ['true <= true', true],
  ['true > true', false],
])('2.3.5.3: %s is %s', (comparison, holds) => {
  const root = { obj: { x: 'y' }, arr: [2, 3] };
  expect(all(`$[?${comparison}]`, root)).toEqual(holds ? [root.obj, root.arr] : []);
});

test.each<[path: string, isWellTyped: boolean]>([
  ['$[?length(@) < 3]', true],
  ['$[?length(@.*) < 3]', false],
  ['$[?count(@.*) == 1]', true],
  ['$[?count(1) == 1]', false],
  ['$[?count(foo(@.*)) == 1]', false],
  ["$[?match(@.timezone, 'Europe/.*')]", true],
  ["$[?match(@.timezone, 'Europe/.*') == true]", false],
  ['$[?value(@..color) == "red"]', true],
  ['$[?value(@..color)]', false],
])('2.4.9: %s is well-typed: %s', (path, isWellTyped) => {
  expect(jsonPathFault(path) === undefined).toBe(isWellTyped);
});
