/** `Blobs` on S3: one bucket, one PUT for what is small, multipart for what is not. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Readable } from 'node:stream';
import { ObjectMissing } from '#core/ports.ts';
import type { Blobs } from '#storage/blobs.ts';

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
        await this.#client.send(new PutObjectCommand({ ...at, Body: Buffer.concat(head) }));
        return;
      }
      head.push(next.value);
      bytes += next.value.byteLength;
    }
    async function* all(): AsyncGenerator<Uint8Array> {
      yield* head;
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
    }
    const body = Readable.from(all(), { objectMode: false });
    await new Upload({
      client: this.#client,
      params: { ...at, Body: body },
      partSize: PART_BYTES,
      queueSize: 2,
    }).done();
  }

  get(key: string): Promise<AsyncIterable<Uint8Array>> {
    return this.getForeign(this.#bucket, key);
  }

  async getForeign(bucket: string, key: string): Promise<AsyncIterable<Uint8Array>> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Body as Readable;
    } catch (error) {
      throw isMissing(error) ? new ObjectMissing(`s3://${bucket}/${key}`) : error;
    }
  }

  async exists(key: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
  }

  readUrl(key: string, seconds: number): Promise<string> {
    return getSignedUrl(this.#client, new GetObjectCommand({ Bucket: this.#bucket, Key: key }), { expiresIn: seconds });
  }

  writeUrl(key: string, seconds: number): Promise<string> {
    return getSignedUrl(this.#client, new PutObjectCommand({ Bucket: this.#bucket, Key: key }), { expiresIn: seconds });
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof S3ServiceException &&
  (error.name === 'NoSuchKey' || error.name === 'NotFound' || error.name === 'NoSuchBucket');
