import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONSOLE_HEADERS } from '#lambdas/contract.ts';
import { consoleFiles } from '#local/console.ts';
import { listen, type LoopbackServer } from '#local/loopback.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'console-'));
let server: LoopbackServer;
beforeAll(async () => {
  mkdirSync(path.join(dir, 'assets'));
  writeFileSync(path.join(dir, 'index.html'), '<p>here</p>');
  writeFileSync(path.join(dir, 'assets', 'a-1.js'), 'let a = 1;');
  server = await listen(consoleFiles(dir), 0, () => undefined);
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

test('the page stands at the root, always asked for anew; files with a hash in their name are kept', async () => {
  const page = await fetch(`${server.url}/?x=1`);
  expect(await page.text()).toBe('<p>here</p>');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const script = await fetch(`${server.url}/assets/a-1.js`, { headers: { 'accept-encoding': 'gzip' } });
  expect(script.headers.get('content-encoding')).toBe('gzip');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(script.headers.get('cache-control')).toContain('immutable');
  expect(await script.text()).toBe('let a = 1;');
});

test('every answer has the security headers, and no policy opens inline code or other origins', async () => {
  for (const name of ['/', '/assets/a-1.js', '/nothing']) {
    const { headers } = await fetch(server.url + name);
    for (const [header, value] of Object.entries(CONSOLE_HEADERS)) expect(headers.get(header)).toBe(value);
  }
  expect(CONSOLE_HEADERS['content-security-policy']).not.toMatch(/unsafe|\*|https?:|data:/);
});

test('nothing but the files, and nothing but reading', async () => {
  for (const name of ['/%2e%2e/package.json', '/..%2fpackage.json', '/assets', '/nothing'])
    expect((await fetch(server.url + name)).status).toBe(404);
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
});
