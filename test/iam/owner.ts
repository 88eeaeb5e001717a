/** What the owner of a local world does beside the API: reads and bends rows, puts objects and messages, ends executions. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateScheduleCommand } from '@aws-sdk/client-scheduler';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Attr, Change, Item, Key } from '#core/ports.ts';
import { asRun, asShard, type RunRow, type ShardRow } from '#core/rows.ts';
import { readRun, shardsOf } from '#core/store.ts';
import { backlogOf, runKey, scheduleKey, SWITCHES_KEY, waiterKey } from '#core/names.ts';
import { S3Blobs } from '#lambdas/aws/blobs.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { s3Client } from '#lambdas/aws/clients/s3.ts';
import { schedulerClient } from '#lambdas/aws/clients/scheduler.ts';
import { sfnClient } from '#lambdas/aws/clients/step-functions.ts';
import { sqsClient } from '#lambdas/aws/clients/sqs.ts';
import type { Place } from '#lambdas/aws/clients/patience.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { accessKeyIdOf, OWNER_KEY } from '#local/iam-access.ts';
import type { World } from '#local/world.ts';

const TENANT = 'local';

export class Owner {
  readonly #world: World;
  readonly #clients: { destroy(): void }[] = [];
  readonly #table: DynamoTable;

  constructor(world: World) {
    this.#world = world;
    const client = this.#client(dynamoClient, 'DYNAMODB');
    this.#table = new DynamoTable(client, world.resource('table', 'TablesControl').name);
  }

  #client<C extends { destroy(): void }>(make: (place: Place) => C, service: string, accessKeyId = OWNER_KEY): C {
    const { clientEnv } = this.#world;
    const client = make({
      endpoint: clientEnv[`AWS_ENDPOINT_URL_${service}`] ?? '',
      region: clientEnv['AWS_REGION'] ?? '',
      credentials: { accessKeyId, secretAccessKey: 'local' },
    });
    this.#clients.push(client);
    return client;
  }

  async run(runId: string): Promise<RunRow> {
    const row = await readRun(this.#table, TENANT, runId);
    if (row === undefined) throw new Error(`no run ${runId}`);
    return row;
  }

  async shards(runId: string): Promise<ShardRow[]> {
    const run = await this.run(runId);
    const found: ShardRow[] = [];
    for (const round of run.rounds) for await (const shard of shardsOf(this.#table, run, round)) found.push(shard);
    return found;
  }

  async setRun(runId: string, set: Record<string, Attr>): Promise<RunRow> {
    return asRun(await this.#set(runKey(TENANT, runId), { set }));
  }

  async setShard({ pk, sk }: ShardRow, set: Record<string, Attr>): Promise<ShardRow> {
    return asShard(await this.#set({ pk, sk }, { set }));
  }

  async setSchedule(taskId: string, set: Record<string, Attr>): Promise<void> {
    await this.#set(scheduleKey(TENANT, taskId), { set });
  }

  /** As if nobody had asked for the operator's switches for long. */
  async ageSwitches(): Promise<void> {
    await this.#set(SWITCHES_KEY, { set: { kind: 'switches', askedAt: 0 } });
  }

  /** Does a shard of the tenant wait for a worker's place? */
  async hasBacklog(tenant: string): Promise<boolean> {
    const region = this.#world.clientEnv['AWS_REGION'] ?? '';
    return (await this.#table.query({ ...backlogOf(tenant, region), limit: 1 })).items.length > 0;
  }

  /** Somebody waits for the task's lock who is no run. */
  async putWaiter(taskId: string, runId: string): Promise<void> {
    await this.#table.put({ ...waiterKey(TENANT, taskId, runId), kind: 'waiter', runId });
  }

  /** A schedule like the one there is, due in a second, that calls with something that is no time, and not again. */
  async scheduleNonsense(): Promise<void> {
    const [like] = this.#world.schedules.list();
    if (like === undefined) throw new Error('there is no schedule');
    const { arn, roleArn, deadLetterArn } = like.target;
    await this.#client(schedulerClient, 'SCHEDULER').send(
      new CreateScheduleCommand({
        Name: 'nonsense',
        GroupName: like.group,
        ScheduleExpression: 'rate(1 day)',
        StartDate: new Date(Date.now() + 1_000),
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: arn,
          RoleArn: roleArn,
          Input: JSON.stringify({ tenant: TENANT, taskId: 'nonsense', dueAt: 'soon' }),
          RetryPolicy: { MaximumRetryAttempts: 0 },
          DeadLetterConfig: { Arn: deadLetterArn },
        },
      }),
    );
  }

  /** Is there a message? */
  async hasMessage(queuePrefix: string): Promise<boolean> {
    const { url } = this.#world.resource('queue', queuePrefix);
    const client = this.#client(sqsClient, 'SQS');
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1 }));
    return Messages.length > 0;
  }

  async #set(key: Key, change: Change): Promise<Item> {
    const write = await this.#table.update(key, change);
    if (!write.ok) throw new Error('a write without a condition was not made');
    return write.item;
  }

  async putObject(bucket: string, key: string, body: string): Promise<void> {
    const client = this.#client(s3Client, 'S3');
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  /** Of result objects. */
  keys(prefix: string): Promise<string[]> {
    return this.#blobs(OWNER_KEY).list(prefix, 1_000);
  }

  async sendMessage(queuePrefix: string, body: string): Promise<void> {
    const { url } = this.#world.resource('queue', queuePrefix);
    await this.#client(sqsClient, 'SQS').send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
  }

  async stopExecution(runId: string, attempt: number): Promise<void> {
    const machine = this.#world.resource('machine', 'Run').arn;
    const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${runId}-${String(attempt)}`;
    await this.#client(sfnClient, 'SFN').send(new StopExecutionCommand({ executionArn }));
  }

  /** The store of result objects as one function has it: its port, its key, its rights. */
  blobsOf(functionPrefix: string): S3Blobs {
    const spec = this.#world.resource('function', functionPrefix);
    return this.#blobs(accessKeyIdOf(spec));
  }
  #blobs(accessKeyId: string): S3Blobs {
    const client = this.#client(s3Client, 'S3', accessKeyId);
    return new S3Blobs(client, this.#world.resource('bucket', 'Results').name);
  }

  close(): void {
    for (const client of this.#clients) client.destroy();
  }
}
