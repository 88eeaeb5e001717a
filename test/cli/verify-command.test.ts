import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { api, around } from './cli-case.ts';
import { goodTree, RUN_ID, SIGNING_KEY, writeTree } from './results-tree.ts';

const ANOTHER = '0123456789abcdef';

test('a directory tells who signed it, and may be asked for a key', async () => {
  const it = around();
  writeTree(path.join(it.cwd, 'good'), goodTree());
  expect(await runCli(['verify', 'good', '--key', SIGNING_KEY.keyId], it)).toBe(0);
  expect(it.stdout()).toBe(
    `ok: run ${RUN_ID} PARTIAL, 4 files, 5 targets, 4 records, signed by key ${SIGNING_KEY.keyId}\n`,
  );
  const other = around({ cwd: it.cwd });
  expect(await runCli(['verify', 'good', '--key', ANOTHER], other)).toBe(1);
  expect(other.stdout()).toBe(`manifest.json: is signed by the key ${SIGNING_KEY.keyId}, not by ${ANOTHER}\n`);
  // No API was asked: a directory is verified offline.
  expect(api.seen).toEqual([]);
});

test('--json has the key', async () => {
  const it = around();
  writeTree(path.join(it.cwd, 'good'), goodTree());
  expect(await runCli(['verify', 'good', '--json'], it)).toBe(0);
  expect(JSON.parse(it.stdout())).toMatchObject({ ok: true, keyId: SIGNING_KEY.keyId, problems: [] });
});

test.each(['', 'abc', SIGNING_KEY.keyId.toUpperCase() + '0'])('%j is no id of a key', async (key) => {
  const it = around();
  expect(await runCli(['verify', RUN_ID, '--key', key], it)).toBe(1);
  expect(it.stderr()).toContain('--key: expected the id of a key');
});

test("a run must be signed by one of the API's keys", async () => {
  expect(await runCli(['verify', RUN_ID], around())).toBe(0);
  for (const listed of [
    { ...SIGNING_KEY, keyId: ANOTHER },
    { ...SIGNING_KEY, publicKey: 'A'.repeat(43) },
  ]) {
    api.troubles = [{ at: 'GET /v1/signing-keys', times: 1, status: 200, body: JSON.stringify({ items: [listed] }) }];
    const it = around();
    expect(await runCli(['verify', RUN_ID], it)).toBe(1);
    expect(it.stdout()).toBe(
      `manifest.json: is signed by the key ${SIGNING_KEY.keyId}, which is none of the API's signing keys\n`,
    );
  }
});

test('a run that lives is not signed yet: noted, and no key is asked for', async () => {
  const tree = goodTree();
  delete tree.manifest.signature;
  tree.manifest.state = 'RUNNING';
  api.tree = tree;
  const it = around();
  expect(await runCli(['verify', RUN_ID], it)).toBe(0);
  expect(it.stdout()).toMatch(/, not signed\n$/);
  expect(it.stderr()).toContain('note: the manifest is not signed');
});

test('a manifest that was signed but changed names its line or its signature', async () => {
  const it = around();
  const dir = writeTree(path.join(it.cwd, 'bad'), goodTree());
  writeFileSync(path.join(dir, 'manifest.json'), JSON.stringify(goodTree().manifest).replace('local-1', 'local-2'));
  expect(await runCli(['verify', 'bad'], it)).toBe(1);
  expect(it.stdout()).toBe('manifest.json: was changed after it was signed: the signature does not fit\n');
});
