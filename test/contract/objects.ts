/** What every `Objects` promises: lines in, lines out, whatever their number, and hashes of what is stored. */
import { describe, expect, it, beforeAll } from 'vitest';
import { ObjectMissing, type Objects } from '#core/ports.ts';

let counter = 0;
const key = (end = '.ndjson.gz'): string => `t/acme/contract/${String(process.pid)}-${String(++counter)}${end}`;
async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

export function objectsContract(name: string, open: () => Promise<Objects>): void {
  describe(`${name}: objects`, () => {
    let objects: Objects;
    beforeAll(async () => {
      objects = await open();
    });

    it.each([
      ['none', []],
      ['one', ['x']],
      ['empty ones', ['', 'x', '']],
      ['unicode', ['ä漢😀\u2028', '"\\n"']],
      ['long ones', ['y'.repeat(100_000), 'z'.repeat(70_000)]],
    ])('lines: %s', async (_name, lines) => {
      for (const at of [key(), key('.txt')]) {
        const stored = await objects.writeLines(at, lines);
        expect(stored).toMatchObject({
          lines: lines.length,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        });
        expect(await all(objects.readLines(at))).toEqual(lines);
        expect((await objects.readBytes(at)).byteLength).toBe(stored.bytes);
      }
    });

    it.each([key(), key('.txt')])('text of lines: %s', async (at) => {
      const stored = await objects.writeText(at, [Buffer.from('ä\n\nb'), Buffer.from('\n')], 'once');
      expect(await all(objects.readLines(at))).toEqual(['ä', '', 'b']);
      expect((await Array.fromAsync(objects.readBatches(at))).flat()).toEqual(['ä', '', 'b']);
      expect((await objects.readBytes(at)).byteLength).toBe(stored.bytes);
    });

    it('takes a stream, and more than one PUT holds', async () => {
      const at = key('.ndjson');
      async function* many(): AsyncGenerator<string> {
        for (let i = 0; i < 120_000; i++) yield await Promise.resolve(`${String(i)} ${'x'.repeat(90)}`);
      }
      const stored = await objects.writeLines(at, many());
      expect(stored.bytes).toBeGreaterThan(11 * 1024 * 1024);
      let count = 0;
      for await (const line of objects.readLines(at)) if (line.startsWith(`${String(count)} `)) count++;
      expect(count).toBe(120_000);
    });

    it('leaves nothing behind when its source fails', async () => {
      const at = key();
      async function* broken(): AsyncGenerator<string> {
        yield await Promise.resolve('first');
        throw new Error('the source failed');
      }
      await expect(objects.writeLines(at, broken())).rejects.toThrow('the source failed');
      expect(await objects.exists(at)).toBe(false);
    });

    it('overwrites, deletes, and says when there is nothing', async () => {
      const at = key();
      await objects.writeLines(at, ['old']);
      await objects.writeLines(at, ['new']);
      expect(await all(objects.readLines(at))).toEqual(['new']);
      await objects.delete(at);
      await objects.delete(at);
      expect(await objects.exists(at)).toBe(false);
      await expect(all(objects.readLines(at))).rejects.toBeInstanceOf(ObjectMissing);
      await expect(objects.readBytes(at)).rejects.toBeInstanceOf(ObjectMissing);
    });

    it('lists what begins so, in order, no more than is wanted', async () => {
      const prefix = key('/');
      for (const name of ['b', 'a', 'c']) await objects.writeLines(`${prefix}${name}`, []);
      expect(await objects.list(prefix, 10)).toEqual(['a', 'b', 'c'].map((name) => prefix + name));
      expect(await objects.list(prefix, 2)).toEqual(['a', 'b'].map((name) => prefix + name));
      expect(await objects.list(`${prefix}d`, 10)).toEqual([]);
    });
  });
}
