import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { api, around, asked } from './cli-case.ts';

test('get prints the document alone, with --json the whole view', async () => {
  const it = around();
  expect(await runCli(['config', 'get'], it)).toBe(0);
  expect(JSON.parse(it.stdout())).toEqual({ pace: { concurrency: 2 } });
  expect(it.stderr()).toContain('version 1');
  const machine = around();
  await runCli(['config', 'get', '--json'], machine);
  expect(JSON.parse(machine.stdout())).toMatchObject({ version: 1, etag: '"c1"' });
});

test('put sends the file under the tag of the version it was read at', async () => {
  const it = around();
  writeFileSync(path.join(it.cwd, 'config.yaml'), 'pace:\n  concurrency: 4\n');
  expect(await runCli(['config', 'put', 'config.yaml'], it)).toBe(0);
  expect(asked()).toEqual(['GET /v1/config', 'PUT /v1/config']);
  expect(api.seen[1]?.headers['if-match']).toBe('"c1"');
  expect(JSON.parse(api.seen[1]?.body.toString() ?? '')).toEqual({ pace: { concurrency: 4 } });
});

test('put tells what is wrong and where, and sends nothing', async () => {
  const it = around();
  writeFileSync(path.join(it.cwd, 'config.yaml'), 'priority: low\npace:\n  concurrency: 0\n');
  expect(await runCli(['config', 'put', 'config.yaml'], it)).toBe(1);
  expect(it.stderr()).toBe('config.yaml:3: pace.concurrency: expected a whole number from 1 to 256, got 0\n');
  expect(asked()).toEqual([]);
});

test('versions are told with who and what', async () => {
  const it = around();
  expect(await runCli(['config', 'versions'], it)).toBe(0);
  expect(it.stdout()).toMatch(/1 {2}2026-11-24T00:00:00.000Z {2}k-write {2}pace\.requestsPerSecond: 2/);
});

test('rollback names a version', async () => {
  const it = around();
  expect(await runCli(['config', 'rollback', '1'], it)).toBe(0);
  expect(JSON.parse(api.seen[0]?.body.toString() ?? '')).toEqual({ version: 1 });
  expect(await runCli(['config', 'rollback', 'x'], around())).toBe(1);
});
