/** Every grant is needed: one exercise of the whole stack uses each of them alone, and it fails without any of some. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAssembly } from '#local/assembly.ts';
import { grantsOf } from '#local/iam-grants.ts';
import { grantText } from '#local/iam-uses.ts';
import { assemblyWithout, localAssembly } from './assemblies.ts';
import { exercise } from './exercise.ts';

const dir = mkdtempSync(join(tmpdir(), 'gleaner-grants-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let assembly = '';
beforeAll(async () => {
  assembly = await localAssembly(join(dir, 'cdk.out'));
});

it('one exercise needs every grant', { timeout: 200_000 }, async () => {
  const uses = await exercise(assembly);
  const grants = grantsOf(readAssembly(assembly)).map(grantText);
  expect(grants.length).toBeGreaterThan(100);
  expect(grants.filter((grant) => !uses.has(grant))).toEqual([]);
});

it.each([
  ['FunctionsApi', 'dynamodb:GetItem'],
  ['FunctionsWork', 'sqs:GetQueueAttributes'],
  ['HttpApi', 'lambda:InvokeFunction'],
  ['RunRole', 'logs:CreateLogDelivery'],
])('without what %s has of %s it fails', { timeout: 200_000 }, async (holder, action) => {
  const grant = grantsOf(readAssembly(assembly)).find((g) => g.holder.startsWith(holder) && g.action === action);
  if (grant === undefined) throw new Error('there is no such grant');
  const smaller = assemblyWithout(assembly, grant, join(dir, `${holder}-without`));
  expect(grantsOf(readAssembly(smaller))).toHaveLength(grantsOf(readAssembly(assembly)).length - 1);
  await expect(exercise(smaller, 'paced')).rejects.toThrow(`is not authorized to perform: ${action}`);
});
