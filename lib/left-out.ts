/**
 * What libraries bring along and no function uses, by file: each is a third of a megabyte that a sandbox would read before it answers.
 * A file that is asked for after all says so when it is; one that a new version no longer has fails the build.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

interface LeftOut {
  /** After `node_modules/`. */
  readonly path: RegExp;
  /** Instead of the file; absent: an error that names it, when the file is loaded or, of an ES module, when what it exports is called. */
  readonly instead?: string;
}

const LEFT_OUT: readonly LeftOut[] = [
  // undici's second HTTP parser, an experiment that the environment would have to ask for.
  {
    path: /^undici\/lib\/dispatcher\/parser-h1\.js$/,
    instead: 'module.exports = { getMiloEnabled: () => false };',
  },
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
  // Answers that are streams of events, which no operation of ours has; S3's client makes a reader of them when it is made.
  {
    path: /^@smithy\/core\/dist-es\/submodules\/event-streams\/index\.js$/,
    instead: `export const resolveEventStreamSerdeConfig = (config) => config;
      export const eventStreamSerdeProvider = () => undefined;
      export function EventStreamSerde() { throw new Error('left out of the bundle: event streams'); }`,
  },
  // Hashes in JavaScript, for a Node without its own.
  { path: /^@smithy\/core\/dist-es\/submodules\/checksum\/(?:sha256\/Sha256|md5\/Md5)Js\.js$/ },
  { path: /^@aws-sdk\/checksums\/dist-es\/submodules\/sha\/sha1\/Sha1Js\.js$/ },
  // Streams as browsers have them: bodies are Node's.
  { path: /^@smithy\/core\/dist-es\/submodules\/serde\/util-stream\/.*\.browser\.js$/ },
  // Retries that slow all calls down, where the environment asks for them.
  { path: /^@smithy\/core\/dist-es\/submodules\/retry\/util-retry\/AdaptiveRetryStrategy\.js$/ },
  // The region as the machine's metadata tell it: the environment has it.
  {
    path: /^@smithy\/core\/dist-es\/submodules\/config\/config-resolver\/regionConfig\/getInstanceMetadataRegion\.js$/,
  },
  // What is asked and answered, copied for the log of every call, which no client of ours has.
  {
    path: /^@aws-sdk\/core\/dist-es\/submodules\/client\/middleware-logger\/loggerMiddleware\.js$/,
    instead: `export const loggerMiddleware = () => (next) => next;
      export const loggerMiddlewareOptions = {};
      export const getLoggerPlugin = () => ({ applyToStack: () => undefined });`,
  },
  { path: /^@smithy\/core\/dist-es\/submodules\/client\/smithy-client\/schemaLogFilter\.js$/ },
  // Signatures for several regions at once, which need another package that is not here either.
  {
    path: /^@aws-sdk\/signature-v4-multi-region\/dist-es\/SignatureV4MultiRegion\.js$/,
    instead: `import { SignatureV4SignWithCredentials } from '@aws-sdk/signature-v4-multi-region/dist-es/SignatureV4SignWithCredentials';
      export class SignatureV4MultiRegion extends SignatureV4SignWithCredentials { static sigv4aDependency() { return 'none'; } }`,
  },
  // Addresses that DynamoDB would be asked for, where the environment wants it so.
  {
    path: /^@aws-sdk\/endpoint-cache\/dist-es\/EndpointCache\.js$/,
    instead: `export class EndpointCache { getEndpoint() { throw new Error('left out of the bundle: endpoint discovery'); } }`,
  },
  // JSON Schemas of zod's: the one document that has them is made with the bundle (data-modules.ts).
  { path: /^zod\/v4\/core\/(?:to-json-schema|json-schema-processors)\.js$/ },
  // Writing YAML, which is only read here; keys that are not text, which reading would write, are refused before.
  { path: /^yaml\/browser\/dist\/stringify\/stringify(?:Collection|Document|Pair|String)?\.js$/ },
];

const EXPORT = /^export (?:(?:const|class|(?:async )?function) (\w+)|\{ ([\w, ]+) \})/gm;
const NODE_MODULES = fileURLToPath(new URL('../node_modules/', import.meta.url)).replaceAll('\\', '/');

/** One for a whole set of builds. */
export class LeavesOut {
  readonly #met = new Set<LeftOut>();

  readonly plugin: Plugin = {
    name: 'leaves-out',
    setup: ({ onLoad, onResolve }) => {
      // Its form for Node is CommonJS, of which a bundle has to keep all that anything might ask for.
      onResolve({ filter: /^yaml$/ }, () => ({
        path: join(NODE_MODULES, 'yaml/browser/index.js'),
        sideEffects: false,
      }));
      onLoad({ filter: /[\\/]node_modules[\\/](?:undici|bowser|yaml|zod|@aws-sdk|@smithy)[\\/]/ }, async ({ path }) => {
        const name = path.replaceAll('\\', '/').slice(NODE_MODULES.length);
        const found = LEFT_OUT.find((one) => one.path.test(name));
        if (found === undefined) return undefined;
        this.#met.add(found);
        const contents = found.instead ?? absent(name, await readFile(path, 'utf8'));
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

/** Of an ES module what it exports throws, and not the module: that may be loaded with what could ask for it. */
function absent(name: string, source: string): string {
  const error = `throw new Error('left out of the bundle: ${name}');`;
  const exported = Array.from(
    source.matchAll(EXPORT),
    ([, one, list]) => one ?? list?.split(', ').map((name) => name.replace(/^.* as /, '')) ?? [],
  ).flat();
  if (exported.length === 0) return error;
  return `function leftOut() { ${error} } export { ${exported.map((one) => `leftOut as ${one}`).join(', ')} };`;
}
