import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '#api/openapi.ts';
import { DataModules } from '../../lib/data-modules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'gleaner-data-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Bundled {
  exports: Record<string, unknown>;
  code: string;
  beside: string[];
}
/** A program that hands on what one module exports, as it is bundled. */
async function bundled(module: string, modules: DataModules): Promise<Bundled> {
  const outdir = mkdtempSync(join(dir, 'bundle-'));
  const contents = `import * as all from ${JSON.stringify(join(ROOT, module))}; module.exports = { ...all };`;
  await build({
    stdin: { contents, resolveDir: ROOT },
    outfile: join(outdir, 'index.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
    plugins: [modules.plugin],
  });
  const file = join(outdir, 'index.js');
  return {
    exports: createRequire(import.meta.url)(file) as Record<string, unknown>,
    code: readFileSync(file, 'utf8'),
    beside: readdirSync(outdir).filter((name) => name !== 'index.js'),
  };
}

describe('modules that are data', () => {
  it.each([
    'node_modules/tldts/dist/es6/src/data/trie.js',
    'node_modules/undici/lib/llhttp/llhttp_simd-wasm.js',
    'node_modules/undici/lib/llhttp/constants.js',
    'node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js',
    'node_modules/entities/dist/generated/decode-data-html.js',
    'node_modules/htmlparser2/node_modules/entities/dist/generated/decode-data-html.js',
    'src/extract/scan/core-bytes.ts',
    'src/extract/big5-private-use.ts',
  ])('%s gives the same from a file beside the bundle', async (module) => {
    const { exports, code, beside } = await bundled(module, new DataModules());
    const source = (await import(pathToFileURL(join(ROOT, module)).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(source)) {
      if (name !== 'module.exports') expect(exports[name], name).toStrictEqual(value);
    }
    expect(code.length).toBeLessThan(3_000);
    expect(beside).toEqual([expect.stringMatching(/\.data$/)]);
  });

  it.each(['s3', 'dynamodb'])('are what leads to an endpoint of %s', async (service) => {
    const module = `node_modules/@aws-sdk/client-${service}/dist-es/endpoint/bdd.js`;
    const { exports, code, beside } = await bundled(module, new DataModules());
    const { bdd } = (await import(pathToFileURL(join(ROOT, module)).href)) as { bdd: object };
    expect({ ...(exports['bdd'] as object) }).toStrictEqual({ ...bdd });
    expect(code.includes('isVirtualHostableS3Bucket')).toBe(false);
    expect(beside).toEqual([expect.stringMatching(/^bdd\..*data$/)]);
  });

  it('are the OpenAPI document of the API', async () => {
    const { exports, code, beside } = await bundled('src/api/openapi.ts', new DataModules());
    const { openApiDocument: fromData } = exports as { openApiDocument: typeof openApiDocument };
    for (const version of ['1.2.3', '4.5.6']) expect(fromData(version)).toEqual(openApiDocument(version));
    expect(code.length).toBeLessThan(3_000);
    expect(beside).toEqual([expect.stringMatching(/^openapi\..*data$/)]);
  });

  it('are those alone', async () => {
    const { beside } = await bundled('src/extract/charset.ts', new DataModules());
    expect(beside).toEqual([expect.stringMatching(/^big5-private-use\./)]);
  });

  it('have to be there: a version of a library without them fails the build', async () => {
    const modules = new DataModules();
    await bundled('src/extract/big5-private-use.ts', modules);
    expect(() => modules.check()).toThrow(/names files that no bundle would have: .*trie/);
  });
});
