import type { Context } from '#core/context.ts';
import type { Schedules } from '#core/ports.ts';
import type { ScheduleEnvironment } from '../../contract.ts';
import { onFirstUse } from '../first-use.ts';

export const schedules = (env: ScheduleEnvironment): Pick<Context, 'schedules'> => ({
  schedules: onFirstUse(async () => {
    const [{ SchedulerSchedules }, { schedulerClient }] = await Promise.all([
      import('../schedules.ts'),
      import('../clients/scheduler.ts'),
    ]);
    return new SchedulerSchedules(schedulerClient(), env.SCHEDULE_GROUP, {
      functionArn: env.FIRE_FUNCTION_ARN,
      roleArn: env.SCHEDULE_ROLE_ARN,
      deadLetterArn: env.SCHEDULE_DEAD_LETTERS_ARN,
    });
  }),
});
export const scheduleRemoval = (env: { SCHEDULE_GROUP: string }): { schedules: Pick<Schedules, 'remove'> } => ({
  schedules: onFirstUse(async () => {
    const [{ ScheduleRemoval }, { schedulerClient }] = await Promise.all([
      import('../schedules.ts'),
      import('../clients/scheduler.ts'),
    ]);
    return new ScheduleRemoval(schedulerClient(), env.SCHEDULE_GROUP);
  }),
});
