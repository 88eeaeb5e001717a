/** `gleaner collect FILE`: one task from file to records on disk, on the embedded stack unless an API is named. */
import path from 'node:path';
import type { RunView } from '#core/operations.ts';
import type { Client } from '../client.ts';
import { clientOf } from '../client.ts';
import { connectNamed, connectRunning, type CommonOptions } from '../connection.ts';
import { downloadResults } from '../download.ts';
import { EXIT_FAILED, exitOfCollect } from '../exit-codes.ts';
import { tallyFailures } from '../failure-tally.ts';
import { ledgerLinesOf } from '../results-files.ts';
import { ApiRefusal } from '../problem.ts';
import { watchRun } from '../run-watch.ts';
import { summary } from '../summary.ts';
import type { Surroundings } from '../surroundings.ts';
import { documentToSend, readTaskFile, type ReadTask } from '../task-file.ts';
import { startStack } from './up.ts';
import { refuseTask } from './validate.ts';

export interface CollectOptions extends CommonOptions {
  out?: string;
}

export interface Collected {
  code: number;
  /** Absolute path of the results, when there are any. */
  dir?: string;
}

export async function collect(around: Surroundings, file: string, options: CollectOptions): Promise<number> {
  return (await collectTask(around, file, options)).code;
}

export async function collectTask(around: Surroundings, file: string, options: CollectOptions): Promise<Collected> {
  const read = await readTaskFile(path.resolve(around.cwd, file));
  if (!read.ok) return { code: refuseTask(around, file, read.errors, options) };
  for (const warning of read.warnings) around.terminal.err(`note: ${warning}`);
  const place = await placeToRun(around, options);
  try {
    return await runThere(around, place.client, read, options);
  } finally {
    await place.close();
  }
}

interface Place {
  client: Client;
  close(): Promise<void>;
}

async function placeToRun(around: Surroundings, options: CollectOptions): Promise<Place> {
  const close = (): Promise<void> => Promise.resolve();
  const named = await connectNamed(around, options);
  if (named) return { client: named, close };
  const running = await connectRunning(around, options);
  if (running) {
    around.terminal.err(`using the stack that \`gleaner up\` runs at ${running.api}`);
    return { client: running, close };
  }
  around.terminal.err('starting the embedded stack');
  const stack = await startStack(around, options, 0);
  const { sleep, chance } = around;
  return {
    client: clientOf({ api: stack.embedded.apiUrl, key: stack.embedded.key, sleep, chance }),
    close: stack.close,
  };
}

async function runThere(
  around: Surroundings,
  client: Client,
  read: ReadTask & { ok: true },
  options: CollectOptions,
): Promise<Collected> {
  const { terminal } = around;
  const started = await client.startInline(await documentToSend(around, client, read));
  terminal.err(`run ${started.id} of ${started.taskId}`);
  const end = await watchRun(around, client, started, 'stop');
  if (end.kind === 'left') {
    terminal.err(`left while the run was ${end.run.state}`);
    return { code: EXIT_FAILED };
  }
  const out = options.out ?? path.join('out', end.run.id);
  const dir = path.resolve(around.cwd, out);
  const got = await downloadIfAny(around, client, end.run, dir);
  const failures = got && end.run.progress.failed > 0 ? await tallyFailures(ledgerLinesOf(dir, got)) : [];
  for (const line of summary(end.run, failures, { colour: terminal.colour, ...(got && { out }) })) {
    if (options.json === true) terminal.err(line);
    else terminal.out(line);
  }
  if (options.json === true) terminal.out(JSON.stringify(end.run, undefined, 2));
  return { code: exitOfCollect(end.run.state), ...(got && { dir }) };
}

/** The names of the ledger files copied. A run that never got as far as a manifest has none; that is told, not an error of its own. */
async function downloadIfAny(
  around: Surroundings,
  client: Client,
  run: RunView,
  dir: string,
): Promise<string[] | undefined> {
  try {
    return (await downloadResults(around, client, run.id, dir)).ledger.map((file) => file.name);
  } catch (error) {
    if (!(error instanceof ApiRefusal) || (error.status !== 404 && error.status !== 409)) throw error;
    around.terminal.err(`no results to copy: ${error.message}`);
    return undefined;
  }
}
