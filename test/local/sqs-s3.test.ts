import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, it } from 'vitest';
import { clock as systemClock } from '#lambdas/aws/clock.ts';
import { startSqsS3 } from '#local/sqs-s3.ts';
import { openSqsS3, ownerGate, s3Client, sqsClient } from './emulators.ts';
import { tempDir } from './fixture.ts';
import { VirtualClock } from './virtual-clock.ts';

const MIB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const Bucket = 'results';

async function openS3() {
  const emulator = await openSqsS3(tempDir());
  emulator.putBucket(Bucket);
  const client = s3Client(emulator.url);
  const read = async (Key: string): Promise<Uint8Array> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    if (Body === undefined) throw new Error('no body');
    return Body.transformToByteArray();
  };
  return { emulator, client, read };
}

describe('S3', () => {
  it('puts, reads, lists, heads and deletes', async () => {
    const { client, read } = await openS3();
    const Key = 't/a/ключ +%/x.json';
    await client.send(
      new PutObjectCommand({ Bucket, Key, Body: 'hello', ContentType: 'application/json', Metadata: { a: 'b' } }),
    );
    expect(Buffer.from(await read(Key)).toString()).toBe('hello');
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ContentLength: 5, ContentType: 'application/json', Metadata: { a: 'b' } });
    const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 't/a/' }));
    expect(listed.Contents?.map((o) => o.Key)).toEqual([Key]);
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(read(Key)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it.each([
    ['sent whole', 9 * MIB + 1, (body: Buffer) => ({ Body: body })],
    [
      'streamed in aws-chunked framing',
      20 * MIB,
      (body: Buffer) => ({ Body: Readable.from(pieces(body)), ContentLength: body.length }),
    ],
  ])('stores an object above 8 MiB, %s', async (_, bytes, input) => {
    const { client, read } = await openS3();
    const body = randomBytes(bytes);
    const put = { Bucket, Key: 'big.gz', ContentType: 'text/csv', ContentEncoding: 'gzip', ...input(body) };
    await client.send(new PutObjectCommand(put));
    expect(sha256(await read('big.gz'))).toBe(sha256(body));
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'big.gz' }));
    expect(head).toMatchObject({ ContentLength: bytes, ContentType: 'text/csv', ContentEncoding: 'gzip' });
  });

  it('stores streams of unknown length by multipart upload', async () => {
    const { client, read } = await openS3();
    const body = randomBytes(12 * MIB);
    await new Upload({ client, params: { Bucket, Key: 'up', Body: Readable.from(pieces(body)) } }).done();
    expect(sha256(await read('up'))).toBe(sha256(body));
  });

  it('takes and gives objects by signed URL, until its time is up', async () => {
    const clock = new VirtualClock(Date.now());
    const emulator = await openSqsS3(tempDir(), clock);
    emulator.putBucket(Bucket);
    const client = s3Client(emulator.url);
    const target = { Bucket, Key: 'upload' };
    const put = await getSignedUrl(client, new PutObjectCommand(target), { expiresIn: 60 });
    const get = await getSignedUrl(client, new GetObjectCommand(target), { expiresIn: 60 });
    const body = randomBytes(10 * MIB);
    expect((await fetch(put, { method: 'PUT', body })).status).toBe(200);
    expect(sha256(new Uint8Array(await (await fetch(get)).arrayBuffer()))).toBe(sha256(body));
    await clock.advance(62_000);
    expect((await fetch(get)).status).toBe(403);
    expect((await fetch(put, { method: 'PUT', body: 'late' })).status).toBe(403);
  });

  it('refuses what the emulator would get wrong', async () => {
    const { client, read } = await openS3();
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'first' }));
    const Tagging = { TagSet: [{ Key: 'k', Value: 'v' }] };
    const refused = [
      () => client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'second', IfNoneMatch: '*' })),
      () => client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'second', Tagging: 'k=v' })),
      () => client.send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging })),
      () => client.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` })),
      () => client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
      () => client.send(new GetObjectCommand({ Bucket, Key: 'a', ResponseContentDisposition: 'attachment' })),
      () => client.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: '1' })),
    ];
    for (const send of refused) await expect(send()).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
    expect(Buffer.from(await read('a')).toString()).toBe('first');
  });

  it('names a missing bucket for small and large objects', async () => {
    const { client } = await openS3();
    for (const Body of ['x', Buffer.alloc(9 * MIB)]) {
      const put = client.send(new PutObjectCommand({ Bucket: 'nowhere', Key: 'a', Body }));
      await expect(put).rejects.toMatchObject({ name: 'NoSuchBucket' });
    }
  });

  it('leaves nothing of a large upload that breaks off', async () => {
    const { emulator, client } = await openS3();
    const abort = new AbortController();
    const body = (async function* () {
      yield Buffer.alloc(9 * MIB);
      abort.abort();
      yield Buffer.alloc(9 * MIB);
    })();
    const sending = fetch(`${emulator.url}/${Bucket}/half`, { method: 'PUT', body: Readable.toWeb(Readable.from(body)) as ReadableStream, duplex: 'half', signal: abort.signal }); // prettier-ignore
    await expect(sending).rejects.toThrow();
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  });
});

function* pieces(body: Buffer): Generator<Buffer> {
  for (let i = 0; i < body.length; i += 100_000) yield body.subarray(i, i + 100_000);
}

describe('SQS', () => {
  const ARN = 'arn:aws:sqs:us-east-1:000000000000:work';

  it('sends and receives by the queue URL of this start', async () => {
    const emulator = await openSqsS3(tempDir());
    emulator.putQueue('work', ARN, { VisibilityTimeout: '30' });
    const client = sqsClient(emulator.url);
    const QueueUrl = `${emulator.url}/000000000000/work`;
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hi' }));
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    expect(Messages?.map((m) => m.Body)).toEqual(['hi']);
    await expect(client.send(new CreateQueueCommand({ QueueName: 'x' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501 },
    });
  });

  it('keeps messages across restarts, provisioning included, and lets go of those in flight', async () => {
    const dir = tempDir();
    const first = await startSqsS3({ dir, region: 'us-east-1', gate: ownerGate, clock: systemClock, log: () => undefined }); // prettier-ignore
    first.putQueue('work', ARN, { VisibilityTimeout: '3600' });
    const send = (MessageBody: string) => sqsClient(first.url).send(new SendMessageCommand({ QueueUrl: `${first.url}/000000000000/work`, MessageBody })); // prettier-ignore
    await send('taken');
    expect(first.source(ARN).take(10)).toHaveLength(1);
    await send('waiting');
    await first.close();

    const second = await openSqsS3(dir);
    second.putQueue('work', ARN, { VisibilityTimeout: '60' });
    const source = second.source(ARN);
    expect(source.take(10).map((m) => m.body)).toEqual(['waiting']);
    source.releaseAll();
    const again = source.take(10).map((m) => [m.body, m.receiveCount]);
    expect(again.sort()).toEqual([['taken', 2], ['waiting', 2]]); // prettier-ignore
    const QueueUrl = `${second.url}/000000000000/work`;
    const { Attributes } = await sqsClient(second.url).send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] }),
    );
    expect(Attributes).toEqual({ VisibilityTimeout: '60' });
  });

  it('moves a message to the dead letters after its receives', async () => {
    const emulator = await openSqsS3(tempDir());
    const dead = `${ARN}-dead`;
    emulator.putQueue('work-dead', dead, {});
    emulator.putQueue('work', ARN, {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead, maxReceiveCount: 2 }),
    });
    const QueueUrl = `${emulator.url}/000000000000/work`;
    await sqsClient(emulator.url).send(new SendMessageCommand({ QueueUrl, MessageBody: 'poison' }));
    const source = emulator.source(ARN);
    for (let i = 0; i < 2; i++) for (const message of source.take(10)) source.release(message.receiptHandle, 0);
    expect(source.take(10)).toEqual([]);
    expect(emulator.source(dead).take(10).map((m) => m.body)).toEqual(['poison']); // prettier-ignore
  });
});
