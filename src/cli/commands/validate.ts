/** `gleaner validate FILE`: what a task will do, or everything that is wrong with it. Nothing is sent anywhere. */
import path from 'node:path';
import { engineChoices } from '#extract/explain.ts';
import type { TaskSpec } from '#core/task.ts';
import type { CommonOptions } from '../connection.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts';
import { plural } from '../figures.ts';
import type { Surroundings } from '../surroundings.ts';
import { errorLines, readTaskFile, type TaskError } from '../task-file.ts';
import { taskSketch } from '../task-sketch.ts';
import { printable } from '../terminal.ts';

export interface ValidateOptions extends CommonOptions {
  explain?: boolean;
}

export async function validate(around: Surroundings, file: string, options: ValidateOptions): Promise<number> {
  const { terminal } = around;
  const read = await readTaskFile(path.resolve(around.cwd, file));
  if (!read.ok) return refuseTask(around, file, read.errors, options);
  const engines = await enginesOf(read.task);
  if (options.json === true) {
    terminal.out(JSON.stringify({ ok: true, warnings: read.warnings, task: read.task, engines }, undefined, 2));
    return EXIT_OK;
  }
  terminal.out(`ok: ${read.task.name}`);
  for (const line of taskSketch(read.task)) terminal.out(`  ${line}`);
  if (options.explain === true) {
    for (const { kind, engine, why } of engines) terminal.out(printable(`  ${kind}: ${engine} (${why})`));
  }
  for (const warning of read.warnings) terminal.err(`note: ${warning}`);
  return EXIT_OK;
}

const enginesOf = ({ extract, source: { crawl, follow } }: TaskSpec) =>
  engineChoices({ extract, ...(crawl && { links: crawl.links }), ...(follow && { next: follow.next }) });

/** Tells all errors of a task file and answers with the exit code. */
export function refuseTask(
  { terminal }: Surroundings,
  file: string,
  errors: readonly TaskError[],
  options: CommonOptions,
): number {
  if (options.json === true) terminal.out(JSON.stringify({ ok: false, errors }, undefined, 2));
  for (const line of errorLines(file, errors)) terminal.err(printable(line));
  terminal.err(`${plural(errors.length, 'error')}`);
  return EXIT_FAILED;
}
