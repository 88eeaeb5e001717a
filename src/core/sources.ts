/** What a task's source names, as a stream: each entry is a target to plan or a line that already has its end. */
import { SITEMAP_BYTES_MAX } from './limits.ts';
import { LIST_SNIFF_LINES, parseListLine, sniffList } from './list-lines.ts';
import { frontierObject, isUploadId, tenantPrefix, uploadObject } from './names.ts';
import { politely, type PolitePorts } from './polite.ts';
import { ObjectMissing } from './ports.ts';
import { expandRange } from './range.ts';
import { SecretMissing, readSecrets, type SecretsFor } from './secret-headers.ts';
import { SourceFailure, type Context, type ReadSitemap } from './context.ts';
import { isPlainUrl } from './url.ts';
import type { PlannedTarget } from './planned-target.ts';
import type { FailReason } from './ledger.ts';
import type { RunRow, TenantRow } from './rows.ts';
import type { RequestSpec, TaskSpec } from './task.ts';

export type Entry =
  /** A plain URL (`isPlainUrl`), as most lists have them: nothing is made of it that is not needed. */
  | string
  | { kind: 'target'; target: PlannedTarget }
  /** Something the source names but that cannot be asked for: it ends as failed. */
  | { kind: 'bad'; url: string; reason: FailReason; detail: string };

export type PlanPorts = Pick<
  Context,
  'region' | 'table' | 'pace' | 'objects' | 'secrets' | 'clock' | 'chance' | 'log' | 'meter'
> &
  PolitePorts & {
    readSitemap: ReadSitemap;
    /** Buckets besides the tenant's own prefix that `list: s3://…` may name. */
    listBuckets: string[];
    /** Workers there may be at a time: a round has no more streams. */
    workersMax: number;
    /** Targets in a shard; absent = `SHARD_TARGETS_MAX`. */
    shardTargets?: number;
    /** Absent = `STREAM_SECONDS_MIN`. */
    streamSecondsMin?: number;
    /** Name of the results bucket, for `s3://` references to the tenant's own objects. */
    resultsBucket: string;
  };

/** Round 0 of every kind; later rounds of a crawl come from the merged frontier. */
export async function entriesOf(
  ports: PlanPorts,
  run: RunRow,
  tenant: TenantRow,
  task: TaskSpec,
  round: number,
): Promise<AsyncIterable<Entry | Entry[]> | Iterable<Entry>> {
  const { source } = task;
  const secretsFor = await secretsOf(ports, run, task);
  if (round > 0) return frontierEntries(ports.objects.readBatches(frontierObject(run.tenant, run.runId, round)));
  if (source.urls)
    return source.urls.map((given) => targetEntry(typeof given === 'string' ? { url: given } : upper(given)));
  if (source.list !== undefined) return listEntries(listLines(ports, run.tenant, source.list));
  if (source.sitemap !== undefined) return sitemapEntries(ports, tenant, task, source.sitemap, secretsFor);
  if (source.range) return rangeEntries(source.range);
  if (source.crawl) return source.crawl.seeds.map((url) => targetEntry({ url, depth: 0 }));
  return source.follow ? [targetEntry({ url: source.follow.url })] : [];
}

const targetEntry = (target: PlannedTarget): Entry => ({ kind: 'target', target });

async function* frontierEntries(lines: AsyncIterable<string[]>): AsyncGenerator<Entry[]> {
  for await (const batch of lines) yield batch.map((line) => targetEntry(JSON.parse(line) as PlannedTarget));
}

function* rangeEntries(range: NonNullable<TaskSpec['source']['range']>): Generator<Entry> {
  for (const url of expandRange(range)) yield targetEntry({ url });
}

/** Asked in every round: a secret that has gone ends the run here, before anything is sent without it. */
async function secretsOf(ports: PlanPorts, run: RunRow, task: TaskSpec): Promise<SecretsFor> {
  try {
    return await readSecrets(ports.secrets, run.tenant, task);
  } catch (error) {
    throw error instanceof SecretMissing ? new SourceFailure(error.message) : error;
  }
}

const upper = (given: RequestSpec): RequestSpec => ({
  ...given,
  ...(given.method !== undefined && { method: given.method.toUpperCase() }),
});

async function* sitemapEntries(
  ports: PlanPorts,
  tenant: TenantRow,
  task: TaskSpec,
  sitemap: NonNullable<TaskSpec['source']['sitemap']>,
  secretsFor: SecretsFor,
): AsyncGenerator<Entry> {
  const spec = typeof sitemap === 'string' ? { url: sitemap } : sitemap;
  const polite = await politely(ports, task, tenant, SITEMAP_BYTES_MAX, secretsFor);
  try {
    for await (const entry of ports.readSitemap(spec, (url) => polite.get(url))) {
      if (entry.kind === 'url') yield { kind: 'target', target: { url: entry.url } };
      else yield { kind: 'bad', url: entry.url, reason: entry.reason, detail: entry.detail };
    }
  } finally {
    await polite.close();
  }
}

/** The lines behind `upload:ID` or `s3://bucket/key`, or a refusal that says what may be named. */
function listLines(ports: PlanPorts, tenant: string, list: string): AsyncIterable<string[]> {
  const upload = /^upload:(.+)$/.exec(list)?.[1];
  if (upload !== undefined) {
    if (!isUploadId(upload)) throw new SourceFailure(`list: ${list} is not an upload id`);
    return ports.objects.readBatches(uploadObject(tenant, upload));
  }
  const [, bucket, key] = /^s3:\/\/([a-z0-9.-]+)\/(.+)$/.exec(list) ?? [];
  if (bucket === undefined || key === undefined)
    throw new SourceFailure(`list: expected upload:ID or s3://bucket/key, got ${list}`);
  if (bucket === ports.resultsBucket) {
    if (!key.startsWith(tenantPrefix(tenant)))
      throw new SourceFailure(`list: ${list} belongs to another tenant or to none`);
    return ports.objects.readBatches(key);
  }
  if (!ports.listBuckets.includes(bucket))
    throw new SourceFailure(`list: bucket ${bucket} is not among those the operator allows for lists (LIST_BUCKETS)`);
  return ports.objects.readForeignBatches(bucket, key);
}

/** In batches: a long list has millions of entries, and handing on each by itself costs more than reading it. */
async function* listEntries(lines: AsyncIterable<string[]>): AsyncGenerator<Entry[]> {
  const head: string[] = [];
  let kind: ReturnType<typeof sniffList> | undefined;
  let index = 0;
  const parsed = (line: string): Entry | undefined => {
    if (kind === 'text' && isPlainUrl(line)) {
      index++;
      return line;
    }
    const entry = parseListLine(line, index++, kind ?? 'text');
    if (entry.kind === 'bad')
      return { kind: 'bad', url: entry.given, reason: 'decode', detail: `line ${String(index)}: ${entry.detail}` };
    return entry.kind === 'target' ? entry : undefined;
  };
  const all = (batch: string[]): Entry[] => batch.map(parsed).filter((entry) => entry !== undefined);
  try {
    for await (const batch of lines) {
      if (kind !== undefined) yield all(batch);
      else {
        head.push(...batch);
        if (head.length < LIST_SNIFF_LINES) continue;
        kind = sniffList(head.slice(0, LIST_SNIFF_LINES));
        yield all(head);
      }
    }
  } catch (error) {
    if (error instanceof ObjectMissing)
      throw new SourceFailure(`list: there is no such object (${error.message}); was the upload PUT?`);
    if (error instanceof SourceFailure) throw error;
    throw isCorrupt(error)
      ? new SourceFailure(`list: cannot be decompressed after line ${String(index)}: ${(error as Error).message}`)
      : error;
  }
  if (kind !== undefined) return;
  kind = sniffList(head);
  yield all(head);
}

/** zlib's own error codes start so. */
const isCorrupt = (error: unknown): boolean => {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && code.startsWith('Z_');
};
