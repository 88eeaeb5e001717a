import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Lazy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  type Environments,
  type FunctionName,
  METRICS_NAMESPACE,
  OPERATOR_PROFILE,
  operatorApplication,
  PLAN_PROCESS,
  WORK_PROCESS,
} from '../lambdas/contract.ts';
import { API_SECONDS_MAX, LAMBDA_SECONDS_MAX } from '../src/core/limits.ts';
import type { Bundles } from './bundles.ts';
import { acknowledgePattern } from './acknowledged.ts';
import { HandlerFunction } from './handler-function.ts';
import { patterns, RIGHTS, type Surroundings } from './rights.ts';
import type { StageSettings } from './stage.ts';

interface Size {
  readonly seconds: number;
  readonly memoryMb: number;
  readonly description: string;
}
/** One vCPU comes with 1,769 MB; what streams and compresses gets one, what only asks tables gets less. */
const SIZES: { readonly [F in FunctionName]: Size } = {
  api: { seconds: API_SECONDS_MAX, memoryMb: 512, description: 'Answers the HTTPS API' },
  plan: { seconds: LAMBDA_SECONDS_MAX, memoryMb: 2048, description: 'Cuts the targets of a round into shards' },
  dispatch: { seconds: 300, memoryMb: 512, description: 'Sends the shards of a round to the queue' },
  await: { seconds: 30, memoryMb: 256, description: 'Leaves the token that ends the wait for a round' },
  merge: { seconds: LAMBDA_SECONDS_MAX, memoryMb: 2048, description: 'Merges the links a round found into the next' },
  finish: { seconds: LAMBDA_SECONDS_MAX, memoryMb: 2048, description: 'Writes the manifest and ends the run' },
  // Ends before the next one starts.
  sweep: { seconds: 55, memoryMb: 512, description: 'Finds and mends what was lost' },
  work: { seconds: LAMBDA_SECONDS_MAX, memoryMb: 1024, description: 'Collects the targets of a shard' },
  // Ends before the next one starts.
  notify: { seconds: 55, memoryMb: 256, description: 'Tells the bus and webhooks what happened' },
  fire: { seconds: 60, memoryMb: 256, description: 'Starts the runs that are due' },
};

export interface FunctionsProps {
  readonly stage: StageSettings;
  readonly bundles: Bundles;
  readonly surroundings: Surroundings;
  /** Names of the buckets that `list: s3://…` may name. */
  readonly listBuckets: readonly string[];
  /** Whom mail is from; undefined = none is sent. */
  readonly mailFrom: string | undefined;
}

/** All functions, each with its environment, rights and size, and the mapping that feeds `work` from the queue. */
export class Functions extends Construct {
  readonly byName: { readonly [F in FunctionName]: HandlerFunction<F> };

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const environments = this.#environments(props);
    const make = <F extends FunctionName>(name: F): HandlerFunction<F> => {
      const { seconds, memoryMb, description } = SIZES[name];
      return new HandlerFunction<F>(this, capital(name), {
        stage: props.stage,
        name,
        codeDir: props.bundles(name),
        description,
        environment: environments[name],
        rights: RIGHTS[name](props.surroundings),
        seconds,
        memoryMb,
        ...(name === 'notify' ? { asyncRetries: 0 } : {}),
        ...(name === 'sweep' ? sweepProps(props.stage) : {}),
      });
    };
    this.byName = {
      api: make('api'),
      plan: make('plan'),
      dispatch: make('dispatch'),
      await: make('await'),
      merge: make('merge'),
      finish: make('finish'),
      sweep: make('sweep'),
      work: make('work'),
      fire: make('fire'),
      notify: make('notify'),
    };
    for (const { arn, reason } of patterns(props.surroundings)) acknowledgePattern(this, arn, reason);
    this.#feedWork(props);
  }

  #environments({ stage, surroundings: s, listBuckets, mailFrom }: FunctionsProps): Environments {
    const common = (name: FunctionName) => ({
      GLEANER_STAGE: stage.name,
      GLEANER_REGION: Stack.of(this).region,
      POWERTOOLS_SERVICE_NAME: name,
      POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
    });
    const CONTROL_TABLE = s.control.tableName;
    const PACE_TABLE = s.pace.tableName;
    const RESULTS_BUCKET = s.bucket.bucketName;
    const SHARD_QUEUE_URL = s.queue.queueUrl;
    const DEAD_LETTER_QUEUE_URL = s.deadLetters.queueUrl;
    const SIGNING_SECRET_ARN = s.signingSecret.secretArn;
    const RUN_MACHINE_ARN = s.machineArn;
    const LIST_BUCKETS = listBuckets.join(',');
    const WORKERS_MAX = String(stage.workConcurrencyMax);
    const WEBHOOK_SECRET_ARN = s.events.webhookSecret.secretArn;
    const EVENT_BUS = s.events.bus.eventBusName;
    const OPERATOR_CONFIG = [operatorApplication(stage.name), stage.name, OPERATOR_PROFILE].join('/');
    const SCHEDULE_GROUP = s.schedules.groupName;
    const schedule = {
      SCHEDULE_GROUP,
      // It is one of the functions that these environments are for.
      FIRE_FUNCTION_ARN: Lazy.string({ produce: () => this.byName.fire.function.functionArn }),
      SCHEDULE_ROLE_ARN: s.schedules.role.roleArn,
      SCHEDULE_DEAD_LETTERS_ARN: s.schedules.deadLetters.queueArn,
    };
    return {
      api: {
        ...common('api'),
        ...schedule,
        WORKERS_MAX,
        CONTROL_TABLE,
        PACE_TABLE,
        RESULTS_BUCKET,
        SHARD_QUEUE_URL,
        RUN_MACHINE_ARN,
        LIST_BUCKETS,
        WEBHOOK_SECRET_ARN,
        OPERATOR_CONFIG,
      },
      plan: {
        ...common('plan'),
        CONTROL_TABLE,
        PACE_TABLE,
        RESULTS_BUCKET,
        LIST_BUCKETS,
        WORKERS_MAX,
        ...PLAN_PROCESS,
      },
      dispatch: { ...common('dispatch'), WORKERS_MAX, CONTROL_TABLE, SHARD_QUEUE_URL },
      await: { ...common('await'), CONTROL_TABLE, RUN_MACHINE_ARN },
      merge: { ...common('merge'), CONTROL_TABLE, RESULTS_BUCKET },
      finish: { ...common('finish'), CONTROL_TABLE, RESULTS_BUCKET, RUN_MACHINE_ARN, SIGNING_SECRET_ARN },
      sweep: {
        ...common('sweep'),
        ...schedule,
        WORKERS_MAX,
        CONTROL_TABLE,
        RESULTS_BUCKET,
        SHARD_QUEUE_URL,
        DEAD_LETTER_QUEUE_URL,
        RUN_MACHINE_ARN,
        OPERATOR_CONFIG,
      },
      work: {
        ...common('work'),
        WORKERS_MAX,
        CONTROL_TABLE,
        PACE_TABLE,
        RESULTS_BUCKET,
        SHARD_QUEUE_URL,
        RUN_MACHINE_ARN,
        OPERATOR_CONFIG,
        ...WORK_PROCESS,
      },
      notify: { ...common('notify'), CONTROL_TABLE, EVENT_BUS, WEBHOOK_SECRET_ARN, MAIL_FROM: mailFrom ?? '' },
      fire: { ...common('fire'), CONTROL_TABLE, RUN_MACHINE_ARN, SCHEDULE_GROUP, OPERATOR_CONFIG },
    };
  }

  #feedWork({ stage, surroundings }: FunctionsProps): void {
    const work = this.byName.work.function;
    // Not `SqsEventSource`: it grants more than `work` needs. The rights are in `rights.ts`.
    const mapping = new EventSourceMapping(this, 'WorkFeed', {
      target: work,
      eventSourceArn: surroundings.queue.queueArn,
      // A shard lasts up to ten minutes: several in one invocation would wait for each other.
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: stage.workConcurrencyMax,
    });
    // Lambda refuses a mapping whose function may not read the queue yet.
    if (work.role !== undefined) mapping.node.addDependency(work.role);
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The next pass, a minute later, does what a failed one could not; repeats would only run beside it. */
const sweepProps = (stage: StageSettings) => ({
  asyncRetries: 0,
  ...(stage.reservesSweep ? { reservedConcurrency: 1 } : {}),
});
