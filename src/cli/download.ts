/**
 * Copies a run's results into a directory: each file is hashed on its way, written beside its name and renamed when it is
 * proven whole; the manifest comes last, so a directory with a manifest is complete. What is already there and right is not
 * fetched again.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Manifest, ManifestFile, ResultsView } from '#core/operations.ts';
import { backoffMs, type Client } from './client.ts';
import { codeOf, Failure, reasonOf } from './failure.ts';
import { hashOf, isResultFile, MANIFEST_FILE } from './results-files.ts';
import type { Surroundings } from './surroundings.ts';
import { liveLine } from './terminal.ts';

const ATTEMPTS = 3;
/** Enough to hide latency; the link is the limit. */
const CONCURRENCY = 4;
/** A download that gets no byte for so long is given up. */
const STALL_MS = 30_000;

type RemoteFile = ManifestFile & { url: string };

/**
 * The results an earlier run left in the directory are replaced.
 * @returns the manifest as written. `Failure` when a file cannot be had whole.
 */
export async function downloadResults(
  around: Surroundings,
  client: Client,
  runId: string,
  dir: string,
): Promise<Manifest> {
  const view = await client.results(runId);
  const files = new Map<string, RemoteFile>();
  for (const file of [...view.parts, ...view.ledger]) {
    if (!isResultFile(file.name))
      throw new Failure(`the manifest names a file that cannot be a result: ${JSON.stringify(file.name)}`);
    files.set(file.name, file);
  }
  await mkdir(dir, { recursive: true });
  const before = await namesIn(dir);
  // Files of two runs may have one name: from here on the old manifest would be a lie.
  await rm(path.join(dir, MANIFEST_FILE), { force: true });
  await fetchAll(around, dir, files, async () => {
    const renewed = await client.results(runId);
    for (const file of [...renewed.parts, ...renewed.ledger]) {
      const known = files.get(file.name);
      if (known) known.url = file.url;
    }
  });
  const manifest = withoutUrls(view);
  const fresh = path.join(dir, `${MANIFEST_FILE}.tmp`);
  await writeFile(fresh, `${JSON.stringify(manifest, undefined, 2)}\n`);
  await rename(fresh, path.join(dir, MANIFEST_FILE));
  for (const name of before) if (!files.has(name)) await rm(path.join(dir, name), { force: true });
  return manifest;
}

/** @param renew gets fresh signed URLs into `files`: they expire, and one answer renews them all. */
async function fetchAll(
  around: Surroundings,
  dir: string,
  files: ReadonlyMap<string, RemoteFile>,
  renew: () => Promise<void>,
): Promise<void> {
  const queue = [...files.values()];
  const tell = liveLine(around.terminal, around.now);
  let done = 0;
  let renewing: Promise<void> | undefined;
  const renewOnce = (): Promise<void> => (renewing ??= renew().finally(() => (renewing = undefined)));
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await fetchFile(around, dir, file, renewOnce).catch((error: unknown) => {
        queue.length = 0;
        throw error;
      });
      done++;
      tell(`downloading results: ${String(done)}/${String(files.size)}`);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: CONCURRENCY }, lane));
  around.terminal.clear();
  for (const end of lanes) if (end.status === 'rejected') throw end.reason;
}

export function withoutUrls({ urlsExpireAt: _, ...view }: ResultsView): Manifest {
  const plain = ({ url: _url, ...file }: RemoteFile): ManifestFile => file;
  return { ...view, parts: view.parts.map(plain), ledger: view.ledger.map(plain) };
}

/** The result files that a manifest in the directory names, none when there is no readable one. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    const { parts, ledger } = JSON.parse(await readFile(path.join(dir, MANIFEST_FILE), 'utf8')) as Partial<Manifest>;
    return [...(parts ?? []), ...(ledger ?? [])].map((file) => file.name).filter(isResultFile);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof TypeError) return [];
    throw error;
  }
}

async function fetchFile(
  around: Surroundings,
  dir: string,
  file: RemoteFile,
  renew: () => Promise<void>,
): Promise<void> {
  const target = path.join(dir, file.name);
  if (await isThere(target, file)) return;
  for (let attempt = 1; ; attempt++) {
    const fault = await fetchOnce(file, target);
    if (fault === undefined) return;
    if (attempt === ATTEMPTS) throw new Failure(`${file.name}: ${fault.says} (${String(ATTEMPTS)} attempts)`);
    await around.sleep(backoffMs(attempt, around.chance()));
    if (fault.expired) await renew();
  }
}

interface Fault {
  says: string;
  /** The store refused the signed URL. */
  expired: boolean;
}

/** Undefined when the file stands under its name, whole. */
async function fetchOnce(file: RemoteFile, target: string): Promise<Fault | undefined> {
  const fresh = `${target}.tmp`;
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`no byte for ${String(STALL_MS / 1000)} s`)), STALL_MS);
  try {
    const response = await fetch(file.url, { signal: stalled.signal });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return { says: `the store answered HTTP ${String(response.status)}`, expired: response.status === 403 };
    }
    const hash = createHash('sha256');
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        timer.refresh();
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), measure, createWriteStream(fresh), { signal: stalled.signal });
    const sha256 = hash.digest('hex');
    if (bytes === file.bytes && sha256 === file.sha256) {
      await rename(fresh, target);
      return undefined;
    }
    const says =
      bytes === file.bytes
        ? `SHA-256 is ${sha256}, the manifest says ${file.sha256}`
        : `${String(bytes)} bytes came, the manifest says ${String(file.bytes)}`;
    return { says, expired: false };
  } catch (error) {
    // A full disk will not be better in a second.
    if (['ENOSPC', 'EACCES', 'EROFS', 'EISDIR'].includes(codeOf(error) ?? ''))
      throw new Failure(`${target}: ${reasonOf(error)}`);
    return { says: reasonOf(error), expired: false };
  } finally {
    clearTimeout(timer);
    await rm(fresh, { force: true });
  }
}

async function isThere(target: string, file: ManifestFile): Promise<boolean> {
  try {
    if ((await stat(target)).size !== file.bytes) return false;
    return (await hashOf(target)).sha256 === file.sha256;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
