import { describe, expect, it } from 'vitest';
import { parseListLine, sniffList } from '#core/list-lines.ts';
import { expandRange } from '#core/range.ts';

const targets = (lines: string[]): string[] => {
  const kind = sniffList(lines);
  return lines
    .map((line, i) => parseListLine(line, i, kind))
    .flatMap((line) => (line.kind === 'target' ? [line.target.url] : []));
};
const u = (path: string): string => `https://a.example${path}`;

describe('lists', () => {
  it.each([
    ['plain', [u('/1'), '', '# note', u('/2')], [u('/1'), u('/2')]],
    ['commas belong to URLs', [u('/Paris,_Texas'), u('/2?ids=1,2')], [u('/Paris,_Texas'), u('/2?ids=1,2')]],
    ['CSV with a header', ['url,name', `${u('/1')},x`, `"${u('/2?a=1,2')}",y`], [u('/1'), u('/2?a=1,2')]],
    ['CSV without one', [`${u('/1')},x`, `${u('/2')},y`, `${u('/3')},`], [u('/1'), u('/2'), u('/3')]],
    ['tabs', [`${u('/1')}\tx`], [u('/1')]],
    ['NDJSON', [`{"url":"${u('/1')}"}`, `{"url":"${u('/2')}","method":"post"}`], [u('/1'), u('/2')]],
    ['byte order mark and CR', [`\uFEFF${u('/1')}`, `${u('/2')}\r`], [u('/1'), u('/2')]],
  ])('%s', (_name, lines, expected) => {
    expect(targets(lines)).toEqual(expected);
  });
  it.each([
    ['ftp://a.example/', /not an http/],
    ['{"url":1}', /url/],
    ['{bad', /not JSON/],
    [`{"url":"${u('/')}","method":"BREW"}`, /method/],
    [`{"url":"${u('/')}","headers":{"a":"b\\r\\nc: d"}}`, /headers/],
    [`{"url":"${u('/')}","body":{}}`, /body/],
  ])('%s is a line of its own, not lost', (line, detail) => {
    expect(parseListLine(line, 5, 'text')).toMatchObject({
      kind: 'bad',
      detail: expect.stringMatching(detail) as string,
    });
  });
});

describe('ranges', () => {
  it('is the product of its variables, padded', () => {
    const range = {
      url: u('/{a}/{b}'),
      a: { from: 8, to: 10, step: 2, pad: 2 },
      b: { from: 0, to: 1, step: 1, pad: 0 },
    };
    expect([...expandRange(range)]).toEqual(['/08/0', '/08/1', '/10/0', '/10/1'].map(u));
  });
});
