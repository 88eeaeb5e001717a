/** What nobody asks for: lines that move on, schedules that come due, and what the sweep finds and mends. */
import type { ApiRefusal } from '#cli/problem.ts';
import type { JsonObject } from '#core/json.ts';
import { scheduleName } from '#core/names.ts';
import { changed, ended, LOOK_MS, must, opened, pause, type Rig, task } from './rig.ts';
import type { Gate } from './gate.ts';

/** One run of a task at a time: the next starts when the first ends; one that is stopped while it waits ends by itself. */
export async function inLine(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const gate = await opened(rig);
  await client.createTask(task('in-line', { urls: [`${gate.url}/`] }));
  const first = await client.startRun('in-line', 'queue');
  const second = await client.startRun('in-line', 'queue');
  must('the second run', second.waitsFor, first.id);
  must('a third run', await client.startRun('in-line', 'skip').catch((e: unknown) => (e as ApiRefusal).status), 409);
  await owner.setRun(second.id, { dueAt: 0 });
  await stack.world.invoke('FunctionsSweep', {});
  gate.open();
  for (const { id } of [first, second]) await ended(client, id, 'SUCCEEDED');
}

/** What the sweep finds and mends: a lost message, a dead one, an execution that is gone, a word that was not passed on. */
export async function mended(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const [goneGate, unheardGate] = [await opened(rig), await opened(rig)];
  const start = (name: string, gate: Gate) => client.startInline(task(name, { urls: [`${gate.url}/`] }));
  const [gone, unheard] = [await start('gone', goneGate), await start('unheard', unheardGate)];
  await Promise.all([goneGate.reached(), unheardGate.reached()]);
  const [shard] = await owner.shards(gone.id);
  if (shard === undefined) throw new Error('a run without shards');
  const { tokens = [] } = await changed(owner, unheard.id, (run) => run.tokens !== undefined);
  await owner.setShard(shard, { dueAt: 0 });
  await owner.stopExecution(gone.id, 0);
  await owner.setRun(gone.id, { dueAt: 0 });
  await owner.setRun(unheard.id, { dueAt: 0, state: 'FINALIZING', stopReason: 'user' });
  const { tenant, runId, shardId } = shard;
  await owner.sendMessage('ShardsDeadLetters', JSON.stringify({ v: 1, tenant, runId, shardId }));
  await stack.world.invoke('FunctionsSweep', {});
  // By this sweep or by that of the minute.
  await changed(owner, gone.id, (run) => run.attempt === 1);
  const letters = async () => (await client.listDeadLetters({ runId })).items;
  while ((await letters()).length === 0) await pause(LOOK_MS);
  const [letter] = await letters();
  must('a dead letter', (await client.redriveDeadLetters([letter?.id ?? ''])).redriven, [letter?.id]);
  goneGate.open();
  await ended(client, gone.id, 'SUCCEEDED');
  await ended(client, unheard.id, 'STOPPED');
  // A call of Await that comes when its wait is long over answers the token by itself.
  await stack.world.invoke('FunctionsAwait', { tenant, runId: unheard.id, attempt: 0, round: 0, token: tokens[0] ?? '' }); // prettier-ignore
}

/** A schedule that is put up, changed and taken away; due runs called for, found by the sweep, and one that nobody takes. */
export async function scheduled(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const gate = await opened(rig);
  const urls = { urls: [`${gate.url}/`] };
  const schedule = (cron: string): JsonObject => ({
    schedule: { cron, overlap: 'queue' },
    alerts: { notify: [{ webhook: `${gate.url}/` }, { email: 'team@shop.example' }] },
  });
  const made = await client.createTask(task('scheduled', urls, schedule('0 3 * * *')));
  const put = await client.replaceTask('scheduled', task('scheduled', urls, schedule('0 * * * *')), made.etag);
  const part = stack.world.schedules.list().find(({ name }) => name === scheduleName('local', 'scheduled', 0));
  await owner.putWaiter('scheduled', '0'.repeat(26));
  for (const at of put.schedule?.nextRuns.slice(0, 2) ?? [])
    must('a call', await stack.world.schedules.fire(part?.group ?? '', part?.name ?? '', Date.parse(at)), true);
  const runs = (await client.listRuns({ taskId: 'scheduled' })).items;
  must('the runs that were due', runs.map(({ waitsFor }) => waitsFor), [runs[1]?.id, undefined]); // prettier-ignore
  gate.open();
  for (const { id } of runs) await ended(client, id, 'SUCCEEDED');
  await owner.setSchedule('scheduled', { doneTo: Date.now() - 5 * 3_600_000, dueAt: 0 });
  await stack.world.invoke('FunctionsSweep', {});
  while (((await client.getTask('scheduled')).schedule?.missed ?? 0) === 0) await pause(LOOK_MS);
  await owner.scheduleNonsense();
  while (!(await owner.hasMessage('SchedulesDeadLetters'))) await pause(LOOK_MS);
  await client.deleteTask('scheduled');
  const dueAt = new Date().toISOString();
  await stack.world.invoke('FunctionsNotify', {});
  must('what was told', stack.world.events().length > 0, true);
  const secret = await fetch(`${stack.apiUrl}/v1/webhook-secret`, {
    headers: { authorization: `Bearer ${stack.key}` },
  });
  must('the secret of webhooks', secret.status, 200);
  const late = await stack.world.invoke('FunctionsFire', { tenant: 'local', taskId: 'scheduled', dueAt });
  must('a call that comes too late', late, { outcome: 'noSchedule' });
}
