import type { IncomingMessage } from 'node:http';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { S3Target } from './s3-rules.ts';

/** What this uses of the emulator's store. */
export interface MultipartStore {
  createMultipartUpload(
    bucket: string,
    key: string,
    contentType: string,
    metadata: Record<string, string>,
    system: { contentEncoding?: string },
  ): string;
  uploadPart(uploadId: string, partNumber: number, body: Buffer): { etag: string };
  completeMultipartUpload(uploadId: string, parts: { partNumber: number; etag: string }[]): { etag: string };
  abortMultipartUpload(uploadId: string): void;
}

/** Above this a single PUT is stored in parts: the emulator takes no body over 11 MiB. */
export const PART_BYTES = 8 * 1024 * 1024;
/** The emulator assembles an object in memory: twice this is the most a PUT can cost the process. */
export const OBJECT_BYTES_MAX = 512 * 1024 * 1024;

export const isLargePut = (request: IncomingMessage, target: S3Target): boolean =>
  request.method === 'PUT' &&
  !target.query.has('uploadId') &&
  !(Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) <= PART_BYTES);

async function* parts(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source) {
    pieces.push(piece);
    bytes += piece.length;
    while (bytes >= PART_BYTES) {
      const joined = Buffer.concat(pieces);
      yield joined.subarray(0, PART_BYTES);
      pieces = [joined.subarray(PART_BYTES)];
      bytes -= PART_BYTES;
    }
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}

/**
 * Stores the body of a PUT as a multipart upload. The object appears whole or not at all: a client that goes away leaves nothing.
 * @returns the object's ETag, or `tooLarge`.
 * @throws what the store throws (no such bucket), and when the body ends early.
 */
export async function storeLargePut(
  store: MultipartStore,
  request: IncomingMessage,
  { bucket, key }: S3Target,
): Promise<{ etag: string } | 'tooLarge'> {
  const { headers } = request;
  const encodings = (headers['content-encoding'] ?? '').split(',').map((e) => e.trim()).filter((e) => e !== ''); // prettier-ignore
  const framed =
    encodings.includes('aws-chunked') || String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  const contentEncoding = encodings.filter((e) => e !== 'aws-chunked').join(',');
  const metadata = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') ? [[name.slice(11), String(value)]] : [],
    ),
  );
  const type = headers['content-type'] ?? 'application/octet-stream';
  const uploadId = store.createMultipartUpload(
    bucket,
    key,
    type,
    metadata,
    contentEncoding === '' ? {} : { contentEncoding },
  );
  let done = false;
  try {
    const source: AsyncIterable<Buffer> = request;
    const stored: { partNumber: number; etag: string }[] = [];
    let bytes = 0;
    for await (const part of parts(framed ? decodeAwsChunked(source) : source)) {
      bytes += part.length;
      if (bytes > OBJECT_BYTES_MAX) return 'tooLarge';
      stored.push({ partNumber: stored.length + 1, etag: store.uploadPart(uploadId, stored.length + 1, part).etag });
    }
    if (stored.length === 0) stored.push({ partNumber: 1, etag: store.uploadPart(uploadId, 1, Buffer.alloc(0)).etag });
    const { etag } = store.completeMultipartUpload(uploadId, stored);
    done = true;
    return { etag };
  } finally {
    if (!done) store.abortMultipartUpload(uploadId);
  }
}
