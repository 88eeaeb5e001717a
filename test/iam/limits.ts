/** What happens at bounds only: no place for one more worker, no memory for one more target, switches that are old. */
import { gzipSync } from 'node:zlib';
import { clientOf } from '#cli/client.ts';
import { PLAN_CHUNK_BYTES, PLAN_HELD_BYTES } from '#core/limits.ts';
import { planObject } from '#core/names.ts';
import { changed, ended, LOOK_MS, must, opened, pause, type Rig, task, until } from './rig.ts';

/** A sandbox looks at the switches every few seconds: no use in asking it all the time. */
const SELDOM_MS = 500;

/** A tenant that may have one worker has two runs: the shard of the second waits in the backlog until the first is done. */
export async function crowded(rig: Rig): Promise<void> {
  const { client: operator, owner, stack } = rig;
  await operator.createTenant({ id: 'crowded', allowAddresses: ['127.0.0.0/8'], quotas: { workers: 1 } });
  const { key = '' } = await operator.createKey('crowded', { scopes: ['write'] });
  const client = clientOf({ api: stack.apiUrl, key, sleep: pause, chance: Math.random });
  const gate = await opened(rig);
  const first = await client.startInline(task('first', { urls: [`${gate.url}/`] }));
  await gate.reached();
  const second = await client.startInline(task('second', { urls: [`${gate.url}/second`] }));
  while (!(await owner.hasBacklog('crowded'))) await pause(LOOK_MS);
  gate.open();
  for (const { id } of [first, second]) await ended(client, id, 'SUCCEEDED');
}

/** More targets than a planner holds in memory: what it puts aside it takes away again, and the sweep what one that died had. */
export async function crammed(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const gate = await opened(rig);
  const padding = 'x'.repeat(8_000);
  const targets = Math.ceil((PLAN_HELD_BYTES + PLAN_CHUNK_BYTES) / padding.length);
  const lines = Array.from({ length: targets }, (_, i) => `${gate.url}/${String(i)}?${padding}`);
  const upload = await client.createUpload();
  await fetch(upload.url, { method: 'PUT', body: gzipSync(lines.join('\n'), { level: 1 }) });
  const { id } = await client.startInline(task('crammed', { list: upload.list }));
  await until(client, id, ({ state }) => state === 'RUNNING');
  // As if another planner had died.
  await owner.putObject(
    stack.world.resource('bucket', 'Results').name,
    planObject('local', id, 1, 2, 'all-0'),
    'half of it',
  );
  await owner.setRun(id, { planEpoch: 2 });
  await client.stopRun(id);
  const { progress } = await ended(client, id, 'STOPPED');
  must('targets', progress.discovered, targets);
  await owner.setRun(id, { dueAt: 0 });
  await stack.world.invoke('FunctionsSweep', {});
  await changed(owner, id, (run) => run.duePk === undefined);
  must('what planners left', await owner.keys(`t/local/runs/${id}/plan/`), []);
}

/** Each function that obeys the operator's switches asks AppConfig when it is the one that finds them old. */
export async function switched(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const gate = await opened(rig);
  const schedule = { cron: '0 * * * *', overlap: 'queue' };
  const made = await client.createTask(task('switched', { urls: [`${gate.url}/`] }, { schedule }));
  let dueMs = Date.parse(made.schedule?.nextRuns[0] ?? '');
  const held = await client.startInline(task('held', { urls: [`${gate.url}/`] }));
  await gate.reached();
  const asks: Record<string, () => Promise<unknown>> = {
    FunctionsApi: () => client.health(),
    FunctionsFire: async () => {
      const dueAt = new Date(dueMs).toISOString();
      await stack.world.invoke('FunctionsFire', { tenant: 'local', taskId: 'switched', dueAt });
      dueMs += 3_600_000;
    },
    FunctionsSweep: async () => {
      await owner.setRun(held.id, { dueAt: 0 });
      await stack.world.invoke('FunctionsSweep', {});
    },
    // The one that has the gated shard looks by itself.
    FunctionsWork: () => Promise.resolve(),
  };
  for (const [name, ask] of Object.entries(asks))
    while (!rig.used(name, 'appconfig:GetLatestConfiguration')) {
      await owner.ageSwitches();
      await ask();
      await pause(SELDOM_MS);
    }
  gate.open();
  await ended(client, held.id, 'SUCCEEDED');
}
