import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { LeavesOut } from '../../lib/left-out.ts';

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

describe('what is left out of bundles', () => {
  it('says its name when it is asked for after all', async () => {
    const code = await bundled('undici/lib/milo/simd.js', new LeavesOut());
    expect(code.length).toBeLessThan(2_000);
    expect(() => run(code)).toThrow('left out of the bundle: undici/lib/milo/simd.js');
  });

  it('is nothing that an agent needs', async () => {
    expect(run(await bundled('undici/lib/dispatcher/agent.js', new LeavesOut()))).toBeTypeOf('function');
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
    await bundled('undici/lib/milo/simd.js', leavesOut);
    expect(() => leavesOut.check()).toThrow(/names files that no bundle would have: .*llhttp-wasm/);
  });
});
