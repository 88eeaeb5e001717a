/** The port on EventBridge Scheduler, over the wire to the local world's. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { ScheduleSpec } from '#core/task.ts';
import { schedulerClient } from '#lambdas/aws/clients/scheduler.ts';
import { SchedulerSchedules } from '#lambdas/aws/schedules.ts';
import { listen } from '#local/loopback.ts';
import { schedulerService } from '#local/scheduler-service.ts';
import { Scheduler } from '#local/scheduler.ts';
import { ownerGate } from '../local/emulators.ts';
import { tempDir } from '../local/fixture.ts';
import { VirtualClock } from '../local/virtual-clock.ts';

async function open(group = 'gleaner-test') {
  const path = join(tempDir(), 'schedules.json');
  const clock = new VirtualClock();
  const invoke = (): Promise<undefined> => Promise.resolve(undefined);
  const nothing = (): void => undefined;
  const scheduler = new Scheduler({ path, clock, chance: () => 0, invoke, deadLetter: nothing, log: nothing });
  const place = { account: '000000000000', region: 'us-east-1', stackName: 's', queueUrlBase: '' };
  const service = schedulerService({
    scheduler,
    gate: ownerGate,
    checkRole: nothing,
    groups: ['gleaner-test'],
    functionArns: ['arn:f'],
    place,
  });
  const server = await listen(service, 0, nothing);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = schedulerClient({ endpoint: server.url, region: 'us-east-1', credentials });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
    await scheduler.close();
  });
  const target = { functionArn: 'arn:f', roleArn: 'arn:r', deadLetterArn: 'arn:d' };
  return { scheduler, schedules: new SchedulerSchedules(client, group, target) };
}
const spec = (change: Partial<ScheduleSpec>): ScheduleSpec => ({
  timezone: 'Asia/Shanghai',
  overlap: 'skip',
  ...change,
});

it('makes, changes and takes away; each may be repeated', async () => {
  const { scheduler, schedules } = await open();
  const expressions = (): string[] => scheduler.list().map(({ expression }) => expression).sort(); // prettier-ignore
  for (let i = 0; i < 2; i++) await schedules.put('acme', 'shop', spec({ cron: '0 3 1 * mon', jitterMinutes: 5 }), 0);
  expect(expressions()).toEqual(['cron(0 3 1 * ? *)', 'cron(0 3 ? * 2 *)']);
  expect(scheduler.list()[0]).toMatchObject({
    timezone: 'Asia/Shanghai',
    windowMinutes: 5,
    description: 'task shop of tenant acme',
    target: {
      arn: 'arn:f',
      input: '{"tenant":"acme","taskId":"shop","dueAt":"<aws.scheduler.scheduled-time>"}',
      ageSecondsMax: 3600,
      deadLetterArn: 'arn:d',
    },
  });
  // Another tenant's task of the same name is another schedule.
  const firstAt = Date.UTC(2026, 5, 1, 12);
  await schedules.put('other', 'shop', spec({ every: '90 minutes' }), firstAt);
  await schedules.put('acme', 'shop', spec({ cron: '30 4 * * *' }), 0);
  expect(expressions()).toEqual(['cron(30 4 * * ? *)', 'rate(90 minutes)']);
  expect(scheduler.list().find(({ expression }) => expression.startsWith('rate'))).toMatchObject({
    startMs: firstAt,
    nextMs: firstAt,
    windowMinutes: 0,
  });
  for (let i = 0; i < 2; i++) await schedules.remove('acme', 'shop');
  expect(expressions()).toEqual(['rate(90 minutes)']);
});

it('says which call failed when the service refuses', async () => {
  const { schedules } = await open('no-such-group');
  await expect(schedules.put('acme', 'shop', spec({ cron: '30 4 * * *' }), 0)).rejects.toThrow(
    /Scheduler CreateSchedule, schedule [0-9a-f]{40}-0: ResourceNotFoundException: Schedule group no-such-group/,
  );
});
