/** What is checked when all runs are over: each run's manifest, ledger and records, what is left behind, and the pace. */
import { ledgerObject } from '#core/manifest.ts';
import { commitName, fileName, fileObject, linksObject, manifestObject, targetsObject } from '#core/names.ts';
import { asShard, type RunRow, type ShardRow } from '#core/rows.ts';
import type { Manifest } from '#core/operations.ts';
import { checkLedger } from './check-ledger.ts';
import { checkManifest, ledgerOf } from './check-manifest.ts';
import { checkDistance, checkOrphans } from './check-objects.ts';
import { violation, type Violation } from './invariants.ts';
import { taskOf } from './scenario.ts';
import type { World } from './world.ts';

export function checkEnd(world: World): Violation[] {
  const runs = [...world.watch.runs.values()];
  return [
    ...runs.flatMap(({ row }) => checkRun(world, row)),
    ...runs.flatMap(({ row }) => checkLeft(world, row)),
    ...checkPace(world),
  ];
}

function shardsOf(world: World, run: RunRow): ShardRow[] {
  const plans = new Set(run.rounds.map(({ round, plan }) => `${String(round)} ${String(plan)}`));
  return world.table
    .peekAll(run.pk, 'S#')
    .map(asShard)
    .filter(({ shardId }) =>
      plans.has(`${String(Number(shardId.slice(1, 4)))} ${String(Number(shardId.slice(5, 8)))}`),
    );
}

function manifestOf(world: World, run: RunRow, era: number): Manifest | undefined {
  const bytes = world.objects.stored.get(manifestObject(run.tenant, run.runId, era));
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Manifest);
}

function checkRun(world: World, run: RunRow): Violation[] {
  const { scenario, watch } = world;
  const manifest = manifestOf(world, run, run.redrives ?? 0);
  if (manifest === undefined) return [violation('filesExist', `run ${run.runId} has no manifest`)];
  const task = taskOf(scenario, run);
  const fileOf = (name: string): Uint8Array | undefined =>
    world.objects.stored.get(fileObject(run.tenant, run.runId, name));
  const { site } = scenario;
  const found = checkManifest({ manifest, fileOf, site, key: task.extract.key });
  if (manifest.state !== run.state)
    found.push(violation('totalsAgree', `the manifest says ${manifest.state}, the run ${run.state}`));
  const lines = ledgerOf({ manifest, fileOf });
  watch.targets += lines.length;
  const ref = task.source.list?.slice('upload:'.length) ?? '';
  const facts = {
    ...{ runId: run.runId, task, site, list: scenario.uploads.get(ref) ?? [] },
    isWhole:
      run.stopReason === undefined &&
      run.ending === undefined &&
      run.error === undefined &&
      !watch.wasCutShort(run.runId),
    redrives: run.redrives ?? 0,
    rounds: run.rounds.length,
    planned: run.rounds.reduce((sum, { targets }) => sum + targets, 0),
    deaths: watch.deathsOf(run.runId),
  };
  return [...found, ...checkLedger(facts, lines)];
}

/** Objects that neither a row nor a manifest of any era names. */
function checkLeft(world: World, run: RunRow): Violation[] {
  const { tenant, runId } = run;
  const named = new Set<string>();
  for (const { ledgers } of run.rounds)
    for (const { name } of ledgers) named.add(fileObject(tenant, runId, fileName('ledger', name)));
  for (const shard of shardsOf(world, run)) {
    named.add(targetsObject(tenant, runId, shard.shardId));
    for (const commit of shard.commits) {
      const name = commitName(shard.shardId, commit.e, commit.q);
      named.add(fileObject(tenant, runId, fileName('records', name))).add(ledgerObject(shard, commit));
      named.add(linksObject(tenant, runId, name));
    }
  }
  for (let era = 0; era <= (run.redrives ?? 0); era++) {
    const manifest = manifestOf(world, run, era);
    for (const { name } of [...(manifest?.parts ?? []), ...(manifest?.ledger ?? [])])
      named.add(fileObject(tenant, runId, name));
  }
  const settledAt = world.watch.runs.get(runId)?.settledAt ?? -Infinity;
  const stored = [...world.watch.written].flatMap(([key, writtenAt]) =>
    /\/(parts|ledger|links|targets|plan)\/(plan-)?r\d/.test(key) && key.includes(runId) && world.objects.stored.has(key)
      ? [{ key, writtenAt }]
      : [],
  );
  return checkOrphans(stored, named, settledAt);
}

function checkPace(world: World): Violation[] {
  const rates = [...world.watch.runs.values()].map(({ row }) => taskOf(world.scenario, row).pace.requestsPerSecond);
  const intervalMs = 1_000 / Math.max(...rates);
  const { skewMs } = world.scenario.faults;
  return [...world.watch.requests].flatMap(([host, times]) => checkDistance(host, times, intervalMs, 2 * skewMs + 1));
}
