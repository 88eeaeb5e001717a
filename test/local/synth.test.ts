import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { synthesise } from '#local/synth.ts';
import { tempDir } from './fixture.ts';

/** A checkout whose app only writes down what it was given. */
function checkout(): { root: string; outDir: string } {
  const root = tempDir();
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'src', 'core'), { recursive: true });
  writeFileSync(join(root, 'src', 'core', 'a.ts'), '1');
  writeFileSync(join(root, 'cdk.json'), JSON.stringify({ app: 'node bin/app.ts', context: { flag: true } }));
  const app = `import { writeFileSync } from 'node:fs';
    const context: unknown = JSON.parse(process.env['CDK_CONTEXT_JSON'] ?? '');
    writeFileSync(process.env['CDK_OUTDIR'] + '/manifest.json', JSON.stringify(context));`;
  writeFileSync(join(root, 'bin', 'app.ts'), app);
  return { root, outDir: join(root, '.gleaner', 'cdk.out') };
}

it('runs the app for the local stage, and again only when a source changed', async () => {
  const { root, outDir } = checkout();
  const lines: string[] = [];
  const run = () => synthesise({ root, outDir, log: (line) => lines.push(line) });
  const first = await run();
  const context: unknown = JSON.parse(readFileSync(join(first, 'manifest.json'), 'utf8'));
  expect(context).toMatchObject({ flag: true, stage: 'local', 'aws:cdk:enable-asset-metadata': true });
  // Bundles are CommonJS wherever the assembly lies.
  expect(JSON.parse(readFileSync(join(first, 'package.json'), 'utf8'))).toEqual({ type: 'commonjs' });
  expect(await run()).toBe(first);
  expect(lines).toHaveLength(1);
  writeFileSync(join(root, 'src', 'core', 'a.ts'), '2');
  const second = await run();
  expect(second).not.toBe(first);
  // The first may be in use.
  expect(readdirSync(outDir).sort()).toEqual([basename(first), basename(second)].sort());
  writeFileSync(join(root, 'src', 'core', 'a.ts'), '1');
  expect(await run()).toBe(first);
  expect(lines).toHaveLength(2);
});

it('keeps few assemblies', async () => {
  const { root, outDir } = checkout();
  for (let i = 0; i < 6; i++) {
    writeFileSync(join(root, 'src', 'core', 'a.ts'), `change ${i}`);
    await synthesise({ root, outDir, log: () => undefined });
  }
  expect(readdirSync(outDir)).toHaveLength(4);
});

it('shows why the app failed, and leaves nothing that looks like an assembly', async () => {
  const { root, outDir } = checkout();
  const run = () => synthesise({ root, outDir, log: () => undefined });
  writeFileSync(join(root, 'bin', 'app.ts'), 'throw new Error("no such stage");');
  await expect(run()).rejects.toThrow(/exit code 1[\s\S]*no such stage/);
  await expect(run()).rejects.toThrow('no such stage');
  expect(readdirSync(outDir)).toEqual([]);
});
