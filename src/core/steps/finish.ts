/**
 * `finish`: gives every target an end, writes the manifest, moves the run to its end state. May be called again at any
 * point: what is done is found done.
 */
import { METRICS } from '../metrics.ts';
import { Bounded } from '../bounded.ts';
import { dropDuplicates } from '../dedupe.ts';
import { ledgerLine } from '../ledger-line.ts';
import { manifestObject, signingKeyKey } from '../names.ts';
import { buildManifest } from '../manifest.ts';
import { openTargets } from '../open-targets.ts';
import { asItem, type RunRow, type ShardRow } from '../rows.ts';
import { tellRun } from '../alerts/run-news.ts';
import { countUnextracted } from '../alerts/unextracted.ts';
import { isEnded, type Ending, type EndState } from '../run.ts';
import { yieldTurn } from '../settle.ts';
import { signedBytes } from '../signing.ts';
import { moveRun } from '../stop.ts';
import { allShards, note, taskOfRun } from '../store.ts';
import { transition } from '../target.ts';
import { Batch, commitBatch } from '../work/batch.ts';
import { fenceShard } from '../work/claim.ts';
import type { Context } from '../context.ts';
import type { Manifest, Progress } from '../operations.ts';

export interface FinishRequest {
  tenant: string;
  runId: string;
  /** Which execution of the run asks. */
  attempt: number;
  outcome?: 'timedOut' | 'failed';
  error?: string;
  cause?: string;
}
type Ports = Pick<Context, 'region' | 'table' | 'objects' | 'signer' | 'orchestrator' | 'clock' | 'log' | 'meter'>;

export async function finish(ports: Ports, request: FinishRequest): Promise<{ state: string }> {
  const run = await beginFinish(ports, request);
  if (run === undefined) return { state: 'NONE' };
  // Over, or another execution's to end.
  if (isEnded(run.state) || run.attempt !== request.attempt) return { state: run.state };
  await cancelOpenShards(ports, run);
  const { manifest, duplicateRecords } = await makeManifest(ports, run);
  const state = endState(run, manifest.totals);
  const finished = await end(ports, run, state, { ...manifest, state }, duplicateRecords);
  if (finished !== undefined) {
    ports.meter.count(METRICS.runsFinished, 1);
    ports.meter.count(METRICS.runsFailed, state === 'FAILED' || state === 'TIMED_OUT' ? 1 : 0);
    // Its lock goes to who waits for it; the sweep does what is cut short here, and the rest.
    await yieldTurn(ports, finished);
    await tellRun(ports, finished);
  }
  return { state };
}

/** FINALIZING from any live state; from here on no worker commits to a shard that finish has fenced. */
async function beginFinish(ports: Ports, request: FinishRequest): Promise<RunRow | undefined> {
  const { tenant, runId, attempt, outcome, error, cause } = request;
  const ending = outcome && {
    outcome,
    ...(error !== undefined && { error }),
    ...(cause !== undefined && { cause: cause.slice(0, 1000) }),
  };
  const write = await moveRun(ports, tenant, runId, { kind: 'finish', attempt, ...(ending && { ending }) });
  return write.run;
}

/** Takes every shard that is not done from whoever has it and ends its open targets as cancelled. */
async function cancelOpenShards(ports: Ports, run: RunRow): Promise<void> {
  const cancelling = new Bounded(8);
  for await (const shard of allShards(ports.table, run)) {
    if (shard.state !== 'DONE') await cancelling.run(() => cancelShard(ports, run, shard));
  }
  await cancelling.drain();
}

async function cancelShard(ports: Ports, run: RunRow, open: ShardRow): Promise<void> {
  const shard = await fenceShard(ports.table, open, ports.clock.now(), run.redrives ?? 0);
  if (shard === undefined) return; // done meanwhile by its worker, or no longer ours to end
  const batch = new Batch(ports.clock.now());
  const at = new Date(ports.clock.now()).toISOString();
  const detail = run.stopReason === undefined ? 'the run ended first' : `the run was stopped: ${run.stopReason}`;
  for await (const target of openTargets(ports.objects, shard)) {
    const { index } = target;
    const line = ledgerLine(target, transition(target.state, { kind: 'decide', bucket: 'cancelled', detail }), {
      at,
      records: 0,
      index,
    });
    batch.add({ index, line, records: [], links: [], bytes: 0 });
  }
  const progress = { retries: {}, gates: {} };
  const done = await commitBatch(ports, shard, ports.region, batch, progress, { kind: 'done' }, () =>
    ports.clock.now(),
  );
  if (done === undefined) throw new Error(`shard ${shard.shardId} was taken from finish`);
}

async function makeManifest(
  ports: Ports,
  run: RunRow,
): Promise<{ manifest: Manifest; duplicateRecords: number | undefined }> {
  const task = await taskOfRun(ports.table, run);
  const built = await buildManifest(run, allShards(ports.table, run), run.state, ports.clock.now());
  checkBalance(built);
  if (task.alerts?.missingFields !== undefined) await countUnextracted(ports, run, built);
  const { key } = task.extract;
  if (key === undefined || key.length === 0) return { manifest: built, duplicateRecords: undefined };
  const { parts, dropped } = await dropDuplicates(ports.objects, run, built.parts, key);
  const totals: Progress = { ...built.totals, records: built.totals.records - dropped, duplicateRecords: dropped };
  return { manifest: { ...built, parts, totals }, duplicateRecords: dropped };
}

/** The ledger must balance against the files that are named; if it does not, no manifest is written and the run stays for the sweep. */
function checkBalance({ totals, ledger }: Manifest): void {
  const lines = ledger.reduce((sum, file) => sum + file.lines, 0);
  if (totals.pending !== 0 || lines !== totals.discovered)
    throw new Error(
      `ledger does not balance: ${String(totals.discovered)} discovered, ${String(lines)} lines, ${String(totals.pending)} pending`,
    );
}

/** CONTRACT §1: SUCCEEDED = all good, PARTIAL = some failed, FAILED = nothing succeeded or could not be planned. */
export function endState(run: RunRow, totals: Progress): EndState {
  if (run.ending?.outcome === 'timedOut') return 'TIMED_OUT';
  if (run.stopReason !== undefined) return 'STOPPED';
  if (run.error !== undefined || run.ending?.outcome === 'failed') return 'FAILED';
  if (totals.failed === 0 && totals.cancelled === 0) return 'SUCCEEDED';
  return totals.collected + totals.unmodified > 0 ? 'PARTIAL' : 'FAILED';
}

/** The run as it ended by this call; undefined when another finisher came first. */
async function end(
  ports: Ports,
  run: RunRow,
  state: EndState,
  manifest: Manifest,
  duplicateRecords: number | undefined,
): Promise<RunRow | undefined> {
  const era = run.redrives ?? 0;
  const signature = await ports.signer.sign(signedBytes(manifest));
  const { value: _, ...publicKey } = signature;
  await ports.table.put(asItem({ ...signingKeyKey(publicKey.keyId), kind: 'signingKey', ...publicKey }));
  const body = new TextEncoder().encode(`${JSON.stringify({ ...manifest, signature }, null, 2)}\n`);
  await ports.objects.writeBytes(manifestObject(run.tenant, run.runId, era), body, 'application/json');
  const error =
    run.error ??
    (run.ending?.outcome === 'failed' ? machineError(run.ending) : nothingSucceeded(state, manifest.totals));
  const write = await moveRun(ports, run.tenant, run.runId, {
    kind: 'end',
    attempt: run.attempt,
    state,
    at: Date.parse(manifest.finishedAt ?? manifest.createdAt),
    ...(error && { error }),
    ...(duplicateRecords !== undefined && { duplicateRecords }),
  });
  if (!write.ok) return undefined;
  const { totals } = manifest;
  const detail = `${state}: ${String(totals.collected)} of ${String(totals.discovered)} targets collected, ${String(totals.failed)} failed, ${String(totals.records)} records`;
  await note(ports.table, run, ports.clock.now(), 'run.finished', detail);
  return write.run;
}

const machineError = ({ error, cause }: Ending): { type: string; detail: string } => ({
  type: error ?? 'Error',
  detail: cause ?? 'the state machine failed without a cause',
});
const nothingSucceeded = (state: EndState, totals: Progress): { type: string; detail: string } | undefined =>
  state === 'FAILED' ? { type: 'nothingSucceeded', detail: `all ${String(totals.failed)} targets failed` } : undefined;
