/**
 * `npm run iam -- mutate [TEXT]` takes one grant after the other out of the template (those whose line holds TEXT) and
 * shows that the exercise fails for it. `npm run iam -- report [DIR]` runs the test suite, or reads what one noted under
 * `GLEANER_IAM_USES=DIR`, and names the grants that nothing used. Both exit with 1 when a grant is not needed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAssembly } from '#local/assembly.ts';
import { grantsOf } from '#local/iam-grants.ts';
import type { Grant } from '#local/iam-policy.ts';
import { grantText, readUses, USES_VARIABLE } from '#local/iam-uses.ts';
import { assemblyWithout, localAssembly } from './assemblies.ts';
import { exercise } from './exercise.ts';
import { UNUSED } from './unused.ts';

/** Stacks at a time: each waits more than it works. */
const AT_ONCE = 3;

const reasonFor = ({ holder, action }: Grant): string | undefined =>
  UNUSED.find((unused) => holder.startsWith(unused.holder) && unused.action === action)?.reason;

async function mutate(dir: string, text: string): Promise<number> {
  const assembly = await localAssembly(join(dir, 'cdk.out'));
  const grants = grantsOf(readAssembly(assembly)).filter((grant) => grantText(grant).includes(text));
  const begun = Date.now();
  await exercise(assembly);
  console.log(`with every grant: passes in ${seconds(begun)}`);
  const waiting = grants.entries();
  let survived = 0;
  const worker = async (): Promise<void> => {
    for (const [i, grant] of waiting) {
      const at = Date.now();
      const smaller = assemblyWithout(assembly, grant, join(dir, String(i)));
      const failure = await exercise(smaller).then(() => undefined, (error: unknown) => (error as Error).message); // prettier-ignore
      rmSync(smaller, { recursive: true, force: true });
      const named = failure?.includes(`to perform: ${grant.action} `) === true;
      const verdict = named ? 'fails' : failure === undefined ? 'PASSES' : `FAILS OTHERWISE (${failure})`;
      const reason = named ? undefined : reasonFor(grant);
      if (!named && reason === undefined) survived++;
      console.log(
        `${verdict} in ${seconds(at)} without ${grantText(grant)}${reason === undefined ? '' : ` (${reason})`}`,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  console.log(
    `${String(grants.length)} grants taken away one by one in ${seconds(begun)}: ${String(survived)} not needed`,
  );
  return survived;
}

async function report(dir: string, given: string | undefined): Promise<number> {
  const uses = given ?? join(dir, 'uses');
  if (given === undefined) {
    const env = { ...process.env, [USES_VARIABLE]: uses };
    const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
      env,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error('the test suite fails');
  }
  const grants = grantsOf(readAssembly(await localAssembly(join(dir, 'cdk.out'))));
  const used = readUses(uses);
  const unused = grants.filter((grant) => !used.has(grantText(grant)));
  for (const grant of unused) console.log(`unused: ${grantText(grant)}: ${reasonFor(grant) ?? 'NO REASON'}`);
  const without = unused.filter((grant) => reasonFor(grant) === undefined).length;
  console.log(`${String(grants.length)} grants, ${String(unused.length)} unused, ${String(without)} without a reason`);
  return without;
}

const seconds = (sinceMs: number): string => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

const dir = mkdtempSync(join(tmpdir(), 'gleaner-iam-'));
const [command, argument] = process.argv.slice(2);
try {
  if (command !== 'mutate' && command !== 'report')
    throw new Error('usage: npm run iam -- mutate [TEXT] | report [DIR]');
  const found = command === 'mutate' ? await mutate(dir, argument ?? '') : await report(dir, argument);
  process.exitCode = found === 0 ? 0 : 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
