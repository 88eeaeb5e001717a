import { compileFunction } from 'node:vm';
import { build, transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { calledAtOnce } from '../../lib/called-at-once.ts';

/** A module of CommonJS as a bundle of ES modules has it, before its white space goes. */
async function bundled(source: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `import value from './module.cjs'; export default value;`, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    minifySyntax: true,
    minifyIdentifiers: true,
    write: false,
    plugins: [
      {
        name: 'module',
        setup: ({ onLoad, onResolve }) => {
          onResolve({ filter: /module\.cjs$/ }, ({ path }) => ({ path, namespace: 'module' }));
          onLoad({ filter: /./, namespace: 'module' }, () => ({ contents: source }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}
const minified = async (text: string): Promise<string> =>
  (await transform(text, { minify: true, format: 'cjs', target: 'node24' })).code;

const PARAMETERS = /(?:\w+|\(\w*(?:,\w+)*\))/.source;
const BARE = new RegExp(`=\\w+\\(${PARAMETERS}=>\\{`);
const IN_BRACKETS = new RegExp(`=\\w+\\(\\(${PARAMETERS}=>\\{.*\\}\\)\\)`, 's');

describe('modules of CommonJS', () => {
  it.each([
    ['that sets exports', 'exports.one = () => 1; exports.two = function () { return 2; };', { one: 1 }],
    ['that is a value', 'module.exports = { one: () => 1 };', { one: 1 }],
    ['of several lines', 'const a = {\n  one: 1,\n};\nmodule.exports = {\n  one: () => a.one,\n};', { one: 1 }],
  ])('one %s is read once, and means the same', async (_, source, expected) => {
    const text = await bundled(source);
    const code = await minified(calledAtOnce(text));
    expect(await minified(text)).toMatch(BARE);
    expect(code).toMatch(IN_BRACKETS);
    const module = { exports: {} as { default?: { one(): number } } };
    (compileFunction(code, ['module']) as (given: object) => void)(module);
    expect(module.exports.default?.one()).toBe(expected.one);
  });

  it('what looks like the end of one within a text fails the build, and changes no program', async () => {
    const text = await bundled('module.exports = () => `\n});\n${module.id}`;');
    await expect(minified(text)).resolves.toMatch(BARE);
    await expect(minified(calledAtOnce(text))).rejects.toThrow();
  });
});
