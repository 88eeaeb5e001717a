import { join } from 'node:path';
import { build, type OutputFile, type Plugin } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { oneStart } from '../../lib/one-start.ts';

/** A handler that shares something with each of what it loads later. */
const FILES: Record<string, string> = {
  'handler.js': `import { a } from './a.js'; import { b } from './b.js';
    export const handler = async () => [a, b, await import('./later-a.js'), await import('./later-b.js')];`,
  'a.js': `export const a = 'of a';`,
  'b.js': `export const b = 'of b';`,
  'later-a.js': `export { a } from './a.js'; export * from './shared.js';`,
  'later-b.js': `export { b } from './b.js'; export * from './shared.js';`,
  'shared.js': `export const shared = 'of both';`,
};
/** Stands there without a disk. */
const checkout = (dir: string): Plugin => ({
  name: 'checkout',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /./ }, ({ path }) => ({ path: path.startsWith('.') ? join(dir, path) : path }));
    onLoad({ filter: /./, namespace: 'file' }, ({ path }) => ({ contents: FILES[path.slice(dir.length + 1)] ?? '' }));
  },
});
async function bundled(dir: string, plugins: Plugin[]): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: dir,
    entryPoints: [{ in: join(dir, 'handler.js'), out: 'index' }],
    outdir: dir,
    bundle: true,
    splitting: true,
    format: 'esm',
    write: false,
    plugins: [...plugins, checkout(dir)],
  });
  return outputFiles;
}
/** What each output holds of the words above. */
const wordsOf = (files: OutputFile[]): string[] =>
  files
    .map(({ text }) => Array.from(text.matchAll(/of (a|b|both)\b/g), ([, word]) => word).join('+'))
    .filter((words) => words !== '')
    .sort();

describe('what a handler starts with', () => {
  const dir = join(import.meta.dirname, 'no-such-directory');

  it('lies in one file, whatever is loaded later', async () => {
    expect(wordsOf(await bundled(dir, []))).toEqual(['a', 'b', 'both']);
    expect(wordsOf(await bundled(dir, [oneStart(join(dir, 'handler.js'))]))).toEqual(['a+b', 'both']);
  });

  it('has the same names in every checkout, or each would deploy anew what another has deployed', async () => {
    const of = async (name: string): Promise<unknown[]> => {
      const dir = join(import.meta.dirname, name);
      const files = await bundled(dir, [oneStart(join(dir, 'handler.js'))]);
      return files.map(({ path, text }) => [path.slice(dir.length), text]);
    };
    expect(await of('one')).toEqual(await of('another'));
  });
});
