/** Every grant is needed: one exercise of the whole stack uses each of them alone, and it fails without any of some. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAssembly } from '#local/assembly.ts';
import { grantsOf } from '#local/iam-grants.ts';
import { grantText, readUses } from '#local/iam-uses.ts';
import { assemblyWithout, localAssembly } from './assemblies.ts';
import { exercise } from './exercise.ts';
import { UNUSED } from './unused.ts';

const dir = mkdtempSync(join(tmpdir(), 'gleaner-grants-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let assembly = '';
beforeAll(async () => {
  assembly = await localAssembly(join(dir, 'cdk.out'));
});

it('one exercise needs every grant, but for those with a reason', { timeout: 200_000 }, async () => {
  await exercise(assembly, join(dir, 'uses'));
  const used = readUses(join(dir, 'uses'));
  const unused = grantsOf(readAssembly(assembly)).filter((grant) => !used.has(grantText(grant)));
  const without = UNUSED.filter(({ byChance }) => byChance === undefined)
    .map(({ holder, action }) => `${holder} ${action}`)
    .sort();
  const named = unused.flatMap((grant) => {
    const known = UNUSED.find(({ holder, action }) => grant.holder.startsWith(holder) && action === grant.action);
    if (known?.byChance) return [];
    return [known ? `${known.holder} ${known.action}` : `no reason for ${grantText(grant)}`];
  });
  expect([...new Set(named)].sort()).toEqual(without);
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
  await expect(exercise(smaller)).rejects.toThrow(`is not authorized to perform: ${action}`);
});
