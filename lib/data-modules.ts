/**
 * Modules that are tables, not programs. In a bundle each is a file of data beside the code, which is read when the module is asked
 * for: no parser of JavaScript has to go through it first.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { serialize } from 'node:v8';
import type { Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replaceAll('\\', '/');

interface DataModule {
  /** Below the root. */
  readonly path: RegExp;
  /** What stands in the file. */
  dataOf(name: string): Promise<unknown>;
  /** The program that takes the module's place, with the same exports; `DATA` in it is what stands in the file. */
  program(name: string): Promise<string>;
}

/** All that the module exports. */
const whole = (path: RegExp): DataModule => ({
  path,
  dataOf: valuesOf,
  async program(name) {
    const exported = Object.keys(await valuesOf(name));
    return exported.join() === 'default'
      ? 'module.exports = DATA.default;'
      : `export const { ${exported.join(', ')} } = DATA;`;
  },
});

/** The decisions that lead to a service's endpoint: conditions, results, and which of them comes next. */
const decisions = (path: RegExp): DataModule => ({
  path,
  async dataOf(name) {
    const { nodes, root, conditions, results } = (await valuesOf(name))['bdd'] as Record<string, unknown>;
    return [nodes, root, conditions, results];
  },
  program: () =>
    Promise.resolve(`import { BinaryDecisionDiagram } from '@smithy/core/endpoints';
       export const bdd = BinaryDecisionDiagram.from(...DATA);`),
});

/** The OpenAPI document: made when a bundle is, because what it is made of changes with the release alone, and its version is told. */
const openApi = (path: RegExp): DataModule => ({
  path,
  async dataOf(name) {
    const { openApiDocument } = (await valuesOf(name)) as unknown as OpenApi;
    return openApiDocument('');
  },
  program: () =>
    Promise.resolve('export const openApiDocument = (version) => ({ ...DATA, info: { ...DATA.info, version } });'),
});
type OpenApi = typeof import('../src/api/openapi.ts');

const DATA_MODULES: readonly DataModule[] = [
  // The public suffix list.
  whole(/^node_modules\/tldts\/dist\/es6\/src\/data\/trie\.js$/),
  // undici's parser of HTTP, WebAssembly, and its numbers by name.
  whole(/^node_modules\/undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/),
  whole(/^node_modules\/undici\/lib\/llhttp\/constants\.js$/),
  // Characters by name, for parse5 and for htmlparser2.
  whole(/^node_modules\/entities\/dist\/generated\/decode-data-html\.js$/),
  whole(/^node_modules\/htmlparser2\/node_modules\/entities\/dist\/generated\/decode-data-html\.js$/),
  // The core of the scanner, WebAssembly.
  whole(/^src\/extract\/scan\/core-bytes\.ts$/),
  whole(/^src\/extract\/big5-private-use\.ts$/),
  // Regions of AWS, and where a service is in them.
  whole(/^node_modules\/@aws-sdk\/core\/dist-es\/submodules\/client\/util-endpoints\/lib\/aws\/partitions\.js$/),
  decisions(/^node_modules\/@aws-sdk\/client-[^/]+\/dist-es\/endpoint\/bdd\.js$/),
  openApi(/^src\/api\/openapi\.ts$/),
];

/** Before the name of a module below the root, so that a bundle is the same in every checkout. */
const BYTES = 'bytes-of';
const EXTENSION = '.data';

const dataModule = (name: string): DataModule | undefined => DATA_MODULES.find(({ path }) => path.test(name));

/** One for a whole set of builds. */
export class DataModules {
  readonly #met = new Set<DataModule>();

  readonly plugin: Plugin = {
    name: 'data-modules',
    setup: ({ onLoad, onResolve }) => {
      onLoad(
        {
          filter: /(?:trie|-wasm|-data-html|constants|partitions|bdd)\.js$|(?:-bytes|-private-use|openapi)\.ts$/,
        },
        async ({ path }) => {
          const name = path.replaceAll('\\', '/').slice(ROOT.length);
          const found = dataModule(name);
          if (found === undefined) return undefined;
          this.#met.add(found);
          return { contents: withData(name, await found.program(name)), loader: 'js' };
        },
      );
      onResolve({ filter: new RegExp(`^${BYTES}:`) }, ({ path }) => ({
        path: path.slice(BYTES.length + 1) + EXTENSION,
        namespace: BYTES,
      }));
      onLoad({ filter: /.*/, namespace: BYTES }, async ({ path }) => {
        const name = path.slice(0, -EXTENSION.length);
        return { contents: serialize(await dataModule(name)?.dataOf(name)), loader: 'file' };
      });
    },
  };

  /** @throws when something was not met in any build. */
  check(): void {
    const missed = DATA_MODULES.filter((one) => !this.#met.has(one)).map(({ path }) => path.source);
    if (missed.length > 0)
      throw new Error(`lib/data-modules.ts names files that no bundle would have: ${missed.join(', ')}`);
  }
}

/** What a module exports: of CommonJS the one value, as `default`. */
async function valuesOf(name: string): Promise<Record<string, unknown>> {
  const { 'module.exports': one, ...values } = (await import(pathToFileURL(ROOT + name).href)) as Record<
    string,
    unknown
  >;
  return one === undefined ? values : { default: one };
}

/** In the module's own kind: CommonJS stays what `require` gives. */
function withData(name: string, program: string): string {
  const file = JSON.stringify(`${BYTES}:${name}`);
  const read = 'const DATA = deserialize(readFileSync(join(__dirname, file)));';
  return program.startsWith('module.exports')
    ? `const { deserialize } = require('node:v8');
       const { readFileSync } = require('node:fs');
       const { join } = require('node:path');
       const file = require(${file});
       ${read}
       ${program}`
    : `import { deserialize } from 'node:v8';
       import { readFileSync } from 'node:fs';
       import { join } from 'node:path';
       import file from ${file};
       ${read}
       ${program}`;
}
