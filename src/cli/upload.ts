/** Sends a list of targets to the place the API gives for it. Plain lists travel compressed: planning reads both alike. */
import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { backoffMs, type Client } from './client.ts';
import { codeOf, Failure, reasonOf } from './failure.ts';
import type { Surroundings } from './surroundings.ts';

/** One PUT to S3 takes 5 GB at most. */
const UPLOAD_BYTES_MAX = 5 * 1024 ** 3;
/** Below this compressing saves nothing worth a temporary file. */
const COMPRESS_BYTES_MIN = 256 * 1024;
const ATTEMPTS = 3;
/** A million URLs over a slow line. */
const TIMEOUT_MS = 30 * 60_000;

/** @returns what a task says instead of `file:PATH`: `upload:ID`. */
export async function uploadList(around: Surroundings, client: Client, file: string): Promise<string> {
  const size = await sizeOf(file);
  if (size < COMPRESS_BYTES_MIN || (await isGzip(file))) return put(around, client, file);
  const dir = await mkdtemp(path.join(tmpdir(), 'gleaner-'));
  try {
    const compressed = path.join(dir, 'list.gz');
    await pipeline(createReadStream(file), createGzip(), createWriteStream(compressed));
    return await put(around, client, compressed);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Bytes of a list that can be uploaded; `Failure` when there is no such file. */
export async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Failure(`${file}: not a file`);
    return found.size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new Failure(`${file}: no such file`);
    throw error;
  }
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

async function put(around: Surroundings, client: Client, file: string): Promise<string> {
  if ((await sizeOf(file)) > UPLOAD_BYTES_MAX)
    throw new Failure(
      `${file}: larger than 5 GiB even compressed; put it into a bucket and name it as list: s3://bucket/key`,
    );
  const upload = await client.createUpload();
  // A blob of a file is read as it is sent and has a length, which a store needs beforehand.
  const body = await openAsBlob(file);
  for (let attempt = 1; ; attempt++) {
    const fault = await putOnce(upload.url, body);
    if (fault === undefined) return upload.list;
    if (attempt === ATTEMPTS) throw new Failure(`the list could not be uploaded: ${fault}`);
    await around.sleep(backoffMs(attempt, around.chance()));
  }
}

async function putOnce(url: string, body: Blob): Promise<string | undefined> {
  try {
    const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    return response.ok ? undefined : `HTTP ${String(response.status)} ${text.slice(0, 200)}`;
  } catch (error) {
    return reasonOf(error);
  }
}
