/**
 * A tenant's own words on hosts: a cap or a stop that holds for its requests alone and composes with everybody else's. One
 * small row each, and only where something was said, so that a worker reads all of them with one query.
 */
import { HOST_WORD_PREFIX, hostWordKey, tenantKey } from '../names.ts';
import { asHostWord, asItem } from '../rows.ts';
import type { OperatorWord } from './operator.ts';
import type { Table } from '../ports.ts';

export type TenantWords = ReadonlyMap<string, OperatorWord>;
export const NO_WORDS: TenantWords = new Map();

/** Words that a tenant may have; the API refuses more, so that reading them stays one page. */
export const HOST_WORDS_MAX = 1_000;

export async function readTenantWords(table: Table, tenant: string): Promise<TenantWords> {
  const { pk } = tenantKey(tenant);
  const { items } = await table.query({ pk, prefix: HOST_WORD_PREFIX, limit: HOST_WORDS_MAX });
  return new Map(items.map(asHostWord).map(({ host, max, stop }) => [host, wordOf(max, stop)]));
}

export async function readTenantWord(table: Table, tenant: string, host: string): Promise<OperatorWord | undefined> {
  const item = await table.get(hostWordKey(tenant, host));
  if (item === undefined) return undefined;
  const { max, stop } = asHostWord(item);
  return wordOf(max, stop);
}

export async function setTenantWord(
  ports: { table: Table; atMs: number },
  tenant: string,
  host: string,
  { requestsPerSecond: max, stop }: OperatorWord,
): Promise<void> {
  const said = { ...(max !== undefined && { max }), ...(stop === true && { stop }) };
  await ports.table.put(asItem({ ...hostWordKey(tenant, host), kind: 'hostWord', host, at: ports.atMs, ...said }));
}

const wordOf = (max: number | undefined, stop: boolean | undefined): OperatorWord => ({
  ...(max !== undefined && { requestsPerSecond: max }),
  ...(stop === true && { stop: true }),
});
