/**
 * What remains to be done when a run has ended: its task's lock goes to whoever waits for it, and what lost
 * leases and lost plans left behind, objects and rows of shards, is deleted. The run stays due until all of it is done, so the sweep goes on where others died.
 */
import { Bounded } from './bounded.ts';
import { SETTLE_OBJECTS_MAX } from './limits.ts';
import { tellRun } from './alerts/run-news.ts';
import {
  commitName,
  fileName,
  fileObject,
  linksObject,
  planObjects,
  planPrefix,
  runKey,
  runPk,
  type FileKind,
} from './names.ts';
import { isEnded } from './run.ts';
import { dropSlot } from './quota-gate.ts';
import { dropLock, startNext } from './run-lock.ts';
import { moveRun } from './stop.ts';
import { allShards } from './store.ts';
import type { RunRow, ShardRow } from './rows.ts';
import type { Context } from './context.ts';

type Ports = Pick<Context, 'region' | 'table' | 'objects' | 'orchestrator' | 'clock'>;

/** Lets go of its slot and its lock, and starts the run that has waited longest. */
export async function yieldTurn(ports: Omit<Ports, 'objects'>, run: RunRow): Promise<void> {
  await dropSlot(ports, run);
  if (run.lock !== undefined) await dropLock(ports, run, run.lock);
  if (run.overlap !== undefined) await startNext(ports, run.tenant, run.taskId);
}

/** One pass over a run that has ended; bounded, and gone on with by the next. True when nothing is left to do. */
export async function settle(ports: Ports, run: RunRow): Promise<boolean> {
  if (!isEnded(run.state)) return false;
  await yieldTurn(ports, run);
  await tellRun(ports, run);
  const deleting = new Bounded(8);
  let left = SETTLE_OBJECTS_MAX;
  for await (const shard of allShards(ports.table, run)) {
    if (run.settledTo !== undefined && shard.shardId <= run.settledTo) continue;
    const orphans = orphansOf(shard);
    for (const key of orphans) await deleting.run(() => ports.objects.delete(key));
    // What a pass takes is counted by what it deletes: some shards have lost hundreds of leases.
    left -= 1 + orphans.length;
    if (left > 0) continue;
    await deleting.drain();
    const set = { settledTo: shard.shardId };
    await ports.table.update(runKey(run.tenant, run.runId), { set }, { eq: ['attempt', run.attempt] });
    return false;
  }
  await deleting.drain();
  if (!(await clearLostPlans(ports, run))) return false;
  return (await moveRun(ports, run.tenant, run.runId, { kind: 'settled', attempt: run.attempt })).ok;
}

/** Planners that died or were overtaken leave what they had written by then. False when there may be more than one pass takes. */
async function clearLostPlans({ objects, table }: Ports, run: RunRow): Promise<boolean> {
  const { tenant, runId } = run;
  const deleting = new Bounded(8);
  let left = SETTLE_OBJECTS_MAX;
  for (const { round, plan } of lostPlans(run)) {
    for (const prefix of planObjects(tenant, runId, round, plan)) {
      if (left === 0) break;
      const keys = await objects.list(prefix, left);
      for (const key of keys) await deleting.run(() => objects.delete(key));
      left -= keys.length;
    }
    if (left === 0) break;
    const { items } = await table.query({ pk: runPk(tenant, runId), prefix: planPrefix(round, plan), limit: left });
    for (const { pk, sk } of items) await deleting.run(async () => void (await table.delete({ pk, sk })));
    left -= items.length;
    if (left === 0) break;
  }
  await deleting.drain();
  return left > 0;
}

/** Every planner has an epoch of its own, and rounds are planned in order: an epoch that no round names was one for the round then next. */
function lostPlans({ planEpoch, rounds }: RunRow): { round: number; plan: number }[] {
  const epochs = Array.from({ length: planEpoch }, (_, i) => i + 1);
  return epochs
    .filter((epoch) => !rounds.some(({ plan }) => plan === epoch))
    .map((plan) => ({ round: rounds.filter((done) => done.plan < plan).length, plan }));
}

/**
 * Names under which lost leases and earlier eras may have left objects that no row names. An owner writes one commit at a
 * time, so each epoch that was lost has at most one: the number after the last that was committed up to it. And a ledger
 * that was written again left its former versions behind.
 */
export function orphansOf(shard: ShardRow): string[] {
  const { tenant, runId, shardId, commits } = shard;
  const file = (kind: FileKind, epoch: number, seq: number): string =>
    fileObject(tenant, runId, fileName(kind, commitName(shardId, epoch, seq)));
  const keys: string[] = [];
  let committed = 0;
  for (let epoch = 1; epoch < shard.epoch; epoch++) {
    for (const { e, q } of commits) if (e === epoch) committed = Math.max(committed, q);
    const seq = committed + 1;
    keys.push(
      file('records', epoch, seq),
      file('ledger', epoch, seq),
      linksObject(tenant, runId, commitName(shardId, epoch, seq)),
    );
  }
  for (const { e, q, le = e } of commits) for (let epoch = e; epoch < le; epoch++) keys.push(file('ledger', epoch, q));
  return keys;
}
