/**
 * Writes shards as they are dealt: targets first, then the row. The shards of a stream are linked, the first one may start
 * at once and the others wait for their turn, so a row is written when its successor is known.
 */
import { Bounded } from '../bounded.ts';
import { emptyBitmap } from '../bitmap.ts';
import { SHARD_LOST_MS, WORK_CONCURRENCY_MAX } from '../limits.ts';
import { dueOf, shardId, shardKey, targetsObject } from '../names.ts';
import { asItem, type RunRow, type ShardRow } from '../rows.ts';
import type { Context } from '../context.ts';
import type { Dealt } from './round-targets.ts';
import type { StreamPlan } from './streams.ts';
import type { TaskSpec } from '../task.ts';

/** Objects and rows on their way at a time. */
const WRITES_AT_ONCE = 8;

export class ShardWriter {
  readonly #ports: Pick<Context, 'table' | 'objects' | 'clock'>;
  readonly #run: RunRow;
  readonly #task: TaskSpec;
  readonly #round: number;
  readonly #plan: StreamPlan;
  readonly #shares: Record<string, number>[];
  readonly #left: number[];
  readonly #writes = new Bounded(WRITES_AT_ONCE);
  #last: { stream: number; row: ShardRow } | undefined;
  #index = 0;
  #targets = 0;

  constructor(
    ports: Pick<Context, 'table' | 'objects' | 'clock'>,
    run: RunRow,
    task: TaskSpec,
    round: number,
    plan: StreamPlan,
    hosts: readonly string[],
  ) {
    this.#ports = ports;
    this.#run = run;
    this.#task = task;
    this.#round = round;
    this.#plan = plan;
    this.#left = [...plan.targets];
    this.#shares = plan.targets.map(() => ({}));
    for (const [host, parts] of plan.parts)
      for (const { stream, share } of parts) Object.assign(this.#shares[stream] ?? {}, { [hosts[host] ?? '']: share });
  }

  /** Shards of one stream come one after the other, in their order. */
  async write({ stream, targets, lines, hosts }: Dealt): Promise<void> {
    const { tenant, runId } = this.#run;
    const id = shardId({ round: this.#round, plan: this.#run.planEpoch, index: this.#index++ });
    this.#targets += targets;
    await this.#writes.run(async () => {
      await this.#ports.objects.writeText(targetsObject(tenant, runId, id), [lines], 'once');
    });
    const isFirst = this.#last?.stream !== stream;
    await this.#putLast(isFirst ? undefined : id);
    this.#last = { stream, row: this.#row(id, stream, targets, hosts, isFirst) };
  }

  async finish(): Promise<{ shards: number; targets: number; streams: number }> {
    await this.#putLast(undefined);
    await this.#writes.drain();
    const streams = this.#plan.targets.filter((targets) => targets > 0).length;
    return { shards: this.#index, targets: this.#targets, streams };
  }

  async #putLast(next: string | undefined): Promise<void> {
    const row = this.#last?.row;
    if (row === undefined) return;
    await this.#writes.run(async () => {
      await this.#ports.table.put(asItem(next === undefined ? row : { ...row, next }));
    });
  }

  #row(id: string, stream: number, targets: number, hosts: string[], isFirst: boolean): ShardRow {
    const { tenant, runId } = this.#run;
    const follow = this.#task.source.follow?.url;
    const behind = (this.#left[stream] ?? 0) - targets;
    this.#left[stream] = behind;
    const now = this.#ports.clock.now();
    const shares = this.#shares[stream] ?? {};
    return {
      ...shardKey(tenant, runId, id),
      kind: 'shard',
      tenant,
      runId,
      shardId: id,
      state: isFirst ? 'READY' : 'WAITING',
      epoch: 0,
      targets,
      hosts,
      stream,
      behind,
      share: Math.min(this.#task.pace.concurrency, WORK_CONCURRENCY_MAX),
      ...(Object.keys(shares).length > 0 && { shares }),
      done: emptyBitmap(targets),
      retries: {},
      gates: {},
      slots: {},
      resent: 0,
      commits: [],
      seq: 0,
      counts: {},
      attempts: 0,
      records: 0,
      bytes: 0,
      createdAt: now,
      ...(follow !== undefined && { follow }),
      // Only what is sent by dispatch can be lost on the way; WAITING rows become due when their turn comes.
      ...(isFirst && { duePk: dueOf(this.#run), dueAt: now + SHARD_LOST_MS }),
    };
  }
}
