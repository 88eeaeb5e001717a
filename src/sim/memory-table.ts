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

export class MemoryTable implements Table {
  readonly #partitions = new Map<string, Map<string, Item>>();

  get(key: Key): Promise<Item | undefined> {
    return Promise.resolve(this.#read(key));
  }

  // Reading, judging and storing happen in one turn: that is what makes a write atomic here.

  put(item: Item, condition?: Condition): Promise<Write> {
    return Promise.resolve(this.#write(item, condition, () => structuredClone(item)));
  }

  update(key: Key, change: Change, condition?: Condition): Promise<Write> {
    const next = (old: Item | undefined): Item => applied(old ?? { pk: key.pk, sk: key.sk }, structuredClone(change));
    return Promise.resolve(this.#write(key, condition, next));
  }

  delete(key: Key, condition?: Condition): Promise<{ ok: boolean }> {
    if (condition && !holds(condition, this.#read(key))) return Promise.resolve({ ok: false });
    this.#partitions.get(key.pk)?.delete(key.sk);
    return Promise.resolve({ ok: true });
  }

  #read(key: Key): Item | undefined {
    return structuredClone(this.#partitions.get(key.pk)?.get(key.sk));
  }

  #write(key: Key, condition: Condition | undefined, next: (old: Item | undefined) => Item): Write {
    const old = this.#read(key);
    if (condition && !holds(condition, old)) return { ok: false, item: old };
    const item = next(old);
    this.#store(item);
    return { ok: true, item: structuredClone(item) };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- async so that a bad cursor rejects as it does elsewhere
  async query({ pk, prefix = '', range, limit, cursor, reverse = false }: Query): Promise<Page> {
    const inRange = ({ sk }: Item): boolean => (range ? sk >= range[0] && sk <= range[1] : sk.startsWith(prefix));
    const items = [...(this.#partitions.get(pk)?.values() ?? [])].filter(inRange).sort(by((item) => item.sk));
    return page(reverse ? items.reverse() : items, (item) => item.sk, limit, cursor);
  }

  due(pk: string, until: number, limit: number): Promise<Item[]> {
    const due = this.#all().filter((item) => item.duePk === pk && Number(item.dueAt) <= until);
    return Promise.resolve(structuredClone(due.sort((a, b) => Number(a.dueAt) - Number(b.dueAt)).slice(0, limit)));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async list(pk: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<Page> {
    const order = (item: Item): string => `${String(item.listSk)} ${item.pk} ${item.sk}`;
    const items = this.#all()
      .filter((item) => item.listPk === pk)
      .sort(by(order))
      .reverse();
    return page(items, order, limit, cursor);
  }

  #all(): Item[] {
    return [...this.#partitions.values()].flatMap((partition) => [...partition.values()]);
  }

  #store(item: Item): void {
    const partition = this.#partitions.get(item.pk) ?? new Map<string, Item>();
    this.#partitions.set(item.pk, partition.set(item.sk, item));
  }
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
  const found = structuredClone(items.slice(from, limit === undefined ? undefined : from + limit));
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
