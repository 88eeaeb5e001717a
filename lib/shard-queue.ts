import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { WORK_RECEIVES_MAX, WORK_VISIBILITY_SECONDS } from '../src/core/limits.ts';
import type { StageSettings } from './stage.ts';

/** Longest that SQS keeps a message. */
const RETENTION = Duration.days(14);

/** Shards to work on: a standard queue, fair by the message group that the sender gives (its tenant), and its dead letters. */
export class ShardQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id);
    const common = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    };
    this.deadLetters = new Queue(this, 'DeadLetters', common);
    this.queue = new Queue(this, 'Shards', {
      ...common,
      visibilityTimeout: Duration.seconds(WORK_VISIBILITY_SECONDS),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: WORK_RECEIVES_MAX },
    });
  }
}
