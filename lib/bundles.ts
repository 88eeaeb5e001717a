import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform, type Plugin } from 'esbuild';
import { FUNCTIONS, type FunctionName } from '../lambdas/contract.ts';
import { calledAtOnce } from './called-at-once.ts';
import { DataModules } from './data-modules.ts';
import { Enums } from './enums.ts';
import { LeavesOut } from './left-out.ts';
import { oneStart } from './one-start.ts';
import { SdkDescriptions } from './sdk-descriptions.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TARGET = { platform: 'node', target: 'node24', logLevel: 'warning' } as const;

/** Directory of a function's code: `index.js`, which exports `handler`, and what it loads later. */
export type Bundles = (name: FunctionName) => string;

/**
 * Bundles every `lambdas/{name}.ts` into `dir/{name}`. What a handler imports by `import()` becomes a file of its own, read when
 * it is first asked for: a sandbox that starts pays 3 ms for each 100 KB that it reads, used or not. `npm run bench:cold`
 * measures what that comes to.
 *
 * CommonJS, by measurement: ES modules of the same content take a fifth longer to load. esbuild divides ES modules alone,
 * hence the second step. The SDK is bundled because the runtime's own differs from month to month and loads slower.
 *
 * @throws when a handler does not compile.
 */
export async function bundleInto(dir: string): Promise<Bundles> {
  const kinds = kindsOfPlugins();
  const plugins = kinds.map(({ plugin }) => plugin);
  await Promise.all(FUNCTIONS.map((name) => bundle(join(ROOT, 'lambdas', `${name}.ts`), join(dir, name), plugins)));
  for (const kind of kinds) kind.check();
  return (name) => join(dir, name);
}

/** Bundles into a temporary directory, which is gone when `use` is done. */
export async function withBundles<T>(use: (bundles: Bundles) => T | Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-bundles-'));
  try {
    return await use(await bundleInto(dir));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Another program than a function, as functions are bundled: `index.js` in `dir`. */
export const bundleProgram = (file: string, dir: string): Promise<void> =>
  bundle(
    file,
    dir,
    kindsOfPlugins().map(({ plugin }) => plugin),
  );

const kindsOfPlugins = () => [new LeavesOut(), new SdkDescriptions(), new DataModules(), new Enums()];

async function bundle(file: string, dir: string, plugins: Plugin[]): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const { outputFiles } = await build({
    ...TARGET,
    absWorkingDir: ROOT,
    minifySyntax: true,
    minifyIdentifiers: true,
    entryPoints: [{ in: file, out: 'index' }],
    outdir: dir,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    mainFields: ['module', 'main'],
    plugins: [oneStart(file), ...plugins],
  });
  for (const { path, text, contents } of outputFiles)
    writeFileSync(path, path.endsWith('.js') ? await commonJs(text) : contents);
}

async function commonJs(module: string): Promise<string> {
  const options = { ...TARGET, minify: true, format: 'cjs', supported: { 'dynamic-import': false } } as const;
  return (await transform(calledAtOnce(module), options)).code;
}
