import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Alarm, ComparisonOperator, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

export interface AlarmsProps {
  readonly deadLetters: IQueue;
  readonly work: IFunction;
  readonly sweep: IFunction;
  readonly machine: StateMachine;
  readonly api: HttpApi;
}

/** What an operator must look at. Alarms change colour and page nobody: their actions are the account's own business. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { deadLetters, work, sweep, machine, api }: AlarmsProps) {
    super(scope, id);
    const period = Duration.minutes(5);
    const sum = { period, statistic: Stats.SUM };
    this.#above(
      'DeadLetters',
      deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
      0,
      'Shard messages failed every delivery. Read one in the dead-letter queue, find its shard in the log of `work`, mend the cause, then redrive the queue.',
    );
    this.#above(
      'WorkErrors',
      work.metricErrors(sum),
      5,
      'Workers crash or time out; their shards are being redelivered. Read the errors in the log of `work`; if they began with a deployment, roll it back.',
    );
    this.#above(
      'SweepErrors',
      sweep.metricErrors(sum),
      2,
      'The sweep fails, so lost shards and stuck runs are not mended. Read the log of `sweep`; check throttling of the control table.',
    );
    this.#above(
      'RunsFailed',
      machine.metricFailed(sum),
      0,
      'An execution ended without finishing its run; the sweep starts another. Open the failed execution, read the error of Finish, and check that the next attempt succeeds.',
    );
    this.#above(
      'ApiErrors',
      api.metricServerError(sum),
      5,
      'The API answers 5xx. Read the access log for the paths and the log of `api` for the errors; if they began with a deployment, roll it back.',
    );
  }

  #above(id: string, metric: IMetric, threshold: number, alarmDescription: string): void {
    new Alarm(this, id, {
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription,
    });
  }
}
