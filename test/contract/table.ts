/** What every `Table` promises, hard promises included: a lost condition, racing writers, an empty page, a foreign cursor. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BadCursor, type Condition, type Table } from '#core/ports.ts';

let counter = 0;

export function tableContract(name: string, open: () => Promise<Table>): void {
  describe(`${name}: table`, () => {
    let table: Table;
    let pk: string;
    beforeEach(async () => {
      table = await open();
      pk = `P${String(++counter)}#${String(process.pid)}`;
    });
    const key = (sk = 'a') => ({ pk, sk });

    it('returns what was put, every kind of value', async () => {
      const item = {
        ...key(),
        s: 'text',
        n: 1.5,
        big: 1_764_000_000_000_001,
        b: true,
        z: null,
        l: [1, 'x', [true]],
        m: { x: { y: 1 } },
        u: Uint8Array.of(0, 255),
      };
      await table.put(item);
      expect(await table.get(key())).toEqual(item);
      expect(await table.get(key('b'))).toBeUndefined();
    });

    it('applies all parts of a change at once', async () => {
      const first = await table.update(key(), { set: { x: 1, y: 2 }, add: { n: 5 }, append: { l: ['a'] } });
      expect(first).toEqual({ ok: true, item: { ...key(), x: 1, y: 2, n: 5, l: ['a'] } });
      const second = await table.update(key(), {
        set: { x: 3 },
        remove: ['y'],
        add: { n: -2 },
        append: { l: ['b', 'c'] },
      });
      expect(second.item).toEqual({ ...key(), x: 3, n: 3, l: ['a', 'b', 'c'] });
      expect(await table.get(key())).toEqual(second.item);
    });

    const conditions: [string, Condition, boolean][] = [
      ['absent', { absent: 'nope' }, true],
      ['absent', { absent: 'n' }, false],
      ['present', { present: 'n' }, true],
      ['eq', { eq: ['s', 'text'] }, true],
      ['eq of another type', { eq: ['n', '5'] }, false],
      ['eq of nothing', { eq: ['nope', 1] }, false],
      ['ne', { ne: ['s', 'other'] }, true],
      ['ne of nothing', { ne: ['nope', 1] }, false],
      ['lt', { lt: ['n', 6] }, true],
      ['lt', { lt: ['n', 5] }, false],
      ['lt of nothing', { lt: ['nope', 5] }, false],
      ['le', { le: ['n', 5] }, true],
      ['between', { between: ['n', 5, 5] }, true],
      ['between', { between: ['n', 6, 9] }, false],
      ['in', { in: ['s', ['x', 'text']] }, true],
      ['in', { in: ['s', ['x']] }, false],
      ['all', { all: [{ eq: ['n', 5] }, { eq: ['s', 'x'] }] }, false],
      ['any', { any: [{ eq: ['n', 4] }, { all: [{ lt: ['n', 6] }, { present: 's' }] }] }, true],
    ];
    it.each(conditions)('condition %s %j: %s', async (_name, condition, expected) => {
      const item = { ...key(), s: 'text', n: 5 };
      await table.put(item);
      const write = await table.update(key(), { set: { written: true } }, condition);
      expect(write.ok).toBe(expected);
      expect(write.item).toEqual(expected ? { ...item, written: true } : item);
      expect(await table.get(key())).toEqual(write.item);
    });

    it('a lost condition changes nothing and tells what stood there', async () => {
      expect(await table.put({ ...key(), n: 1 }, { absent: 'pk' })).toMatchObject({ ok: true });
      expect(await table.put({ ...key(), n: 2 }, { absent: 'pk' })).toEqual({ ok: false, item: { ...key(), n: 1 } });
      expect(await table.update(key('b'), { set: { n: 1 } }, { present: 'pk' })).toEqual({
        ok: false,
        item: undefined,
      });
      expect(await table.get(key('b'))).toBeUndefined();
      expect(await table.delete(key(), { eq: ['n', 2] })).toEqual({ ok: false });
      expect(await table.delete(key(), { eq: ['n', 1] })).toEqual({ ok: true });
      expect(await table.get(key())).toBeUndefined();
    });

    it('lets one of many racing writers win', async () => {
      await table.put({ ...key(), epoch: 0 });
      const claims = Array.from({ length: 20 }, () => table.update(key(), { add: { epoch: 1 } }, { eq: ['epoch', 0] }));
      expect((await Promise.all(claims)).filter(({ ok }) => ok)).toHaveLength(1);
      await Promise.all(Array.from({ length: 20 }, () => table.update(key(), { add: { sum: 1 } })));
      expect((await table.get(key()))?.sum).toBe(20);
    });

    it('queries by prefix and range, both ways, page by page', async () => {
      for (const sk of ['a1', 'a2', 'a3', 'b1']) await table.put({ ...key(sk) });
      const sks = async (query: object) => (await table.query({ pk, ...query })).items.map(({ sk }) => sk);
      expect(await sks({ prefix: 'a' })).toEqual(['a1', 'a2', 'a3']);
      expect(await sks({ prefix: 'a', reverse: true })).toEqual(['a3', 'a2', 'a1']);
      expect(await sks({ range: ['a2', 'b1'] })).toEqual(['a2', 'a3', 'b1']);
      expect(await sks({ prefix: 'z' })).toEqual([]);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await table.query({ pk, prefix: 'a', limit: 2, ...(cursor !== undefined && { cursor }) });
        expect(page.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.items.map(({ sk }) => sk));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(['a1', 'a2', 'a3']);
    });

    it('refuses a cursor that it did not give out', async () => {
      await table.put(key());
      await expect(table.query({ pk, cursor: 'bm9uc2Vuc2U' })).rejects.toBeInstanceOf(BadCursor);
    });

    it('finds due items in order, and only those that are in the index', async () => {
      const due = (sk: string, dueAt: number) => table.put({ ...key(sk), duePk: pk, dueAt });
      await Promise.all([due('x', 30), due('y', 10), due('z', 99), table.put(key('n'))]);
      expect((await table.due(pk, 30, 10)).map(({ sk }) => sk)).toEqual(['y', 'x']);
      expect((await table.due(pk, 99, 1)).map(({ sk }) => sk)).toEqual(['y']);
      await table.update(key('y'), { remove: ['duePk', 'dueAt'] });
      expect((await table.due(pk, 30, 10)).map(({ sk }) => sk)).toEqual(['x']);
    });

    it('lists newest first, page by page', async () => {
      for (const n of ['1', '2', '3']) await table.put({ ...key(n), listPk: pk, listSk: n, n });
      const first = await table.list(pk, { limit: 2 });
      expect(first.items.map(({ n }) => n)).toEqual(['3', '2']);
      const second = await table.list(pk, { limit: 2, ...(first.cursor !== undefined && { cursor: first.cursor }) });
      expect(second.items.map(({ n }) => n)).toEqual(['1']);
      expect((await table.list(`${pk}none`, { limit: 2 })).items).toEqual([]);
    });
  });
}
