import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { scheduleGroupName } from '../lambdas/contract.ts';
import { acknowledge } from './acknowledged.ts';
import { allow } from './handler-function.ts';
import type { StageSettings } from './stage.ts';

/**
 * Where the schedules of tasks are kept: a group of EventBridge Scheduler that goes with the stack and takes them along. The
 * schedules themselves are made by `api` and mended by `sweep`, as tasks come and go.
 */
export class TaskSchedules extends Construct {
  readonly groupName: string;
  /** Pattern of the group's schedules. */
  readonly schedulesArn: string;
  /** What Scheduler calls as. */
  readonly role: Role;
  /** Calls that were never taken. They are evidence: the sweep starts what is due without them. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id);
    this.groupName = scheduleGroupName(stage.name);
    const group = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: this.groupName,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.schedulesArn = Stack.of(this).formatArn({
      service: 'scheduler',
      resource: 'schedule',
      resourceName: `${this.groupName}/*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(this.deadLetters, {
      'AwsSolutions-SQS3': 'It is a dead-letter queue: Scheduler, and no other queue, sends to it.',
    });
    this.role = new Role(this, 'Role', {
      description: `Gleaner ${stage.name}: schedules of tasks`,
      // Not for a schedule of anybody else that names this role.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': group.scheduleGroupArn },
        },
      }),
    });
    this.role.addToPolicy(allow(['sqs:SendMessage'], [this.deadLetters.queueArn]));
  }

  /** Schedules call this function. */
  mayCall(fire: IFunction): void {
    this.role.addToPolicy(allow(['lambda:InvokeFunction'], [fire.functionArn]));
  }
}
