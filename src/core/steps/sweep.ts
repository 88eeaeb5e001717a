/**
 * `sweep`: finds what waits in vain and sends it on: shards whose lease ran out or whose message got lost, rounds that are
 * done while nobody answered the token, runs whose execution is gone. Bounded work per pass, by the sparse index of due
 * rows; every act is conditional, so two sweeps at once do no harm.
 */
import { METRICS } from '../metrics.ts';
import { RUN_SWEEP_MS, SHARD_LOST_MS, SHARD_LOST_MS_MAX, SWEEP_ITEMS_MAX } from '../limits.ts';
import { duePartitions, planPrefix, runKey } from '../names.ts';
import { asRun, asShard, type RunRow, type ShardRow } from '../rows.ts';
import { isEnded } from '../run.ts';
import { wakeIfDue } from '../stop.ts';
import { note, readRun } from '../store.ts';
import type { Context } from '../context.ts';
import type { Key } from '../ports.ts';

type Ports = Pick<Context, 'region' | 'table' | 'queue' | 'orchestrator' | 'clock' | 'log' | 'meter'>;
export interface SweepAnswer {
  shardsResent: number;
  runsWoken: number;
  runsRestarted: number;
}

export async function sweep(ports: Ports): Promise<SweepAnswer> {
  const answer: SweepAnswer = { shardsResent: 0, runsWoken: 0, runsRestarted: 0 };
  for (const pk of duePartitions(ports.region)) {
    for (const due of await ports.table.due(pk, ports.clock.now(), SWEEP_ITEMS_MAX)) {
      const item = await ports.table.get({ pk: due.pk, sk: due.sk });
      // The index is a moment behind: the row itself decides.
      if (item === undefined || typeof item.dueAt !== 'number' || item.dueAt > ports.clock.now()) continue;
      if (item.kind === 'shard') answer.shardsResent += await sweepShard(ports, asShard(item));
      else if (item.kind === 'run') await sweepRun(ports, asRun(item), answer);
    }
  }
  ports.meter.count(METRICS.sweepResent, answer.shardsResent);
  ports.meter.count(METRICS.sweepWoken, answer.runsWoken);
  return answer;
}

async function sweepShard(ports: Ports, shard: ShardRow): Promise<number> {
  const run = await readRun(ports.table, shard.tenant, shard.runId);
  const named = run?.rounds.some((round) => shard.sk.startsWith(planPrefix(round.round, round.plan))) ?? false;
  if (run === undefined || isEnded(run.state) || (!named && run.state !== 'PLANNING')) {
    await ports.table.update(keyOf(shard), { remove: ['duePk', 'dueAt'] }, { eq: ['dueAt', shard.dueAt ?? 0] });
    return 0;
  }
  const wait = Math.min(SHARD_LOST_MS * 2 ** shard.resent, SHARD_LOST_MS_MAX);
  const set = { dueAt: ports.clock.now() + wait, resent: shard.resent + 1 };
  const mine = await ports.table.update(keyOf(shard), { set }, { eq: ['dueAt', shard.dueAt ?? 0] });
  if (!mine.ok || run.state !== 'RUNNING') return 0;
  const { tenant, runId, shardId } = shard;
  await ports.queue.send([{ v: 1, tenant, runId, shardId }]);
  ports.log.info('shard sent again', { tenant, runId, shardId, was: shard.state });
  return 1;
}

const keyOf = ({ pk, sk }: Key): Key => ({ pk, sk });

async function sweepRun(ports: Ports, run: RunRow, answer: SweepAnswer): Promise<void> {
  const { tenant, runId } = run;
  if (isEnded(run.state)) {
    await ports.table.update(keyOf(run), { remove: ['duePk', 'dueAt'] });
    return;
  }
  const next = { set: { dueAt: ports.clock.now() + RUN_SWEEP_MS } };
  const mine = await ports.table.update(keyOf(run), next, { eq: ['dueAt', run.dueAt ?? 0] });
  if (!mine.ok) return;
  if ((await ports.orchestrator.status(tenant, runId, run.attempt)) === 'running') {
    if ((await wakeIfDue(ports, tenant, runId)) === 'woken') answer.runsWoken++;
    return;
  }
  const attempt = run.attempt + 1;
  const claimed = await ports.table.update(
    runKey(tenant, runId),
    { set: { attempt } },
    { eq: ['attempt', run.attempt] },
  );
  if (!claimed.ok) return;
  await ports.orchestrator.start(tenant, runId, attempt);
  await note(
    ports.table,
    run,
    ports.clock.now(),
    'run.restarted',
    `its execution was gone: started again (${String(attempt)})`,
  );
  answer.runsRestarted++;
}
