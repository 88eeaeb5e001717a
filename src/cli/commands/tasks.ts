/** `gleaner tasks …`: the stored task definitions. */
import path from 'node:path';
import type { ScheduleView, TaskView } from '#core/operations.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { ApiRefusal } from '../problem.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';
import { documentToSend, readTaskFile } from '../task-file.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import { taskSketch } from '../task-sketch.ts';
import { refuseTask } from './validate.ts';

export async function listTasks(around: Surroundings, options: CommonOptions & PagingOptions): Promise<number> {
  const client = await connect(around, options);
  const { items, more } = await pagesOf(options.limit, (page) => client.listTasks(page));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map(({ id, version, updatedAt, task }) => [
      id,
      String(version),
      updatedAt,
      task.description ?? '',
    ]);
    for (const line of table([['TASK', 'VERSION', 'CHANGED', 'DESCRIPTION'], ...rows], ['left', 'right']))
      around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

export async function getTask(around: Surroundings, id: string, options: CommonOptions): Promise<number> {
  print(around, await (await connect(around, options)).getTask(id), options);
  return EXIT_OK;
}

/** Creates the task, or makes a new version of the one of that name: a task's id is its name. */
export async function putTask(around: Surroundings, file: string, options: CommonOptions): Promise<number> {
  const read = await readTaskFile(path.resolve(around.cwd, file));
  if (!read.ok) return refuseTask(around, file, read.errors, options);
  const client = await connect(around, options);
  const document = await documentToSend(around, client, read);
  const stored = await client.getTask(read.task.name).catch((error: unknown) => {
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  });
  const task =
    stored === undefined
      ? await client.createTask(document)
      : await client.replaceTask(stored.id, document, stored.etag);
  for (const warning of task.warnings ?? []) around.terminal.err(`note: ${warning}`);
  if (options.json === true) around.terminal.out(JSON.stringify(task, undefined, 2));
  else around.terminal.out(`${task.id} version ${String(task.version)} ${stored === undefined ? 'created' : 'stored'}`);
  return EXIT_OK;
}

export async function deleteTask(around: Surroundings, id: string, options: CommonOptions): Promise<number> {
  await (await connect(around, options)).deleteTask(id);
  if (options.json === true) around.terminal.out(JSON.stringify({ id, deleted: true }));
  else around.terminal.out(`${id} deleted`);
  return EXIT_OK;
}

function print({ terminal }: Surroundings, view: TaskView, { json }: CommonOptions): void {
  if (json === true) {
    terminal.out(JSON.stringify(view, undefined, 2));
    return;
  }
  terminal.out(`${view.id} version ${String(view.version)}, changed ${view.updatedAt}`);
  if (view.task.description !== undefined) terminal.out(`  ${view.task.description}`);
  for (const line of taskSketch(view.task)) terminal.out(`  ${line}`);
  if (view.schedule) for (const line of scheduleLines(view.schedule)) terminal.out(`  ${line}`);
}

function scheduleLines({ nextRuns, inPlace, last, missed, lastMissedAt }: ScheduleView): string[] {
  const lines = nextRuns.map((at, i) => `${i === 0 ? 'next runs' : '         '} ${at}`);
  if (!inPlace) lines.push('the schedule is being put in place');
  if (last) lines.push(`last due  ${last.at} ${last.what} ${last.runId ?? last.detail ?? ''}`.trimEnd());
  if (missed > 0) lines.push(`missed    ${String(missed)}, the last at ${lastMissedAt ?? ''}`);
  return lines;
}
