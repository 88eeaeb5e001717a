/** `gleaner config …`: the tenant's defaults and their versions. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { configSchema } from '#api/config-schema.ts';
import { fieldErrors } from '#api/refusals.ts';
import { parseDocument } from '#api/yaml.ts';
import type { JsonObject } from '#core/json.ts';
import type { ConfigView } from '#core/operations.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts';
import { codeOf, Failure } from '../failure.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';
import { printable } from '../terminal.ts';
import { errorLines, lineIn } from '../task-file.ts';

export async function getConfig(around: Surroundings, options: CommonOptions): Promise<number> {
  print(around, await (await connect(around, options)).getConfig(), options);
  return EXIT_OK;
}

/** YAML or JSON. A version that came in between is not overwritten. */
export async function putConfig(around: Surroundings, file: string, options: CommonOptions): Promise<number> {
  const text = await textOf(path.resolve(around.cwd, file));
  const parsed = parseDocument(text);
  if (!parsed.ok) return refuse(around, file, parsed.errors);
  const judged = configSchema.safeParse(parsed.value);
  if (!judged.success) {
    const errors = fieldErrors(judged.error.issues, parsed.value);
    return refuse(
      around,
      file,
      errors.map((error) => ({ ...error, ...lineIn(text, error.path) })),
    );
  }
  const client = await connect(around, options);
  const { etag } = await client.getConfig();
  print(around, await client.putConfig(parsed.value as JsonObject, etag), options);
  return EXIT_OK;
}

export async function configVersions(around: Surroundings, options: CommonOptions & PagingOptions): Promise<number> {
  const client = await connect(around, options);
  const { items, more } = await pagesOf(options.limit, (page) => client.listConfigVersions(page));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map(({ version, createdAt, createdBy, changes }) => [
      String(version),
      createdAt,
      createdBy,
      printable(changes.map(({ path: at, to }) => `${at}: ${to === undefined ? 'removed' : JSON.stringify(to)}`).join(', ')), // prettier-ignore
    ]);
    for (const line of table([['VERSION', 'SINCE', 'BY KEY', 'CHANGED'], ...rows], ['right', 'left']))
      around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

export async function rollbackConfig(around: Surroundings, version: string, options: CommonOptions): Promise<number> {
  if (!/^\d{1,8}$/.test(version)) throw new Failure(`expected a version number, got ${JSON.stringify(version)}`);
  print(around, await (await connect(around, options)).rollbackConfig(Number(version)), options);
  return EXIT_OK;
}

function print({ terminal }: Surroundings, view: ConfigView, { json }: CommonOptions): void {
  if (json !== true) terminal.err(`version ${String(view.version)}${view.updatedAt === undefined ? '' : `, since ${view.updatedAt}`}`); // prettier-ignore
  terminal.out(JSON.stringify(json === true ? view : view.config, undefined, 2));
}

function refuse({ terminal }: Surroundings, file: string, errors: Parameters<typeof errorLines>[1]): number {
  for (const line of errorLines(file, errors)) terminal.err(printable(line));
  return EXIT_FAILED;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new Failure(`${file}: no such file`);
    throw error;
  }
}
