/**
 * What the clients of the SDK carry of operations that no function calls, and of themselves.
 *
 * A service's operations are described in one file of arrays, whose keys are names of constants (`{ [_hE]: 404 }`). Such a key might run
 * code as far as a bundler can see, so it keeps every array: with the names written out, those that nothing refers to fall away.
 *
 * Every error that a service may answer with has a class and a description, entered in a registry. One that no handler names, by class or
 * by text, is not entered and falls away with both: it arrives as the service's general exception, with the same name, message and status.
 * Those that may be asked again whatever they are called (`$retryable`) stay.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const CONSTANT = /^const (_\w+) = ("[^"\\]*");$/gm;
const ENTERED = /^\w+\.registerError\((\w+)\$, \1\);$/gm;
const RETRYABLE = /^export class (\w+) extends \w+ \{\n(?:(?!^\}).*\n)*? {4}\$retryable = /gm;
const KEY = /\[(_\w+)\]:/g;

/** Every word of the handlers' sources. */
function wordsOfHandlers(): Set<string> {
  const dir = fileURLToPath(new URL('../lambdas', import.meta.url));
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return new Set(files.flatMap((name) => readFileSync(join(dir, name), 'utf8').match(/\w+/g) ?? []));
}

/** One for a whole set of builds. */
export class SdkDescriptions {
  #written = 0;
  #dropped = 0;

  readonly plugin: Plugin = {
    name: 'sdk-descriptions',
    setup: ({ onLoad }) => {
      const words = wordsOfHandlers();
      onLoad(
        { filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ },
        async ({ path }) => {
          const source = await readFile(path, 'utf8');
          const constants = new Map(Array.from(source.matchAll(CONSTANT), ([, name = '', text = '']) => [name, text]));
          const errors = await readFile(join(dirname(path), '../models/errors.js'), 'utf8');
          const retryable = new Set(Array.from(errors.matchAll(RETRYABLE), ([, name]) => name));
          const contents = source
            .replace(KEY, (key, name: string) => {
              const text = constants.get(name);
              if (text !== undefined) this.#written++;
              return text === undefined ? key : `${text}:`;
            })
            .replace(ENTERED, (entered, name: string) => {
              // The general one, of which all others are.
              if (words.has(name) || retryable.has(name) || name.endsWith('ServiceException')) return entered;
              this.#dropped++;
              return '';
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
    if (this.#dropped === 0) throw new Error('lib/sdk-descriptions.ts knows no error of the descriptions');
  }
}
