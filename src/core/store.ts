/** Reading the control table: the few look-ups that several steps share. Writing stays with the step that owns it. */
import {
  configKey,
  configVersionKey,
  eventKey,
  planPrefix,
  runKey,
  runPk,
  shardKey,
  tenantKey,
  versionKey,
} from './names.ts';
import {
  asAttr,
  asConfig,
  asItem,
  asRun,
  asShard,
  asTenant,
  asVersion,
  type ConfigRow,
  type RoundRow,
  type RunRow,
  type ShardRow,
  type TenantRow,
} from './rows.ts';
import { withDefaults, type Defaults } from './defaults.ts';
import type { JsonObject } from './json.ts';
import type { Item, Page, Table } from './ports.ts';
import type { TaskSpec } from './task.ts';

export async function readRun(table: Table, tenant: string, runId: string): Promise<RunRow | undefined> {
  const item = await table.get(runKey(tenant, runId));
  return item && asRun(item);
}

export async function readShard(
  table: Table,
  tenant: string,
  runId: string,
  shardId: string,
): Promise<ShardRow | undefined> {
  const item = await table.get(shardKey(tenant, runId, shardId));
  return item && asShard(item);
}

/** A task version never changes, so a caller may keep it. */
export async function readTask(table: Table, tenant: string, taskId: string, version: number): Promise<TaskSpec> {
  const item = await table.get(versionKey(tenant, taskId, version));
  if (item === undefined) throw new Error(`task ${taskId} has no version ${String(version)}`);
  return JSON.parse(asVersion(item).task) as TaskSpec;
}

/** As it was written: with what of it the document named itself. */
export async function readVersion(
  table: Table,
  tenant: string,
  taskId: string,
  version: number,
): Promise<{ task: TaskSpec; given?: string[] }> {
  const item = await table.get(versionKey(tenant, taskId, version));
  if (item === undefined) throw new Error(`task ${taskId} has no version ${String(version)}`);
  const { task, given } = asVersion(item);
  return { task: JSON.parse(task) as TaskSpec, ...(given && { given }) };
}

/** What a run does: its task's version under the tenant's defaults as they were when it started. */
export async function taskOfRun(
  table: Table,
  run: Pick<RunRow, 'tenant' | 'taskId' | 'taskVersion' | 'configVersion'>,
): Promise<TaskSpec> {
  const { tenant, taskId, taskVersion, configVersion } = run;
  const [{ task, given }, defaults] = await Promise.all([
    readVersion(table, tenant, taskId, taskVersion),
    configVersion === undefined ? undefined : configAt(table, tenant, configVersion),
  ]);
  if (configVersion === undefined) return task;
  if (defaults === undefined) throw new Error(`the configuration has no version ${String(configVersion)}`);
  return withDefaults(task, given, defaults);
}

/** The newest configuration of a tenant, if it ever had one. */
export async function readConfig(table: Table, tenant: string): Promise<ConfigRow | undefined> {
  const item = await table.get(configKey(tenant));
  return item && asConfig(item);
}

/** One version; the newest may stand in the head alone for a moment. */
export async function configAt(table: Table, tenant: string, version: number): Promise<Defaults | undefined> {
  const kept = async (): Promise<Item | undefined> => table.get(configVersionKey(tenant, version));
  let item = await kept();
  if (item === undefined) {
    const head = await table.get(configKey(tenant));
    item = head && asConfig(head).version === version ? head : await kept();
  }
  return item && (JSON.parse(asConfig(item).config) as Defaults);
}

export async function readTenant(table: Table, tenant: string): Promise<TenantRow> {
  const item = await table.get(tenantKey(tenant));
  if (item === undefined) throw new Error(`no tenant ${tenant}`);
  return asTenant(item);
}

/** Every item of a query, page by page. */
export async function* pages(fetch: (cursor: string | undefined) => Promise<Page>): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const page = await fetch(cursor);
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The shards of one committed plan, in order. Shards of plans that were never committed are not seen. */
export async function* shardsOf(table: Table, run: RunRow, round: RoundRow): AsyncGenerator<ShardRow> {
  const query = { pk: runPk(run.tenant, run.runId), prefix: planPrefix(round.round, round.plan) };
  for await (const item of pages((cursor) => table.query({ ...query, ...(cursor !== undefined && { cursor }) })))
    yield asShard(item);
}

export async function* allShards(table: Table, run: RunRow): AsyncGenerator<ShardRow> {
  for (const round of run.rounds) yield* shardsOf(table, run, round);
}

/** Is every shard of the round done? Asks the rows, never a counter. */
export async function isRoundDone(table: Table, run: RunRow, round: RoundRow): Promise<boolean> {
  for await (const shard of shardsOf(table, run, round)) if (shard.state !== 'DONE') return false;
  return true;
}

/** A line of the run's timeline. `order` makes a repeated event of the same millisecond overwrite itself. */
export async function note(
  table: Table,
  run: { tenant: string; runId: string },
  at: number,
  type: string,
  detail: string,
  data?: JsonObject,
): Promise<void> {
  const key = eventKey(run.tenant, run.runId, at, type);
  await table.put(asItem({ ...key, kind: 'event', at, type, detail, ...(data && { data: asAttr(data) as never }) }));
}
