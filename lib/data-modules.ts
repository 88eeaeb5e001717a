/**
 * Modules that are tables, not programs. In a bundle each is a file of data beside the code, which is read when the module is asked
 * for: no parser of JavaScript has to go through it first.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { serialize } from 'node:v8';
import type { Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replaceAll('\\', '/');

const DATA_MODULES: readonly RegExp[] = [
  // The public suffix list.
  /^node_modules\/tldts\/dist\/es6\/src\/data\/trie\.js$/,
  // undici's parser of HTTP, WebAssembly.
  /^node_modules\/undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/,
  // Characters by name, for parse5 and for htmlparser2.
  /^node_modules\/entities\/dist\/generated\/decode-data-html\.js$/,
  /^node_modules\/htmlparser2\/node_modules\/entities\/dist\/generated\/decode-data-html\.js$/,
  // The core of the scanner, WebAssembly.
  /^src\/extract\/scan\/core-bytes\.ts$/,
  /^src\/extract\/big5-private-use\.ts$/,
];

/** Before the name of a module below the root, so that a bundle is the same in every checkout. */
const BYTES = 'bytes-of';
const EXTENSION = '.data';

/** One for a whole set of builds. */
export class DataModules {
  readonly #met = new Set<RegExp>();

  readonly plugin: Plugin = {
    name: 'data-modules',
    setup: ({ onLoad, onResolve }) => {
      onLoad({ filter: /(?:trie|-wasm|-data-html)\.js$|(?:-bytes|-private-use)\.ts$/ }, async ({ path }) => {
        const name = path.replaceAll('\\', '/').slice(ROOT.length);
        const found = DATA_MODULES.find((one) => one.test(name));
        if (found === undefined) return undefined;
        this.#met.add(found);
        return { contents: reader(name, Object.keys(await valuesOf(name))), loader: 'js' };
      });
      onResolve({ filter: new RegExp(`^${BYTES}:`) }, ({ path }) => ({
        path: path.slice(BYTES.length + 1) + EXTENSION,
        namespace: BYTES,
      }));
      onLoad({ filter: /.*/, namespace: BYTES }, async ({ path }) => ({
        contents: serialize(await valuesOf(path.slice(0, -EXTENSION.length))),
        loader: 'file',
      }));
    },
  };

  /** @throws when something was not met in any build. */
  check(): void {
    const missed = DATA_MODULES.filter((one) => !this.#met.has(one)).map(({ source }) => source);
    if (missed.length > 0)
      throw new Error(`lib/data-modules.ts names files that no bundle would have: ${missed.join(', ')}`);
  }
}

/** What a module exports: of CommonJS the one value, as `default`. */
async function valuesOf(name: string): Promise<Record<string, unknown>> {
  const { 'module.exports': _, ...values } = (await import(pathToFileURL(ROOT + name).href)) as Record<string, unknown>;
  return values;
}

/** The program that takes the module's place: the same exports, from the file. */
function reader(name: string, exported: string[]): string {
  const file = JSON.stringify(`${BYTES}:${name}`);
  const read = 'deserialize(readFileSync(join(__dirname, file)))';
  return exported.join() === 'default'
    ? `const { deserialize } = require('node:v8');
       const { readFileSync } = require('node:fs');
       const { join } = require('node:path');
       const file = require(${file});
       module.exports = ${read}.default;`
    : `import { deserialize } from 'node:v8';
       import { readFileSync } from 'node:fs';
       import { join } from 'node:path';
       import file from ${file};
       export const { ${exported.join(', ')} } = ${read};`;
}
