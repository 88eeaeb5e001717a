/** The simulator's thread as one script, with a planted bug where one is asked for. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Mutation } from './mutations.ts';

const CORE = fileURLToPath(new URL('../core/', import.meta.url));
const THREAD = fileURLToPath(new URL('thread.ts', import.meta.url));

export async function bundle(mutation?: Mutation): Promise<string> {
  const result = await build({
    entryPoints: [THREAD],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    plugins: [
      {
        name: 'planted bug',
        setup: ({ onLoad }) => {
          if (mutation === undefined) return;
          const path = CORE + mutation.file;
          onLoad({ filter: /\.ts$/, namespace: 'file' }, async (args) =>
            args.path === path
              ? { contents: planted(await readFile(path, 'utf8'), mutation), loader: 'ts' }
              : undefined,
          );
        },
      },
    ],
  });
  const [script] = result.outputFiles;
  if (script === undefined) throw new Error('nothing was bundled');
  return script.text;
}

export function planted(source: string, { name, file, find, replace }: Mutation): string {
  const times = source.split(find).length - 1;
  if (times !== 1) throw new Error(`${name}: its place is found ${String(times)} times in src/core/${file}`);
  return source.replace(find, () => replace);
}
