import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompileExtractor } from '#core/context.ts';
import type { ExtractFormat, FieldSpec } from '#core/task.ts';
import { compileExtractor } from '#extract/compile.ts';
import { bundleProgram } from '../../lib/bundles.ts';
import { FINAL_URL, spec } from '../extract/documents.ts';

const DOCUMENTS: Partial<Record<ExtractFormat, string>> = {
  html: `<!doctype html><title>T&amp;&notin;&notit;</title><ul><li class=a>1<li id=b data-x="q&quot;">2<li>3</ul><p>x<b>y</p>
    <svg><foreignObject><p>z</svg><table><tr><td>c</table><template><i>k</i></template><script><!--<script>--></script>`,
  xml: `<?xml version="1.0"?><r xmlns:x="u"><!-- c --><x:i a="1&amp;2">t<![CDATA[<z>]]></x:i><i n="2"/><i n="3">&#x41;&lt;</i></r>`,
  json: '{"a":[{"b":1,"c":"xyz"},{"b":2,"c":"Ж1"}],"n":[[1],[2,3]]}',
  csv: 'n;v\n"a ""q""";1\nb;"2\n3"\n',
};
const CASES: [format: ExtractFormat, each: string | undefined, fields: Record<string, string | FieldSpec>][] = [
  ['html', undefined, { title: 'title', cell: 'td', all: { css: 'li', all: true }, x: { css: '#b', attr: 'data-x' } }],
  ['html', 'li:has(+ li)', { text: ':scope' }],
  ['html', undefined, { odd: { css: 'ul > li:nth-child(2n+1)', all: true }, a: '[class^="A" i]', svg: { css: 'svg', as: 'html' }, not: 'td:not(.q):first-child' }], // prettier-ignore
  ['xml', 'i', { n: { css: ':scope', attr: 'n' }, text: ':scope' }],
  ['xml', undefined, { named: 'x\\:i', second: { css: 'i:nth-of-type(2)', as: 'html' }, last: 'i:last-child' }],
  ['json', '$.a[?@.b > 1 && match(@.c, "\\\\p{Lu}.")]', { c: '$.c' }],
  ['json', undefined, { re2: { json: '$.a[*].c', all: true, match: '(?i)[а-я]\\d|\\p{L}{2}' }, deep: { json: '$.n..*', all: true } }], // prettier-ignore
  ['csv', undefined, { n: { column: 'n' }, v: { column: 'v', match: '^\\d' } }],
];

/** Every engine and what each loads, with what bundles leave out of libraries and write in another way. */
describe('an extractor out of a bundle', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-extractor-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  let bundled: CompileExtractor;
  beforeAll(async () => {
    await bundleProgram(fileURLToPath(import.meta.resolve('#extract/compile.ts')), dir);
    const program = createRequire(import.meta.url)(join(dir, 'index.js')) as { compileExtractor: CompileExtractor };
    bundled = program.compileExtractor;
  });

  it.each(CASES)('finds what the sources find: %s, each %s, %j', async (format, each, fields) => {
    const told = async (compile: CompileExtractor): Promise<{ ok: boolean; records: string[] }> => {
      const extractor = await compile({ extract: spec({ format, fields, ...(each === undefined ? {} : { each }) }) });
      const body = Buffer.from(DOCUMENTS[format] ?? '');
      const found = await extractor.extract({ url: FINAL_URL, finalUrl: FINAL_URL, headers: {}, body });
      return { ok: found.ok, records: found.ok ? found.records.map((one) => Buffer.from(one).toString()) : [] };
    };
    const found = await told(bundled);
    expect(found).toEqual(await told(compileExtractor));
    expect(found.records.join()).not.toMatch(/null|^$/);
  });
});
