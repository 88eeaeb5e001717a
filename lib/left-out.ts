/**
 * What libraries bring along and no function uses, by file: each is a third of a megabyte that a sandbox would read before it answers.
 * A file that is asked for after all says so when it is; one that a new version no longer has fails the build.
 */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

interface LeftOut {
  /** After `node_modules/`. */
  readonly path: RegExp;
  /** Instead of the file; absent: an error that names it. */
  readonly instead?: string;
}

const LEFT_OUT: readonly LeftOut[] = [
  // undici's second HTTP parser, an experiment that the environment would have to ask for.
  { path: /^undici\/lib\/milo\/(?:no-)?simd\.js$/ },
  // The first one without SIMD, which Lambda's processors and every other 64 bit machine that Node 24 is made for have.
  { path: /^undici\/lib\/llhttp\/llhttp-wasm\.js$/ },
  // HTTP/2, which no agent offers (`allowH2: false`) and whose module is another of Node's to load.
  {
    path: /^undici\/lib\/dispatcher\/client-h2\.js$/,
    instead: `module.exports = () => { throw new Error('left out of the bundle: HTTP/2'); };`,
  },
  // Bodies that are forms: ours are text.
  { path: /^undici\/lib\/web\/.*\.js$/ },
  // Tells browsers apart.
  { path: /^bowser\/(?:bowser\.mjs|es5\.js)$/ },
  // Lambda and the embedded stack hand credentials over in the environment; this would look for them in profiles, processes, SSO, ….
  {
    path: /^@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    instead: `export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`,
  },
];

const NODE_MODULES = fileURLToPath(new URL('../node_modules/', import.meta.url)).replaceAll('\\', '/');

/** One for a whole set of builds. */
export class LeavesOut {
  readonly #met = new Set<LeftOut>();

  readonly plugin: Plugin = {
    name: 'leaves-out',
    setup: ({ onLoad }) => {
      onLoad({ filter: /[\\/]node_modules[\\/](?:undici|bowser|@aws-sdk)[\\/]/ }, ({ path }) => {
        const name = path.replaceAll('\\', '/').slice(NODE_MODULES.length);
        const found = LEFT_OUT.find((one) => one.path.test(name));
        if (found === undefined) return undefined;
        this.#met.add(found);
        const contents = found.instead ?? `throw new Error('left out of the bundle: ${name}');`;
        return { contents, loader: 'js', resolveDir: NODE_MODULES };
      });
    },
  };

  /** @throws when something was not met in any build. */
  check(): void {
    const missed = LEFT_OUT.filter((one) => !this.#met.has(one)).map(({ path }) => path.source);
    if (missed.length > 0)
      throw new Error(`lib/left-out.ts names files that no bundle would have: ${missed.join(', ')}`);
  }
}
