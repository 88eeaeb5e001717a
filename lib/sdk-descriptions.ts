/**
 * What the clients of the SDK carry of operations that no function calls, and of themselves.
 *
 * A service's operations are described in one file of arrays, whose keys are names of constants (`{ [_hE]: 404 }`). Such a key might run
 * code as far as a bundler can see, so it keeps every array: with the names written out, those that nothing refers to fall away.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const CONSTANT = /^const (_\w+) = ("[^"\\]*");$/gm;
const KEY = /\[(_\w+)\]:/g;

/** One for a whole set of builds. */
export class SdkDescriptions {
  #written = 0;

  readonly plugin: Plugin = {
    name: 'sdk-descriptions',
    setup: ({ onLoad }) => {
      onLoad(
        { filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ },
        async ({ path }) => {
          const source = await readFile(path, 'utf8');
          const constants = new Map(Array.from(source.matchAll(CONSTANT), ([, name = '', text = '']) => [name, text]));
          const contents = source.replace(KEY, (key, name: string) => {
            const text = constants.get(name);
            if (text !== undefined) this.#written++;
            return text === undefined ? key : `${text}:`;
          });
          return { contents, loader: 'js' };
        },
      );
      // Of which a client tells its version.
      onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/ }, async ({ path }) => {
        const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string };
        return { contents: JSON.stringify({ version }), loader: 'json' };
      });
    },
  };

  /** @throws when the descriptions are written in another way than the one that is known here. */
  check(): void {
    if (this.#written === 0) throw new Error('lib/sdk-descriptions.ts knows no key of the descriptions');
  }
}
