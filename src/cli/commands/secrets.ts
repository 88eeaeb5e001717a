/** `gleaner secrets …`: a value comes from a file or the environment, never from the command line, which others can read. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';

export interface SecretOptions extends CommonOptions {
  file?: string;
  env?: string;
}

export async function listSecrets(around: Surroundings, options: CommonOptions & PagingOptions): Promise<number> {
  const client = await connect(around, options);
  const { items, more } = await pagesOf(options.limit, (page) => client.listSecrets(page));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map(({ name, updatedAt }) => [name, updatedAt]);
    for (const line of table([['SECRET', 'CHANGED'], ...rows])) around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

export async function putSecret(around: Surroundings, name: string, options: SecretOptions): Promise<number> {
  const value = await valueOf(around, options);
  const view = await (await connect(around, options)).putSecret(name, value);
  if (options.json === true) around.terminal.out(JSON.stringify(view, undefined, 2));
  else around.terminal.out(`${view.name} stored`);
  return EXIT_OK;
}

/** The line feed at the end of a file is an editor's, not the value's. */
async function valueOf(around: Surroundings, { file, env }: SecretOptions): Promise<string> {
  if ((file === undefined) === (env === undefined))
    throw new Failure('name where the value is: --file FILE (or /dev/stdin) or --env VARIABLE');
  if (env !== undefined) {
    const value = around.env[env];
    if (value === undefined || value === '') throw new Failure(`the environment has no ${env}`);
    return value;
  }
  const text = await readFile(path.resolve(around.cwd, file ?? ''), 'utf8').catch((error: unknown) => {
    throw new Failure(`${file ?? ''}: ${reasonOf(error)}`);
  });
  return text.replace(/\r?\n$/, '');
}

export async function deleteSecret(around: Surroundings, name: string, options: CommonOptions): Promise<number> {
  await (await connect(around, options)).deleteSecret(name);
  if (options.json === true) around.terminal.out(JSON.stringify({ name, deleted: true }));
  else around.terminal.out(`${name} deleted`);
  return EXIT_OK;
}
