/**
 * The control table as a worker of the release before sees it: what this release has added to a shard's row is neither read
 * nor written. Both work on one run while a deployment goes on.
 */
import type { Attr, Change, Item, Table, Write } from '#core/ports.ts';

/**
 * Attributes of shard rows that are new since the last release. The one place that knows them. (`owner` is new too, but a
 * claim asks for it in its own answer, as no earlier code did.)
 */
export const NEW_IN_SHARDS: readonly string[] = ['tries', 'era', 'held'];
/** Entries of `retries` had this many members. */
const RETRY_MEMBERS = 2;

export function asOldRelease(table: Table): Table {
  const seen = (write: Write): Write =>
    write.ok ? { ok: true, item: old(write.item) } : { ok: false, item: write.item && old(write.item) };
  return {
    get: async (key) => {
      const item = await table.get(key);
      return item && old(item);
    },
    put: async (item, condition) => seen(await table.put(item, condition)),
    update: async (key, change, condition) =>
      seen(await table.update(key, key.sk.startsWith('S#') ? oldChange(change) : change, condition)),
    delete: (key, condition) => table.delete(key, condition),
    query: async (query) => {
      const page = await table.query(query);
      return { ...page, items: page.items.map(old) };
    },
    due: (pk, until, limit) => table.due(pk, until, limit),
    list: (pk, options) => table.list(pk, options),
  };
}

const known = <T>(values: { [name: string]: T }): { [name: string]: T } =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !NEW_IN_SHARDS.includes(name)));

const old = (item: Item): Item => (item.kind === 'shard' ? (oldRetries(known(item)) as Item) : item);

function oldChange(change: Change): Change {
  const { set, add, remove } = change;
  return {
    ...change,
    ...(set && { set: oldRetries(known(set)) }),
    ...(add && { add: known(add) }),
    ...(remove && { remove: remove.filter((name) => !NEW_IN_SHARDS.includes(name)) }),
  };
}

function oldRetries<T extends { [name: string]: Attr }>(values: T): T {
  const { retries } = values;
  if (typeof retries !== 'object' || retries === null || Array.isArray(retries)) return values;
  const cut = Object.entries(retries).map(([index, entry]) => [
    index,
    Array.isArray(entry) ? entry.slice(0, RETRY_MEMBERS) : entry,
  ]);
  return { ...values, retries: Object.fromEntries(cut) as Attr };
}
