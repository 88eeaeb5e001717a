/** `gleaner dead-letters …`: what could not be handled, looked at and tried again. */
import { PAGE_LIMIT_MAX } from '#core/limits.ts';
import type { DeadLettersRedriven } from '#core/operations.ts';
import type { Client } from '../client.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { plural } from '../figures.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';
import { printable } from '../terminal.ts';

export interface DeadLettersOptions extends CommonOptions {
  run?: string;
}

export async function listDeadLetters(
  around: Surroundings,
  options: DeadLettersOptions & PagingOptions,
): Promise<number> {
  const client = await connect(around, options);
  const filter = filterOf(options);
  const { items, more } = await pagesOf(options.limit, (page) => client.listDeadLetters({ ...filter, ...page }));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map(({ id, at, kind, runId, url, shardId, detail }) => [
      id,
      at,
      kind,
      runId,
      url ?? shardId,
      detail,
    ]);
    for (const line of table([['DEAD LETTER', 'SINCE', 'KIND', 'RUN', 'TARGET OR SHARD', 'BECAUSE'], ...rows]))
      around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

/** Those named, else all there are now (of the run). What is refused is told one by one, and the exit code says so. */
export async function redriveDeadLetters(
  around: Surroundings,
  ids: readonly string[],
  options: DeadLettersOptions,
): Promise<number> {
  if (ids.length > 0 && options.run !== undefined) throw new Failure('name dead letters or --run, not both');
  const { terminal } = around;
  const client = await connect(around, options);
  const wanted = ids.length > 0 ? ids : await idsOf(client, filterOf(options));
  const { redriven, refused } = await redriveAll(client, wanted);
  if (options.json === true) terminal.out(JSON.stringify({ redriven, refused }, undefined, 2));
  else terminal.out(`${plural(redriven.length, 'dead letter')} redriven`);
  for (const { id, detail } of refused) terminal.err(printable(`${id}: ${detail}`));
  return refused.length === 0 ? EXIT_OK : EXIT_FAILED;
}

const filterOf = ({ run }: DeadLettersOptions): { runId?: string } => (run === undefined ? {} : { runId: run });

/** Read before anything is redriven, so that one that dies again is not met twice. */
async function idsOf(client: Client, filter: { runId?: string }): Promise<string[]> {
  const { items } = await pagesOf(Infinity, (page) => client.listDeadLetters({ ...filter, ...page }));
  return items.map(({ id }) => id);
}

async function redriveAll(client: Client, ids: readonly string[]): Promise<DeadLettersRedriven> {
  const all: DeadLettersRedriven = { redriven: [], refused: [] };
  for (let from = 0; from < ids.length; from += PAGE_LIMIT_MAX) {
    const { redriven, refused } = await client.redriveDeadLetters(ids.slice(from, from + PAGE_LIMIT_MAX));
    all.redriven.push(...redriven);
    all.refused.push(...refused);
  }
  return all;
}
