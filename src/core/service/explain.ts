/** One target's whole story, put together from the rows and the objects that they name. */
import { hostOf, parseHttp, targetIdentity } from '../url.ts';
import { Bounded } from '../bounded.ts';
import { commitName, fileName, fileObject, parseShardId } from '../names.ts';
import { ledgersOf, partsOf } from '../manifest.ts';
import { openTargets, type PendingTarget } from '../open-targets.ts';
import { pendingOf, type RunRow, type ShardRow } from '../rows.ts';
import { allShards, taskOfRun } from '../store.ts';
import { iso, noRun, ok, refuse } from './outcome.ts';
import { findRun } from './runs.ts';
import type { Context } from '../context.ts';
import type { LedgerLine } from '../ledger.ts';
import type { Caller, Explanation, Outcome, RecordLine } from '../operations.ts';

type Ports = Pick<Context, 'table' | 'objects'>;

/** Objects read at the same time: a run of a million targets has some four thousand ledger files, read within seconds. */
const READERS = 16;

interface LedgerFileRef {
  name: string;
  round: number;
  shard?: ShardRow;
}
interface Found {
  file: LedgerFileRef;
  /** From 1. */
  number: number;
  line: LedgerLine;
}

export async function explain(
  ports: Ports,
  caller: Caller,
  runId: string,
  wanted: { url: string; method?: string },
): Promise<Outcome<Explanation>> {
  const run = await findRun(ports, caller, runId);
  if (run === undefined) return noRun(runId);
  const identity = targetIdentity(wanted) ?? wanted.url;
  const host = hostOf(wanted.url);
  const { source } = await taskOfRun(ports.table, run);
  const files: LedgerFileRef[] = [];
  const open: ShardRow[] = [];
  for (const { round, ledgers } of run.rounds)
    files.push(...ledgers.map(({ name }) => ({ name: fileName('ledger', name), round })));
  for await (const shard of allShards(ports.table, run)) {
    const { round } = parseShardId(shard.shardId);
    // A follow may reach hosts that its row does not name.
    const mayHold = shard.hosts.length >= HOSTS_NAMED || shard.hosts.includes(host) || source.follow !== undefined;
    if (!mayHold) continue;
    files.push(...ledgersOf(shard).map(({ name }) => ({ name, round, shard })));
    if (pendingOf(shard) > 0) open.push(shard);
  }
  const found = await search(ports, run, files, wanted, identity);
  const ended = found.find(({ line }) => line.bucket !== 'duplicate');
  const namedAgain = found.filter(({ line }) => line.bucket === 'duplicate').length;
  if (ended) return ok(await endedStory(ports, run, ended, namedAgain));
  const pending = await searchOpen(ports, open, identity);
  if (pending) return ok(pendingStory(pending.shard, pending.target, namedAgain));
  const says = `run ${runId} names no target ${JSON.stringify(wanted.url.slice(0, 200))}`;
  return refuse(404, 'No such target', run.finishedAt === undefined ? `${says} so far` : says);
}

/** A row names so many hosts at most; beyond, any host may be among its targets. */
const HOSTS_NAMED = 20;

async function search(
  ports: Ports,
  run: RunRow,
  files: LedgerFileRef[],
  wanted: { url: string },
  identity: string,
): Promise<Found[]> {
  // Lines are parsed only where the host stands in them: a URL may be written in many ways, its host in few.
  // What is no URL at all stands in the ledger as it was given.
  const hint = (parseHttp(wanted.url)?.hostname ?? wanted.url).toLowerCase();
  const found: Found[] = [];
  const reading = new Bounded(READERS);
  for (const file of files)
    await reading.run(async () => {
      let number = 0;
      for await (const text of ports.objects.readLines(fileObject(run.tenant, run.runId, file.name))) {
        number++;
        if (!text.toLowerCase().includes(hint)) continue;
        const line = JSON.parse(text) as LedgerLine;
        if (lineIdentity(line) === identity) found.push({ file, number, line });
      }
    });
  await reading.drain();
  return found;
}

/** As `targetIdentity`, from the hash of the body that the ledger keeps in place of the body. */
function lineIdentity({ url, method, bodySha256 }: LedgerLine): string {
  const canonical = targetIdentity({ url }) ?? url;
  if (method === undefined && bodySha256 === undefined) return canonical;
  return `${method ?? 'GET'} ${canonical} ${bodySha256 ?? ''}`;
}

async function searchOpen(
  ports: Ports,
  shards: ShardRow[],
  identity: string,
): Promise<{ shard: ShardRow; target: PendingTarget } | undefined> {
  for (const shard of shards)
    for await (const target of openTargets(ports.objects, shard))
      if (targetIdentity(target) === identity) return { shard, target };
  return undefined;
}

async function endedStory(ports: Ports, run: RunRow, found: Found, namedAgain: number): Promise<Explanation> {
  const { file, number, line } = found;
  const { shard, round } = file;
  const parts =
    shard === undefined || line.records === 0 ? [] : await recordsOf(ports, run, shard, file.name, line.url);
  const { url, method, bucket, reason, detail, status, attempts, waitedMs, lastFailure, records, at } = line;
  const explanation: Omit<Explanation, 'story'> = {
    url,
    ...(method !== undefined && { method }),
    bucket,
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail }),
    ...(status !== undefined && { status }),
    attempts,
    ...(waitedMs !== undefined && { waitedMs }),
    ...(lastFailure !== undefined && { lastFailure }),
    records,
    at,
    discovered: discovered(line, round),
    ...(shard && { shard: shardOf(shard) }),
    ledger: { file: file.name, line: number },
    parts,
    namedAgain,
  };
  return { ...explanation, story: tell(explanation) };
}

/** The part that was committed together with a ledger file holds the records of its targets. */
async function recordsOf(
  ports: Ports,
  run: RunRow,
  shard: ShardRow,
  ledgerFile: string,
  url: string,
): Promise<Explanation['parts']> {
  const commit = shard.commits.find(
    ({ e, q, le = e }) => fileName('ledger', commitName(shard.shardId, le, q)) === ledgerFile,
  );
  const [part] = commit ? partsOf({ ...shard, commits: [commit] }) : [];
  if (part === undefined) return [];
  let [number, first, lines] = [0, 0, 0];
  for await (const text of ports.objects.readLines(fileObject(run.tenant, run.runId, part.name))) {
    number++;
    if ((JSON.parse(text) as RecordLine).url !== url) continue;
    if (lines++ === 0) first = number;
  }
  return lines === 0 ? [] : [{ file: part.name, line: first, lines }];
}

function pendingStory(shard: ShardRow, target: PendingTarget, namedAgain: number): Explanation {
  const { url, method, state } = target;
  const { attempts, waitedMs, lastFailure, nextAt } = state;
  const explanation: Omit<Explanation, 'story'> = {
    url,
    ...(method !== undefined && { method }),
    bucket: 'pending',
    attempts,
    ...(waitedMs > 0 && { waitedMs }),
    ...(lastFailure !== undefined && { lastFailure }),
    records: 0,
    ...(nextAt > 0 && { nextAttemptAt: iso(nextAt) }),
    discovered: discovered(target, parseShardId(shard.shardId).round),
    shard: shardOf(shard),
    parts: [],
    namedAgain,
  };
  return { ...explanation, story: tell(explanation) };
}

const shardOf = ({ shardId, state, epoch }: ShardRow): NonNullable<Explanation['shard']> => ({
  id: shardId,
  state,
  epoch,
});
const discovered = ({ depth, from }: { depth?: number; from?: string }, round: number): Explanation['discovered'] => ({
  by: from === undefined ? 'source' : 'link',
  round,
  ...(depth !== undefined && { depth }),
  ...(from !== undefined && { from }),
});

/** The facts in their order, as sentences. */
function tell(known: Omit<Explanation, 'story'>): Explanation['story'] {
  const story: Explanation['story'] = [];
  const { by, round, from } = known.discovered;
  story.push({
    says:
      by === 'source'
        ? 'named by the source of the task'
        : `found in ${from ?? 'another page'}, in round ${String(round)}`,
  });
  if (known.namedAgain > 0) story.push({ says: `named again ${times(known.namedAgain)}, which counts as duplicate` });
  if (known.shard === undefined) story.push({ says: 'decided while planning, without a request' });
  else
    story.push({
      says: `given to shard ${known.shard.id}, which is ${known.shard.state} in its epoch ${String(known.shard.epoch)}`,
    });
  if (known.attempts > 0) story.push({ says: `asked for ${times(known.attempts)}${waits(known)}` });
  const { bucket, reason, detail, status } = known;
  const because = [reason, status === undefined ? undefined : `HTTP ${String(status)}`, detail].filter(
    (word, i, all) => word !== undefined && all.indexOf(word) === i,
  );
  const why = because.length === 0 ? '' : `: ${because.join(', ')}`;
  if (bucket === 'pending')
    story.push({
      says: `pending${known.nextAttemptAt === undefined ? '' : `, to be asked for again at ${known.nextAttemptAt}`}`,
    });
  else story.push({ ...(known.at !== undefined && { at: known.at }), says: `ended as ${bucket}${why}` });
  if (known.ledger) story.push({ says: `written to ${known.ledger.file}, line ${String(known.ledger.line)}` });
  for (const { file, line, lines } of known.parts)
    story.push({ says: `${String(lines)} ${lines === 1 ? 'record' : 'records'} in ${file} from line ${String(line)}` });
  return story;
}

const times = (n: number): string => (n === 1 ? 'once' : `${String(n)} times`);
function waits({ waitedMs, lastFailure }: Omit<Explanation, 'story'>): string {
  const waited = waitedMs === undefined ? '' : `, waiting ${String(Math.round(waitedMs / 100) / 10)} s in between`;
  return lastFailure === undefined ? waited : `${waited} after ${lastFailure}`;
}
