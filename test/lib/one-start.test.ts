import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
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
const DIR = join(import.meta.dirname, 'no-such-directory');
const files: Plugin = {
  name: 'files',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^\.\/|no-such-directory/ }, ({ path }) => ({
      path: path.startsWith('.') ? join(DIR, path) : path,
    }));
    onLoad({ filter: /no-such-directory/ }, ({ path }) => ({
      contents: FILES[path.slice(DIR.length + 1)] ?? '',
      resolveDir: import.meta.dirname,
    }));
  },
};
/** Which outputs hold which words. */
async function divided(...plugins: Plugin[]): Promise<string[]> {
  const handler = join(DIR, 'handler.js');
  const { outputFiles } = await build({
    entryPoints: [{ in: handler, out: 'index' }],
    outdir: DIR,
    bundle: true,
    splitting: true,
    format: 'esm',
    write: false,
    plugins: [...plugins, files],
  });
  return outputFiles.map(({ text }) => [...text.matchAll(/of (a|b|both)\b/g)].map(([, word]) => word).join('+')).filter((words) => words !== '').sort(); // prettier-ignore
}

describe('what a handler starts with', () => {
  it('lies in one file, whatever is loaded later', async () => {
    const handler = join(DIR, 'handler.js');
    expect(await divided()).toEqual(['a', 'b', 'both']);
    expect(await divided(oneStart(handler))).toEqual(['a+b', 'both']);
  });
});
