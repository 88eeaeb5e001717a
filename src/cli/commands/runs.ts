/** `gleaner run TASK` and `gleaner runs …`: starting, looking at, following and steering runs. */
import { RUN_STATES } from '#core/run.ts';
import type { Overlap, RunView } from '#core/operations.ts';
import type { Client } from '../client.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_FAILED, EXIT_OK, exitOfWatch } from '../exit-codes.ts';
import { failedLines, tallyFailures } from '../failure-tally.ts';
import { Failure } from '../failure.ts';
import { count } from '../figures.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import { doneOf, standstillOf } from '../progress-line.ts';
import { watchRun } from '../run-watch.ts';
import { summary } from '../summary.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';

export interface RunOptions extends CommonOptions {
  watch?: boolean;
  overlap?: Overlap;
}

export async function runTask(around: Surroundings, taskId: string, options: RunOptions): Promise<number> {
  const client = await connect(around, options);
  const run = await client.startRun(taskId, options.overlap);
  if (options.watch === true) {
    around.terminal.err(`run ${run.id} of ${run.taskId}`);
    return follow(around, client, run, options);
  }
  if (options.json === true) around.terminal.out(JSON.stringify(run, undefined, 2));
  else around.terminal.out(run.id);
  const standstill = standstillOf(run);
  if (standstill !== undefined) around.terminal.err(standstill);
  return EXIT_OK;
}

export interface RunsFilter extends CommonOptions, PagingOptions {
  task?: string;
  state?: string;
}

export async function listRuns(around: Surroundings, options: RunsFilter): Promise<number> {
  const state = options.state?.toUpperCase();
  if (state !== undefined && !(RUN_STATES as readonly string[]).includes(state))
    throw new Failure(`--state must be one of ${RUN_STATES.join(', ')}, got ${JSON.stringify(options.state)}`);
  const client = await connect(around, options);
  const filter = { ...(options.task !== undefined && { taskId: options.task }), ...(state !== undefined && { state }) };
  const { items, more } = await pagesOf(options.limit, (page) => client.listRuns({ ...filter, ...page }));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else for (const line of runTable(items)) around.terminal.out(line);
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

function runTable(runs: readonly RunView[]): string[] {
  const rows = runs.map((run) => [
    run.id,
    run.taskId,
    run.state,
    run.createdAt,
    `${count(doneOf(run))}/${count(run.progress.discovered)}`,
    count(run.progress.failed),
    count(run.progress.records),
  ]);
  const head = ['RUN', 'TASK', 'STATE', 'CREATED', 'DONE', 'FAILED', 'RECORDS'];
  return table([head, ...rows], ['left', 'left', 'left', 'left', 'right', 'right', 'right']);
}

export async function getRun(around: Surroundings, id: string, options: CommonOptions): Promise<number> {
  const client = await connect(around, options);
  await tell(around, client, await client.getRun(id), options);
  return EXIT_OK;
}

export async function watch(around: Surroundings, id: string, options: CommonOptions): Promise<number> {
  const client = await connect(around, options);
  return follow(around, client, await client.getRun(id), options);
}

/** What can be asked of a run, each a call of the API. */
export type Steering = 'stop' | 'pause' | 'resume' | 'redrive';

/** Asks and does not wait for what follows: `runs watch` does. */
export async function steerRun(
  around: Surroundings,
  steering: Steering,
  id: string,
  options: CommonOptions,
): Promise<number> {
  const client = await connect(around, options);
  const run = await client[`${steering}Run`](id);
  if (options.json === true) around.terminal.out(JSON.stringify(run, undefined, 2));
  else around.terminal.out(`${run.id} ${run.state}`);
  return EXIT_OK;
}

async function follow(around: Surroundings, client: Client, run: RunView, options: CommonOptions): Promise<number> {
  const end = await watchRun(around, client, run, 'leave');
  if (end.kind === 'left') {
    around.terminal.err(`the run goes on; stop it by: gleaner runs stop ${run.id}`);
    return EXIT_FAILED;
  }
  await tell(around, client, end.run, options);
  return exitOfWatch(end.run.state);
}

async function tell({ terminal }: Surroundings, client: Client, run: RunView, { json }: CommonOptions): Promise<void> {
  if (json === true) {
    terminal.out(JSON.stringify(run, undefined, 2));
    return;
  }
  const failures = run.progress.failed === 0 ? [] : await tallyFailures(failedLines(client, run.id));
  for (const line of summary(run, failures, { colour: terminal.colour })) terminal.out(line);
}
