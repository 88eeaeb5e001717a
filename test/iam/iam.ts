/**
 * `npm run iam -- mutate [TEXT]` plays each scenario once and notes which grants allow its calls; then it takes one grant after
 * the other out of the template (those whose line holds TEXT) and plays the scenario that comes to it first, on a stack of
 * its own, until IAM refuses the call. `npm run iam -- report [DIR]` runs the test suite, or reads what one noted under
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
import { exercise, SCENARIOS, type ScenarioName, type Uses } from './exercise.ts';

/** Stacks at a time: as many as CI has cores. */
const AT_ONCE = 2;

async function eachAtOnce<T>(all: readonly T[], job: (one: T) => Promise<void>): Promise<void> {
  const waiting = all.values();
  const worker = async (): Promise<void> => {
    for (const one of waiting) await job(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function mutate(dir: string, text: string): Promise<number> {
  const assembly = await localAssembly(join(dir, 'cdk.out'));
  const grants = grantsOf(readAssembly(assembly)).filter((grant) => grantText(grant).includes(text));
  const begun = Date.now();
  const uses = new Map<ScenarioName, Uses>();
  await eachAtOnce(Object.keys(SCENARIOS) as ScenarioName[], async (name) => {
    uses.set(name, await exercise(assembly, name));
  });
  console.log(`with every grant: ${String(uses.size)} scenarios pass in ${seconds(begun)}`);
  let done = 0;
  let survived = 0;
  await eachAtOnce(grants, async (grant) => {
    const at = Date.now();
    const smaller = assemblyWithout(assembly, grant, join(dir, grantText(grant).replace(/\W+/g, '-')));
    const verdict = await verdictOf(smaller, grant, soonestFirst(uses, grant));
    rmSync(smaller, { recursive: true, force: true });
    if (!verdict.startsWith('refused')) survived++;
    console.log(`${String(++done)}/${String(grants.length)} ${grantText(grant)}: ${verdict} (${seconds(at)})`);
  });
  console.log(
    `${String(grants.length)} grants taken away one by one in ${seconds(begun)}: ${String(survived)} not needed`,
  );
  return survived;
}

/** Scenarios in which the grant allowed a call, the one that came to it first in front. */
const soonestFirst = (uses: Map<ScenarioName, Uses>, grant: Grant): ScenarioName[] =>
  [...uses]
    .flatMap(([name, at]) => ({ name, at: at.get(grantText(grant)) ?? Infinity }))
    .filter(({ at }) => at < Infinity)
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);

/** What the scenarios come to without the grant; a failure counts only when it is the refusal that names the action. */
async function verdictOf(smaller: string, grant: Grant, names: ScenarioName[]): Promise<string> {
  if (names.length === 0) return 'NO SCENARIO USES IT';
  for (const name of names) {
    const failure = await exercise(smaller, name).then(() => undefined, (error: unknown) => (error as Error).message); // prettier-ignore
    if (failure?.includes(`is not authorized to perform: ${grant.action} on resource: `)) return `refused in ${name}`;
    if (failure !== undefined) return `FAILS OTHERWISE in ${name}: ${failure}`;
  }
  return `PASSES ${names.join(', ')}`;
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
  for (const grant of unused) console.log(`unused: ${grantText(grant)}`);
  console.log(`${String(grants.length)} grants, ${String(unused.length)} unused`);
  return unused.length;
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
