/** Reading what a run collected: manifest, records and ledger, by pages, from committed objects alone. */
import { PAGE_CHARS_MAX, SIGNED_URL_SECONDS } from '../limits.ts';
import { buildManifest } from '../manifest.ts';
import { fileObject, manifestObject, uploadObject } from '../names.ts';
import { openTargets } from '../open-targets.ts';
import { BadCursor } from '../ports.ts';
import { pendingOf, type RunRow, type ShardRow } from '../rows.ts';
import { isEnded } from '../run.ts';
import { allShards } from '../store.ts';
import { iso, noRun, ok, paging } from './outcome.ts';
import { idOf, type IdPorts } from './ids.ts';
import { findRun } from './runs.ts';
import type { Context } from '../context.ts';
import type { Bucket, LedgerLine } from '../ledger.ts';
import type {
  Caller,
  Manifest,
  ManifestFile,
  Once,
  Outcome,
  PageOf,
  PageRequest,
  PendingLine,
  RecordLine,
  ResultsView,
  UploadView,
} from '../operations.ts';

type Ports = IdPorts & Pick<Context, 'table' | 'objects'>;

/**
 * The manifest of a run that ended is the object finish wrote; until then it is what is committed so far.
 * @param open is given the shards that still have targets to end, as they were when the manifest was made of them.
 */
export async function manifestOf(ports: Ports, run: RunRow, open?: Map<string, ShardRow>): Promise<Manifest> {
  if (!isEnded(run.state)) return buildManifest(run, noting(allShards(ports.table, run), open), run.state);
  const bytes = await ports.objects.readBytes(manifestObject(run.tenant, run.runId, run.redrives ?? 0));
  return JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
}

async function* noting(shards: AsyncIterable<ShardRow>, open?: Map<string, ShardRow>): AsyncGenerator<ShardRow> {
  for await (const shard of shards) {
    if (open !== undefined && pendingOf(shard) > 0) open.set(shard.shardId, shard);
    yield shard;
  }
}

export async function results(ports: Ports, caller: Caller, runId: string): Promise<Outcome<ResultsView>> {
  const run = await findRun(ports, caller, runId);
  if (run === undefined) return noRun(runId);
  const manifest = await manifestOf(ports, run);
  const signed = (files: ManifestFile[]) =>
    Promise.all(
      files.map(async (file) => ({
        ...file,
        url: await ports.objects.readUrl(fileObject(run.tenant, runId, file.name), SIGNED_URL_SECONDS),
      })),
    );
  const [parts, ledger] = await Promise.all([signed(manifest.parts), signed(manifest.ledger)]);
  return ok({ ...manifest, parts, ledger, urlsExpireAt: iso(ports.clock.now() + SIGNED_URL_SECONDS * 1000) });
}

export async function records(
  ports: Ports,
  caller: Caller,
  runId: string,
  page: PageRequest,
): Promise<Outcome<PageOf<RecordLine>>> {
  const run = await findRun(ports, caller, runId);
  if (run === undefined) return noRun(runId);
  return paging(async () => {
    const { parts } = await manifestOf(ports, run);
    return ok(
      await linesPage(
        parts,
        (name) => fileLines(ports, run, name),
        page,
        (line) => JSON.parse(line) as RecordLine,
      ),
    );
  });
}

export async function ledger(
  ports: Ports,
  caller: Caller,
  runId: string,
  filter: { bucket?: Bucket },
  page: PageRequest,
): Promise<Outcome<PageOf<LedgerLine | PendingLine>>> {
  const run = await findRun(ports, caller, runId);
  if (run === undefined) return noRun(runId);
  const { bucket } = filter;
  return paging(async () => {
    // What has ended and what is open, as of one look at each shard: a redrive in between would put a target into both.
    const open = new Map<string, ShardRow>();
    const files = (await manifestOf(ports, run, bucket === undefined || bucket === 'pending' ? open : undefined)).ledger
      .filter(() => bucket !== 'pending')
      .filter((file) => bucket === undefined || (file.counts?.[bucket] ?? 0) > 0);
    const sources = [...files.map(({ name }) => ({ name })), ...[...open.keys()].map((name) => ({ name }))];
    const lines = (name: string): AsyncIterable<string> => {
      const shard = open.get(name);
      return shard ? pendingLines(ports, shard) : fileLines(ports, run, name);
    };
    const parse = (line: string): LedgerLine | PendingLine | undefined => {
      const entry = JSON.parse(line) as LedgerLine | PendingLine;
      return bucket === undefined || entry.bucket === bucket ? entry : undefined;
    };
    return ok(await linesPage(sources, lines, page, parse));
  });
}

export const fileLines = (ports: Ports, run: RunRow, name: string): AsyncIterable<string> =>
  ports.objects.readLines(fileObject(run.tenant, run.runId, name));

async function* pendingLines(ports: Ports, shard: ShardRow): AsyncGenerator<string> {
  for await (const { url, method, state } of openTargets(ports.objects, shard)) {
    const { attempts } = state;
    yield JSON.stringify({ url, ...(method !== undefined && { method }), bucket: 'pending', attempts });
  }
}

/** A page over the lines of several objects; the cursor is the object's name and the line to go on with. */
async function linesPage<T>(
  files: { name: string }[],
  lines: (name: string) => AsyncIterable<string>,
  page: PageRequest,
  parse: (line: string) => T | undefined,
): Promise<PageOf<T>> {
  const from = page.cursor === undefined ? { name: files[0]?.name ?? '', line: 0 } : decodeCursor(page.cursor);
  const start = files.findIndex(({ name }) => name === from.name);
  if (start < 0) {
    if (page.cursor === undefined) return { items: [] };
    throw new BadCursor(from.name);
  }
  const items: T[] = [];
  let chars = 0;
  for (const { name } of files.slice(start)) {
    let at = 0;
    for await (const line of lines(name)) {
      const index = at++;
      if (name === from.name && index < from.line) continue;
      if (items.length >= page.limit || (chars + line.length > PAGE_CHARS_MAX && items.length > 0))
        return { items, nextCursor: encodeCursor({ name, line: index }) };
      const item = parse(line);
      if (item === undefined) continue;
      items.push(item);
      chars += line.length;
    }
  }
  return { items };
}

const encodeCursor = (at: { name: string; line: number }): string =>
  Buffer.from(`${String(at.line)} ${at.name}`).toString('base64url');
function decodeCursor(cursor: string): { name: string; line: number } {
  const [line, name] = Buffer.from(cursor, 'base64url').toString().split(' ');
  if (name === undefined || !/^\d{1,9}$/.test(line ?? '')) throw new BadCursor(cursor.slice(0, 80));
  return { name, line: Number(line) };
}

export async function createUpload(ports: Ports, caller: Caller, once?: Once): Promise<Outcome<UploadView>> {
  const id = idOf(ports, once);
  const url = await ports.objects.writeUrl(uploadObject(caller.tenant, id), SIGNED_URL_SECONDS);
  return ok({ id, url, expiresAt: iso(ports.clock.now() + SIGNED_URL_SECONDS * 1000), list: `upload:${id}` });
}
