/** The `Schedules` port on EventBridge Scheduler: the stage's group, a schedule for each part of a task's. */
import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  UpdateScheduleCommand,
  type CreateScheduleCommandInput,
  type SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { DUE_LATE_MS } from '#core/limits.ts';
import { scheduleName } from '#core/names.ts';
import type { Schedules } from '#core/ports.ts';
import type { ScheduleSpec } from '#core/task.ts';
import type { FireInput } from '../contract.ts';
import { call } from './call.ts';
import { expressionsOf, PARTS_MAX } from './schedule-expression.ts';

/** What Scheduler puts in the place of this when it calls: when it was due, not when it got to it. */
const DUE = '<aws.scheduler.scheduled-time>';
/** Of Scheduler; the age ends it before. */
const CALLS_MAX = 185;

/** Takes schedules away, and does no more. */
export class ScheduleRemoval implements Pick<Schedules, 'remove'> {
  protected readonly client: SchedulerClient;
  protected readonly group: string;

  constructor(client: SchedulerClient, group: string) {
    this.client = client;
    this.group = group;
  }

  async remove(tenant: string, taskId: string): Promise<void> {
    await this.removeFrom(tenant, taskId, 0);
  }

  protected async removeFrom(tenant: string, taskId: string, part: number): Promise<void> {
    const names = Array.from({ length: PARTS_MAX - part }, (_, i) => scheduleName(tenant, taskId, part + i));
    await Promise.all(
      names.map((Name) =>
        call<unknown>(
          `Scheduler DeleteSchedule, schedule ${Name}`,
          () => this.client.send(new DeleteScheduleCommand({ Name, GroupName: this.group })),
          (error) => (error instanceof ResourceNotFoundException ? 'gone' : undefined),
        ),
      ),
    );
  }
}

export interface ScheduleTarget {
  functionArn: string;
  /** What Scheduler calls as. */
  roleArn: string;
  /** Where a call that was never taken ends. */
  deadLetterArn: string;
}

export class SchedulerSchedules extends ScheduleRemoval implements Schedules {
  readonly #target: ScheduleTarget;

  constructor(client: SchedulerClient, group: string, target: ScheduleTarget) {
    super(client, group);
    this.#target = target;
  }

  async put(tenant: string, taskId: string, spec: ScheduleSpec, firstAt: number): Promise<void> {
    const expressions = expressionsOf(spec);
    for (const [part, expression] of expressions.entries())
      await this.#putOne(this.#wanted(tenant, taskId, spec, firstAt, expression, part));
    await this.removeFrom(tenant, taskId, expressions.length);
  }

  #wanted(
    tenant: string,
    taskId: string,
    { timezone, every, jitterMinutes = 0 }: ScheduleSpec,
    firstAt: number,
    expression: string,
    part: number,
  ): CreateScheduleCommandInput {
    const { functionArn, roleArn, deadLetterArn } = this.#target;
    const input: FireInput = { tenant, taskId, dueAt: DUE };
    return {
      Name: scheduleName(tenant, taskId, part),
      GroupName: this.group,
      Description: `task ${taskId} of tenant ${tenant}`,
      ScheduleExpression: expression,
      ScheduleExpressionTimezone: timezone,
      // A rate counts from its start.
      ...(every !== undefined && { StartDate: new Date(firstAt) }),
      FlexibleTimeWindow:
        jitterMinutes === 0 ? { Mode: 'OFF' } : { Mode: 'FLEXIBLE', MaximumWindowInMinutes: jitterMinutes },
      Target: {
        Arn: functionArn,
        RoleArn: roleArn,
        Input: JSON.stringify(input),
        RetryPolicy: { MaximumEventAgeInSeconds: DUE_LATE_MS / 1000, MaximumRetryAttempts: CALLS_MAX },
        DeadLetterConfig: { Arn: deadLetterArn },
      },
    };
  }

  async #putOne(wanted: CreateScheduleCommandInput): Promise<void> {
    const name = String(wanted.Name);
    const created = await call<'created' | 'there'>(
      `Scheduler CreateSchedule, schedule ${name}`,
      async () => {
        await this.client.send(new CreateScheduleCommand(wanted));
        return 'created';
      },
      (error) => (error instanceof ConflictException ? 'there' : undefined),
    );
    if (created === 'created') return;
    // Gone in between: somebody takes the schedule away, and the table will say who is right.
    await call<unknown>(
      `Scheduler UpdateSchedule, schedule ${name}`,
      () => this.client.send(new UpdateScheduleCommand(wanted)),
      (error) => (error instanceof ResourceNotFoundException ? 'gone' : undefined),
    );
  }
}
