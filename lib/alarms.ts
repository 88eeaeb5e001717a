import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  type IMetric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { FunctionName } from '../lambdas/contract.ts';
import type { HandlerFunction } from './handler-function.ts';
import { gleanerMetric } from './metrics.ts';
import type { StageSettings } from './stage.ts';

/** What alarms, dashboard and saved queries look at. */
export interface Watched {
  readonly stage: StageSettings;
  readonly queue: IQueue;
  readonly deadLetters: IQueue;
  /** Calls of schedules that Scheduler gave up. */
  readonly scheduleDeadLetters: IQueue;
  readonly control: TableV2;
  readonly pace: TableV2;
  readonly byName: { readonly [F in FunctionName]: HandlerFunction<F> };
  readonly machine: StateMachine;
  readonly api: HttpApi;
}

/** The section of each alarm, by its name. */
const RUNBOOK = 'docs/runbook.md';

interface Rule {
  readonly metric: IMetric;
  /** In alarm when the metric is above it, or below it where `silence` says so. */
  readonly threshold: number;
  /** Periods in a row; default 1. */
  readonly periods?: number;
  /** In alarm when nothing is told at all. */
  readonly silence?: boolean;
  /** Somebody is to be woken. */
  readonly pages?: boolean;
  readonly says: string;
}

/**
 * What an operator must look at, each with a section of its name in the runbook, and `Page`, which is in alarm while one
 * of those that cannot wait for the morning is. Alarms change colour; whom they tell, `AlarmMail` and the account decide.
 */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];
  /** Of a new release or configuration: these show within minutes when it is bad. */
  readonly guards: readonly Alarm[];
  /** In alarm while one is that cannot wait. */
  readonly page: CompositeAlarm;

  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    const { stage } = watched;
    const rules = Object.entries(rulesOf(watched));
    const made = rules.map(([name, rule]): [string, Rule, Alarm] => [name, rule, this.#alarm(stage, name, rule)]);
    this.alarms = made.map(([, , alarm]) => alarm);
    this.guards = made.filter(([name]) => ['ApiErrors', 'WorkErrors'].includes(name)).map(([, , alarm]) => alarm);
    this.page = new CompositeAlarm(this, 'Page', {
      compositeAlarmName: `gleaner-${stage.name}-Page`,
      alarmDescription: `Something cannot wait for the morning: see which of the others is in alarm. ${RUNBOOK}#page`,
      alarmRule: AlarmRule.anyOf(...made.filter(([, rule]) => rule.pages === true).map(([, , alarm]) => alarm)),
    });
  }

  #alarm({ name: stage }: StageSettings, name: string, rule: Rule): Alarm {
    const silence = rule.silence === true;
    return new Alarm(this, name, {
      alarmName: `gleaner-${stage}-${name}`,
      metric: rule.metric,
      threshold: rule.threshold,
      comparisonOperator: silence ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: rule.periods ?? 1,
      treatMissingData: silence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${rule.says} ${RUNBOOK}#${name.toLowerCase()}`,
    });
  }
}

function rulesOf({
  stage,
  queue,
  deadLetters,
  scheduleDeadLetters,
  control,
  pace,
  byName,
  machine,
  api,
}: Watched): Record<string, Rule> {
  const period = Duration.minutes(5);
  const sum = { period, statistic: Stats.SUM };
  const highest = { period, statistic: Stats.MAXIMUM };
  const own = (service: FunctionName, metric: Parameters<typeof gleanerMetric>[2]): IMetric =>
    gleanerMetric(stage, service, metric, sum);
  const throttledWrites = (table: TableV2): IMetric =>
    table.metric('WriteThrottleEvents', { ...sum, dimensionsMap: { TableName: table.tableName } });
  return {
    SweepSilent: {
      metric: byName.sweep.function.metricInvocations(sum),
      threshold: 1,
      silence: true,
      pages: true,
      says: 'The sweep has not run for five minutes: what is lost now is not found.',
    },
    SweepErrors: {
      metric: byName.sweep.function.metricErrors(sum),
      threshold: 2,
      pages: true,
      says: 'The sweep fails, so lost shards and stuck runs are not mended.',
    },
    SweepFailures: {
      metric: own('sweep', 'sweepFailures'),
      threshold: 5,
      periods: 3,
      says: 'The sweep meets the same items for a quarter of an hour and cannot mend them.',
    },
    QueueAge: {
      metric: queue.metricApproximateAgeOfOldestMessage(highest),
      threshold: 1_800,
      periods: 3,
      says: 'A shard has waited for a worker for more than half an hour.',
    },
    DeadLetters: {
      metric: own('sweep', 'deadLetters'),
      threshold: 0,
      says: 'Shard messages failed every delivery and are dead letters of their tenants now.',
    },
    DeadLettersPile: {
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(highest),
      threshold: 100,
      periods: 3,
      says: 'Dead messages come faster than the sweep buries them.',
    },
    WorkErrors: {
      metric: byName.work.function.metricErrors(sum),
      threshold: 5,
      pages: true,
      says: 'Workers crash or time out; their shards are being redelivered.',
    },
    WorkThrottles: {
      metric: byName.work.function.metricThrottles(sum),
      threshold: 100,
      periods: 3,
      says: 'Lambda starts no more workers: the concurrency of the account is used up.',
    },
    LeaseLosses: {
      metric: own('work', 'commitsLost'),
      threshold: 10,
      periods: 3,
      says: 'Workers lose their leases: their work is done twice.',
    },
    ExecutionsFailed: {
      metric: machine.metricFailed(sum),
      threshold: 0,
      says: 'An execution ended without finishing its run; the sweep starts another.',
    },
    RunsFailed: {
      metric: own('finish', 'runsFailed'),
      threshold: 10,
      periods: 3,
      says: 'Many runs end as FAILED or TIMED_OUT.',
    },
    RunsMissed: {
      metric: own('sweep', 'runsMissed'),
      threshold: 0,
      says: 'Scheduled runs were not started in time and were left out.',
    },
    ScheduleDeadLetters: {
      metric: scheduleDeadLetters.metricApproximateNumberOfMessagesVisible(highest),
      threshold: 0,
      says: 'EventBridge Scheduler could not call for a due run and gave it up.',
    },
    NoticesGivenUp: {
      metric: own('notify', 'noticesGivenUp'),
      threshold: 0,
      says: 'A webhook took a notice in none of its attempts in eighteen hours: it was given up.',
    },
    ApiErrors: {
      metric: api.metricServerError(sum),
      threshold: 5,
      pages: true,
      says: 'The API answers 5xx.',
    },
    ApiSlow: {
      metric: api.metricLatency({ period, statistic: 'p95' }),
      threshold: 5_000,
      periods: 3,
      says: 'One request to the API in twenty takes more than five seconds.',
    },
    ControlThrottles: {
      metric: throttledWrites(control),
      threshold: 20,
      periods: 2,
      says: 'The control table refuses writes.',
    },
    PaceThrottles: {
      metric: throttledWrites(pace),
      threshold: 200,
      periods: 2,
      says: 'The pace table refuses writes.',
    },
  };
}
