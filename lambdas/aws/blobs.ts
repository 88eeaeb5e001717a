/** `Blobs` on S3: one bucket, one PUT for what is small, multipart for what is not. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Readable } from 'node:stream';
import { ObjectMissing } from '#core/ports.ts';
import type { Blobs } from '#storage/blobs.ts';
import { call, CallFailed, failed } from './call.ts';

/** Up to here an object is one PUT; also the part size above it (S3 wants at least 5 MiB). */
const PART_BYTES = 8 * 1024 * 1024;

export class S3Blobs implements Blobs {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async put(key: string, chunks: AsyncIterable<Uint8Array>, contentType: string): Promise<void> {
    const at = { Bucket: this.#bucket, Key: key, ContentType: contentType };
    const source = chunks[Symbol.asyncIterator]();
    const head: Uint8Array[] = [];
    let bytes = 0;
    while (bytes <= PART_BYTES) {
      const next = await source.next();
      if (next.done === true) {
        const [only, ...more] = head;
        const Body = more.length === 0 && only !== undefined ? only : Buffer.concat(head);
        await call(this.#what('PutObject', key), () => this.#client.send(new PutObjectCommand({ ...at, Body })));
        return;
      }
      head.push(next.value);
      bytes += next.value.byteLength;
    }
    let broken: { error: unknown } | undefined;
    const more = async (): Promise<IteratorResult<Uint8Array>> => {
      try {
        return await source.next();
      } catch (error) {
        broken = { error };
        throw error;
      }
    };
    async function* all(): AsyncGenerator<Uint8Array> {
      try {
        yield* head;
        for (let next = await more(); next.done !== true; next = await more()) yield next.value;
      } finally {
        await source.return?.();
      }
    }
    const body = Readable.from(all(), { objectMode: false });
    const upload = new Upload({
      client: this.#client,
      params: { ...at, Body: body },
      partSize: PART_BYTES,
      queueSize: 2,
    });
    await call<unknown>(
      this.#what('multipart upload', key),
      () => upload.done(),
      () => {
        // The source's own failure is not S3's, also when clearing the parts away fails after it.
        if (broken !== undefined) throw broken.error;
        return undefined;
      },
    );
  }

  get(key: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#read(this.#bucket, key, isMissing);
  }

  getForeign(bucket: string, key: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#read(bucket, key, (error) => isMissing(error) || errorName(error) === 'NoSuchBucket');
  }

  async exists(key: string): Promise<boolean> {
    return call(
      this.#what('HeadObject', key),
      async () => {
        await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
        return true;
      },
      (error) => (isMissing(error) ? false : undefined),
    );
  }

  async delete(key: string): Promise<void> {
    await call(this.#what('DeleteObject', key), () =>
      this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })),
    );
  }

  async list(prefix: string, max: number): Promise<string[]> {
    const { Contents = [] } = await call(this.#what('ListObjectsV2', prefix), () =>
      this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, MaxKeys: max })),
    );
    return Contents.flatMap(({ Key }) => Key ?? []);
  }

  readUrl(key: string, seconds: number): Promise<string> {
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    return call(this.#what('signing of a GetObject URL', key), () =>
      getSignedUrl(this.#client, command, { expiresIn: seconds }),
    );
  }

  writeUrl(key: string, seconds: number): Promise<string> {
    const command = new PutObjectCommand({ Bucket: this.#bucket, Key: key });
    return call(this.#what('signing of a PutObject URL', key), () =>
      getSignedUrl(this.#client, command, { expiresIn: seconds }),
    );
  }

  async #read(bucket: string, key: string, missing: (error: unknown) => boolean): Promise<AsyncIterable<Uint8Array>> {
    const what = this.#what('GetObject', key, bucket);
    const { Body } = await call(
      what,
      () => this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: key })),
      (error) => {
        if (missing(error)) throw new ObjectMissing(`s3://${bucket}/${key}`);
        return undefined;
      },
    );
    if (Body === undefined) throw new CallFailed(`${what}: an answer without a body`);
    return told(what, Body as Readable);
  }

  #what(operation: string, key: string, bucket = this.#bucket): string {
    return `S3 ${operation}, s3://${bucket}/${key}`;
  }
}

/** A body may break off long after the call was answered. */
async function* told(what: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw failed(what, error);
  }
}

const errorName = (error: unknown): string | undefined =>
  error instanceof S3ServiceException ? error.name : undefined;
const isMissing = (error: unknown): boolean => ['NoSuchKey', 'NotFound'].includes(errorName(error) ?? '');
