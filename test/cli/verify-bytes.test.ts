/** One changed byte, anywhere in a directory of results, is found, and the file it is in is named. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyResults } from '#cli/verify.ts';
import { scratch } from './fake-surroundings.ts';
import { goodTree, ledgerLine, recordLine, SIGNING_KEY, treeOf, writeTree } from './results-tree.ts';

const MANIFEST = 'manifest.json';

function treeOnDisk(): { dir: string; bytesOf: (name: string) => Buffer } {
  const dir = writeTree(scratch(), goodTree());
  const files = new Map(
    [MANIFEST, ...goodTree().files.keys()].map((name) => [name, readFileSync(path.join(dir, name))]),
  );
  return { dir, bytesOf: (name) => files.get(name) ?? Buffer.alloc(0) };
}

/** The files that are named when this one is so. */
async function namedWith(dir: string, name: string, bytes: Uint8Array): Promise<string[]> {
  const file = path.join(dir, name);
  const before = readFileSync(file);
  writeFileSync(file, bytes);
  const { ok, problems } = await verifyResults(dir, { keyId: SIGNING_KEY.keyId });
  writeFileSync(file, before);
  expect(ok).toBe(problems.length === 0);
  return problems.map((problem) => problem.file);
}

const [LEDGER = '', , PART = ''] = goodTree().files.keys();

describe.each([LEDGER, PART])('%s', (name) => {
  test('each byte in turn', async () => {
    const { dir, bytesOf } = treeOnDisk();
    const bytes = bytesOf(name);
    for (let at = 0; at < bytes.length; at++)
      expect(await namedWith(dir, name, bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)))), String(at)).toContain(
        name,
      );
  });
  test('any byte to any other', async () => {
    const { dir, bytesOf } = treeOnDisk();
    const bytes = bytesOf(name);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        expect(await namedWith(dir, name, bytes.with(at, (bytes[at] ?? 0) ^ mask))).toContain(name);
      }),
      { numRuns: 200 },
    );
  });
});

describe(MANIFEST, () => {
  test('each byte in turn, white space to other white space', async () => {
    const { dir, bytesOf } = treeOnDisk();
    const bytes = bytesOf(MANIFEST);
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      const other = byte === 0x20 ? 0x0a : byte === 0x0a ? 0x20 : byte ^ (1 << (at % 8));
      expect(await namedWith(dir, MANIFEST, bytes.with(at, other)), String(at)).toContain(MANIFEST);
    }
  });
  test('any byte to any other', async () => {
    const { dir, bytesOf } = treeOnDisk();
    const bytes = bytesOf(MANIFEST);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        expect(await namedWith(dir, MANIFEST, bytes.with(at, (bytes[at] ?? 0) ^ mask))).toContain(MANIFEST);
      }),
      { numRuns: 500 },
    );
  });
  test('a byte more or less, and the line where it is', async () => {
    const { dir, bytesOf } = treeOnDisk();
    const bytes = bytesOf(MANIFEST);
    expect(await namedWith(dir, MANIFEST, Buffer.concat([bytes, Buffer.from('\n')]))).toEqual([MANIFEST]);
    expect(await namedWith(dir, MANIFEST, bytes.subarray(0, -1))).toEqual([MANIFEST]);
    writeFileSync(path.join(dir, MANIFEST), bytes.toString().replace('"taskId": ', '"taskId":  '));
    expect((await verifyResults(dir)).problems).toEqual([
      { file: MANIFEST, says: 'line 4 is not as Gleaner writes it: the file was changed' },
    ]);
  });
});

describe('two threads', () => {
  const url = (file: number, line: number): string => `http://shop.example/${String(file)}/${String(line)}`;
  const all = (lines: number, files: number) =>
    Array.from({ length: files }, (_, file) => Array.from({ length: lines }, (__, line) => url(file, line)));
  const urls = all(20, 30);
  const tree = () =>
    treeOf(
      urls.map((lines) => lines.map((each) => ledgerLine(each))),
      urls.map((lines) => lines.map((each) => recordLine(each))),
    );

  test('find what one finds, in the same order', async () => {
    const good = writeTree(scratch(), tree());
    expect(await verifyResults(good, { alone: false })).toMatchObject({ ok: true, targets: 600, records: 600 });

    const spoiled = treeOf(
      urls.map((lines, file) => lines.map((each, line) => ledgerLine(line === 7 ? url(0, file % 9) : each))),
      urls.map((lines, file) => lines.map((each, line) => recordLine(line === 3 ? url(99, file) : each))),
    );
    const dir = writeTree(scratch(), spoiled);
    writeFileSync(path.join(dir, LEDGER), 'no gzip');
    writeFileSync(path.join(dir, 'records-r000p001s0000029-1-0000.ndjson.gz'), spoiled.files.get(PART) ?? '');
    const alone = await verifyResults(dir, { alone: true });
    expect(alone.problemCount).toBeGreaterThan(90);
    expect(await verifyResults(dir, { alone: false })).toEqual(alone);
  });

  test('a file that cannot be read at all is the end of both', async () => {
    const broken = tree();
    const names = [...broken.files.keys()];
    for (const name of names.filter((_, i) => i % 2 === 0)) broken.files.delete(name);
    const dir = writeTree(scratch(), broken);
    for (const name of names.filter((_, i) => i % 2 === 0)) mkdirSync(path.join(dir, name));
    for (const alone of [true, false])
      await expect(verifyResults(dir, { alone })).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
