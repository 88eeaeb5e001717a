import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { parseDocument } from '#api/yaml.ts';
import { LeavesOut } from '../../lib/left-out.ts';

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** A program that asks for one file, as it is bundled. */
async function bundled(file: string, leavesOut: LeavesOut): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `module.exports = require(${JSON.stringify(file)});`, resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    mainFields: ['module', 'main'],
    plugins: [leavesOut.plugin],
  });
  return outputFiles[0]?.text ?? '';
}
function run(code: string): Record<string, unknown> {
  const module = { exports: {} };
  const program = compileFunction(code, ['module', 'require']) as (...given: unknown[]) => void;
  program(module, createRequire(import.meta.url));
  return module.exports;
}

const YAMLS = [
  'name: a\nlist: [1, 0x1f, 1e3, .inf, ~, "x\\n"]\nfolded: >\n  a\n  b\nkept: |+\n  c\n\n',
  'a: &one {b: [1, 2]}\nc: *one\n? d\n: e',
  '%YAML 1.1\n---\na: yes\nb: !!binary aGk=\nc: 2001-12-14',
  '? [1, 2]\n: a',
  '? {a: b}\n: c',
  'a: &k b\n*k : c',
  '1: a',
  '~: a',
  'a: 1\na: 2',
  'a: !odd b',
  'a: [1',
  '<<: {a: 1}\nb: 2',
  `a: &x [b]\n${Array.from({ length: 60 }, (_, n) => `c${String(n)}: *x`).join('\n')}`,
  '{"a": 1, "b": [true]}',
];

describe('what is left out of bundles', () => {
  it('says its name when it is asked for after all', async () => {
    const code = await bundled('undici/lib/web/fetch/body.js', new LeavesOut());
    expect(code.length).toBeLessThan(2_000);
    expect(() => run(code)).toThrow('left out of the bundle: undici/lib/web/fetch/body.js');
  });

  it('says its name when what an ES module exports is called, not before', async () => {
    const file = '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js';
    const { Sha256Js } = run(await bundled(join(NODE_MODULES, file), new LeavesOut())) as {
      Sha256Js: new () => unknown;
    };
    expect(() => new Sha256Js()).toThrow(`left out of the bundle: ${file}`);
  });

  it("is nothing that the SDK needs: hashes are Node's own", async () => {
    const { Sha256 } = run(await bundled('@smithy/core/checksum', new LeavesOut())) as {
      Sha256: new () => { update(text: string): void; digest(): Promise<Uint8Array> };
    };
    const hash = new Sha256();
    hash.update('');
    expect(Buffer.from(await hash.digest()).toString('hex')).toMatch(/^e3b0c44298fc1c14/);
  });

  it('is nothing that an agent needs', async () => {
    expect(run(await bundled('undici/lib/dispatcher/agent.js', new LeavesOut()))).toBeTypeOf('function');
  });

  it('is nothing that reading YAML needs', async () => {
    const code = await bundled(join(import.meta.dirname, '../../src/api/yaml.ts'), new LeavesOut());
    const read = run(code) as { parseDocument: typeof parseDocument };
    for (const text of YAMLS) expect(read.parseDocument(text)).toEqual(parseDocument(text));
    expect(code).toContain('left out of the bundle: yaml/');
  });

  it('takes credentials from the environment alone', async () => {
    const code = await bundled('@aws-sdk/credential-provider-node', new LeavesOut());
    const { defaultProvider } = run(code) as { defaultProvider: () => () => Promise<object> };
    expect(code).not.toMatch(/credential-provider-(?:sso|ini|process)/);
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIATEST';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'hidden';
    try {
      expect(await defaultProvider()()).toMatchObject({ accessKeyId: 'AKIATEST', secretAccessKey: 'hidden' });
    } finally {
      delete process.env['AWS_ACCESS_KEY_ID'];
      delete process.env['AWS_SECRET_ACCESS_KEY'];
    }
  });

  it('has to be there: a version of a library without it fails the build', async () => {
    const leavesOut = new LeavesOut();
    await bundled('undici/lib/web/fetch/body.js', leavesOut);
    expect(() => leavesOut.check()).toThrow(/names files that no bundle would have: .*llhttp-wasm/);
  });
});
