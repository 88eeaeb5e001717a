/** The `Table` port in memory: the same promises as DynamoDB's, one write after the other. */
import {
  BadCursor,
  type Attr,
  type Change,
  type Condition,
  type Item,
  type Key,
  type Page,
  type Query,
  type Table,
  type Write,
} from '#core/ports.ts';

/** A write that took place. The items are the stored ones: to be read, never changed. */
export interface Written {
  before: Item | undefined;
  /** Undefined: deleted. */
  after: Item | undefined;
  change?: Change;
}

/** Items by sort key; the sorted keys are made when they are asked for. */
class Partition {
  readonly items = new Map<string, Item>();
  #sorted: string[] | undefined;

  set(item: Item): void {
    if (!this.items.has(item.sk)) this.#sorted = undefined;
    this.items.set(item.sk, item);
  }

  delete(sk: string): void {
    if (this.items.delete(sk)) this.#sorted = undefined;
  }

  /** Sort keys in [from, to]. */
  keys(from: string, to: string): string[] {
    this.#sorted ??= [...this.items.keys()].sort();
    return this.#sorted.slice(
      firstNot(this.#sorted, (sk) => sk < from),
      firstNot(this.#sorted, (sk) => sk <= to),
    );
  }
}

export class MemoryTable implements Table {
  readonly #partitions = new Map<string, Partition>();
  /** Sparse indexes: partition → items by key. */
  readonly #due = new Map<string, Map<string, Item>>();
  readonly #list = new Map<string, Map<string, Item>>();
  /** Called after each write that took place. */
  onWrite: ((written: Written) => void) | undefined;

  get(key: Key): Promise<Item | undefined> {
    return Promise.resolve(copied(this.peek(key)));
  }

  // Reading, judging and storing happen in one turn: that is what makes a write atomic here.

  put(item: Item, condition?: Condition): Promise<Write> {
    return Promise.resolve(this.#write(item, condition, () => cloned(item)));
  }

  update(key: Key, change: Change, condition?: Condition): Promise<Write> {
    const next = (old: Item | undefined): Item => applied(old ?? { pk: key.pk, sk: key.sk }, cloned(change));
    return Promise.resolve(this.#write(key, condition, next, change));
  }

  delete(key: Key, condition?: Condition): Promise<{ ok: boolean }> {
    const before = this.peek(key);
    if (condition && !holds(condition, before)) return Promise.resolve({ ok: false });
    if (before !== undefined) {
      this.#partitions.get(key.pk)?.delete(key.sk);
      this.#index(before, undefined);
      this.onWrite?.({ before, after: undefined });
    }
    return Promise.resolve({ ok: true });
  }

  /** The stored item itself: to be read, never changed. */
  peek(key: Key): Item | undefined {
    return this.#partitions.get(key.pk)?.items.get(key.sk);
  }

  /** The stored items of a partition by sort key: to be read, never changed. */
  peekAll(pk: string, prefix = ''): Item[] {
    const partition = this.#partitions.get(pk);
    return (partition?.keys(prefix, `${prefix}\uffff`) ?? []).map((sk) => partition?.items.get(sk)).filter(isThere);
  }

  #write(key: Key, condition: Condition | undefined, next: (old: Item | undefined) => Item, change?: Change): Write {
    const before = this.peek(key);
    if (condition && !holds(condition, before)) return { ok: false, item: copied(before) };
    const after = next(before);
    const partition = this.#partitions.get(key.pk) ?? new Partition();
    this.#partitions.set(key.pk, partition);
    partition.set(after);
    this.#index(before, after);
    this.onWrite?.({ before, after, ...(change && { change }) });
    return { ok: true, item: cloned(after) };
  }

  #index(before: Item | undefined, after: Item | undefined): void {
    reindex(this.#due, before, after, 'duePk');
    reindex(this.#list, before, after, 'listPk');
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- async so that a bad cursor rejects as it does elsewhere
  async query({ pk, prefix = '', range, limit, cursor, reverse = false }: Query): Promise<Page> {
    const partition = this.#partitions.get(pk);
    const [from, to] = range ?? [prefix, `${prefix}\uffff`];
    const keys = partition?.keys(from, to) ?? [];
    const items = keys.map((sk) => partition?.items.get(sk)).filter(isThere);
    return page(reverse ? items.reverse() : items, (item) => item.sk, limit, cursor);
  }

  due(pk: string, until: number, limit: number): Promise<Item[]> {
    const due = [...(this.#due.get(pk)?.values() ?? [])].filter((item) => Number(item.dueAt) <= until);
    const order = (item: Item): string => `${item.pk} ${item.sk}`;
    due.sort((a, b) => Number(a.dueAt) - Number(b.dueAt) || by(order)(a, b));
    return Promise.resolve(due.slice(0, limit).map(cloned));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async list(pk: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<Page> {
    const order = (item: Item): string => `${String(item.listSk)} ${item.pk} ${item.sk}`;
    const items = [...(this.#list.get(pk)?.values() ?? [])].sort(by(order)).reverse();
    return page(items, order, limit, cursor);
  }
}

const isThere = (item: Item | undefined): item is Item => item !== undefined;

function firstNot(sorted: string[], holdsFor: (sk: string) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holdsFor(sorted[middle] ?? '')) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows are plain values: copying them by hand is many times faster than a structured clone. */
function cloned<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice() as T;
  if (Array.isArray(value)) return value.map(cloned) as T;
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = cloned(value[name]);
  return copy as T;
}
const copied = (item: Item | undefined): Item | undefined => (item === undefined ? undefined : cloned(item));

function reindex(
  index: Map<string, Map<string, Item>>,
  before: Item | undefined,
  after: Item | undefined,
  attr: 'duePk' | 'listPk',
): void {
  const old = before?.[attr];
  const now = after?.[attr];
  if (before && typeof old === 'string' && old !== now) index.get(old)?.delete(`${before.pk} ${before.sk}`);
  if (after === undefined || typeof now !== 'string') return;
  const partition = index.get(now) ?? new Map<string, Item>();
  index.set(now, partition.set(`${after.pk} ${after.sk}`, after));
}

const by =
  (key: (item: Item) => string) =>
  (a: Item, b: Item): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;

/** Items after the one whose order key the cursor carries. */
function page(
  items: Item[],
  order: (item: Item) => string,
  limit: number | undefined,
  cursor: string | undefined,
): Page {
  let from = 0;
  if (cursor !== undefined) {
    const key = Buffer.from(cursor, 'base64url').toString();
    from = items.findIndex((item) => order(item) === key) + 1;
    if (from === 0) throw new BadCursor(cursor);
  }
  const found = items.slice(from, limit === undefined ? undefined : from + limit).map(cloned);
  const last = found.at(-1);
  if (last === undefined || from + found.length >= items.length) return { items: found };
  return { items: found, cursor: Buffer.from(order(last)).toString('base64url') };
}

function applied(item: Item, change: Change): Item {
  const next: Item = { ...item, ...change.set };
  for (const [name, values] of Object.entries(change.append ?? {}))
    next[name] = [...((next[name] ?? []) as Attr[]), ...values];
  for (const [name, value] of Object.entries(change.add ?? {})) next[name] = Number(next[name] ?? 0) + value;
  const removed = new Set(change.remove);
  return Object.fromEntries(Object.entries(next).filter(([name]) => !removed.has(name))) as Item;
}

/** As DynamoDB: a comparison with an attribute that is absent, or of another type, is false. */
function holds(condition: Condition, item: Item | undefined): boolean {
  const value = (name: string): Attr | undefined => item?.[name];
  const comparable = (name: string, other: unknown): boolean => typeof value(name) === typeof other;
  if ('absent' in condition) return value(condition.absent) === undefined;
  if ('present' in condition) return value(condition.present) !== undefined;
  if ('eq' in condition) return value(condition.eq[0]) === condition.eq[1];
  if ('ne' in condition) return value(condition.ne[0]) !== undefined && value(condition.ne[0]) !== condition.ne[1];
  if ('lt' in condition)
    return comparable(...condition.lt) && (value(condition.lt[0]) as number) < (condition.lt[1] as number);
  if ('le' in condition)
    return comparable(...condition.le) && (value(condition.le[0]) as number) <= (condition.le[1] as number);
  if ('between' in condition) {
    const [name, low, high] = condition.between;
    const number = value(name);
    return typeof number === 'number' && number >= low && number <= high;
  }
  if ('in' in condition) return condition.in[1].includes(value(condition.in[0]) as string | number);
  if ('all' in condition) return condition.all.every((each) => holds(each, item));
  return condition.any.some((each) => holds(each, item));
}
