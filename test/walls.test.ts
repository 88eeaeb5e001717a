/** The walls between the rooms: each rule fires on a planted offence and stays silent on a clean file; and no imports go in circles. */
import { ESLint } from 'eslint';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

// Type information is not needed for walls, and planted files are not part of the project.
const eslint = new ESLint({
  overrideConfig: [
    { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false, project: false } } },
  ],
  ruleFilter: ({ ruleId }) => ruleId.startsWith('no-restricted'),
});
async function offences(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

describe('walls', () => {
  it.each([
    ['src/core/planted.ts', "import { x } from '@aws-sdk/client-sqs';", 'no-restricted-imports'],
    ['src/core/planted.ts', "import { readFile } from 'node:fs';", 'no-restricted-imports'],
    ['src/core/planted.ts', "import { x } from '#http/fetcher.ts';", 'no-restricted-imports'],
    ['src/core/planted.ts', 'export const t = Date.now();', 'no-restricted-properties'],
    ['src/core/planted.ts', 'export const t = new Date();', 'no-restricted-syntax'],
    ['src/core/planted.ts', 'export const t = Math.random();', 'no-restricted-properties'],
    ['src/core/planted.ts', 'setTimeout(() => 1, 1);', 'no-restricted-globals'],
    ['src/core/planted.ts', 'export const e = process.env;', 'no-restricted-globals'],
    ['src/core/planted.ts', "export const f = fetch('x');", 'no-restricted-globals'],
    ['src/http/planted.ts', "import { x } from '#extract/compile.ts';", 'no-restricted-imports'],
    ['src/extract/planted.ts', "import { x } from '@aws-sdk/client-s3';", 'no-restricted-imports'],
    ['src/storage/planted.ts', "import { x } from '#lambdas/contract.ts';", 'no-restricted-imports'],
    ['src/api/planted.ts', "import { x } from '#cli/program.ts';", 'no-restricted-imports'],
    ['src/cli/planted.ts', "import { x } from '#local/world.ts';", 'no-restricted-imports'],
    ['src/sim/planted.ts', "import { x } from '#http/fetcher.ts';", 'no-restricted-imports'],
    ['lib/planted.ts', "import { x } from '#core/store.ts';", 'no-restricted-imports'],
    ['lib/planted.ts', "import { x } from '../lambdas/work.ts';", 'no-restricted-imports'],
  ])('%s: %s', async (file, code, rule) => {
    expect(await offences(file, code)).toEqual([rule]);
  });
  it.each([
    [
      'src/core/planted.ts',
      "import { createHash } from 'node:crypto';\nimport { x } from './limits.ts';\nexport const d = new Date(0);",
    ],
    ['src/http/planted.ts', "import { x } from '#core/ports.ts';\nimport { readFile } from 'node:fs';"],
    ['lib/planted.ts', "import { x } from '../lambdas/contract.ts';\nimport { Stack } from 'aws-cdk-lib/core';"],
  ])('%s, clean', async (file, code) => {
    expect(await offences(file, code)).toEqual([]);
  });
});

it('imports do not go in circles', () => {
  const aliases = (JSON.parse(readFileSync('package.json', 'utf8')) as { imports: Record<string, string> }).imports;
  const resolve = (from: string, to: string): string | undefined => {
    if (to.startsWith('.')) return normalize(join(dirname(from), to));
    const [room = '', ...rest] = to.split('/');
    const target = aliases[`${room}/*`];
    return target === undefined ? undefined : normalize(target.replace('*', rest.join('/')));
  };
  const files = globSync('{src,lambdas,lib,local,bin}/**/*.ts');
  const graph = new Map(
    files.map((file) => {
      const code = readFileSync(file, 'utf8');
      const found = [...code.matchAll(/^(?:import|export)(?! type)[^;]*? from '([^']+)';/gm)].map(([, to]) =>
        resolve(file, to ?? ''),
      );
      return [file, found.filter((to) => to !== undefined)];
    }),
  );
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) throw new Error(`circle: ${[...path, file].join(' → ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(done.size).toBeGreaterThan(100);
});
