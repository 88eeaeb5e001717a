/** `gleaner tenants …`, `gleaner secrets …` and `gleaner hosts …` against the real API on ports in memory, served on 127.0.0.1. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { realApi, type KeyKind, type RealApi } from '../api/real-api.ts';
import { fakeSurroundings } from './fake-surroundings.ts';

let dir: string;
let real: RealApi;
let server: Server;
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'gleaner-tenants-'));
  real = await realApi();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [where = '', query = ''] = (request.url ?? '').split('?');
      const headers = request.headers as Record<string, string | undefined>;
      const body = Buffer.concat(chunks);
      const sent = { headers, query: Object.fromEntries(new URLSearchParams(query)), ...(body.length > 0 && { body }) };
      void real.send(`${request.method ?? ''} ${where}`, sent).then((answer) => {
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(dir, { recursive: true, force: true });
});

async function cli(kind: KeyKind, ...args: string[]) {
  const api = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const it = fakeSurroundings({ cwd: dir, env: { GLEANER_API: api, GLEANER_KEY: real.keys[kind] } });
  return { code: await runCli(args, it), out: it.stdout().trim(), err: it.stderr().trim() };
}

test('an operator makes a tenant with its quotas, shows and changes it', async () => {
  writeFileSync(
    path.join(dir, 'settings.yaml'),
    'name: New\nquotas: {targetsPerDay: 5000, concurrentRuns: null}\nhostRequestsPerSecond: 0.5\n',
  );
  const made = await cli('operator', 'tenants', 'create', 'new', '--settings', 'settings.yaml');
  expect([made.code, made.err]).toEqual([0, '']);
  expect(made.out).toMatch(
    /^new \(New\), changed .*\n {2}weight 1\n {2}targetsPerDay +5000\n {2}concurrentRuns +no bound/,
  );
  expect(made.out).toMatch(/^ {2}hostRequestsPerSecond +0\.5$/m);
  expect((await cli('operator', 'tenants', 'list')).out).toMatch(/^new .*New$/m);
  writeFileSync(path.join(dir, 'other.json'), '{"permissions": ["ignoreRobots"]}');
  expect((await cli('operator', 'tenants', 'put', 'new', 'other.json')).out).toContain('may ignoreRobots');
  const refused = await cli('admin', 'tenants', 'get', 'new');
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(refused.err).toContain('there is no tenant');
});

test('a key is printed alone on stdout, works, is rotated and revoked', async () => {
  const made = await cli('admin', 'tenants', 'keys', 'create', 'acme', '--scope', 'read', 'write', '--name', 'job');
  expect(made.out).toMatch(/^gln_acme_[\w-]{43}$/);
  expect(made.err).toMatch(/^key ([0-9a-f]{12}) \(read, write\): it is shown this once$/);
  const id = made.err.slice(4, 16);
  const works = async (key: string) => (await real.send('GET /v1/tasks', { key })).status;
  expect(await works(made.out)).toBe(200);
  const rotated = await cli('admin', 'tenants', 'keys', 'rotate', 'acme', id, '--overlap', '60');
  expect([await works(rotated.out), await works(made.out)]).toEqual([200, 200]);
  expect((await cli('admin', 'tenants', 'keys', 'revoke', 'acme', id)).code).toBe(0);
  expect([await works(rotated.out), await works(made.out)]).toEqual([200, 401]);
  const listed = await cli('admin', 'tenants', 'keys', 'list', 'acme');
  expect(listed.out).toMatch(new RegExp(`^${id} +revoked +read write .* job$`, 'm'));
  expect(listed.out).not.toContain('gln_');
});

test('a secret is stored from a file or a variable, listed by name and deleted; its value is never printed', async () => {
  writeFileSync(path.join(dir, 'value'), 'Bearer s3cret\n');
  const stored = await cli('write', 'secrets', 'put', 'site', '--file', 'value');
  expect([stored.code, stored.out]).toEqual([0, 'site stored']);
  expect(await real.world.secrets.read('acme', 'site')).toBe('Bearer s3cret');
  const listed = await cli('read', 'secrets', 'list');
  expect(listed.out).toMatch(/^api-token .*\nsite /m);
  expect(stored.err + listed.out + listed.err).not.toContain('s3cret');
  expect((await cli('write', 'secrets', 'put', 'site')).err).toMatch(/--file FILE .* or --env VARIABLE/);
  expect((await cli('write', 'secrets', 'put', 'site', '--env', 'NOPE')).err).toMatch(/no NOPE/);
  expect((await cli('write', 'secrets', 'delete', 'site')).code).toBe(0);
  expect(await real.world.secrets.read('acme', 'site')).toBeUndefined();
});

test('a host is capped, stopped, shown and cleared, and for everyone by an operator alone', async () => {
  const capped = await cli('write', 'hosts', 'cap', 'a.example', '0.5');
  expect([capped.code, capped.err]).toEqual([0, '']);
  expect(capped.out).toMatch(/^host +a.example\nrequests per second +0.5 \(this tenant caps it/);
  const shown = JSON.parse((await cli('read', 'hosts', 'get', 'a.example', '--json')).out) as object;
  expect(shown).toMatchObject({ limit: 0.5, tenant: { requestsPerSecond: 0.5, stop: false } });
  expect((await cli('write', 'hosts', 'stop', 'a.example')).out).toContain('this tenant stopped it');
  const refused = await cli('admin', 'hosts', 'stop', 'a.example', '--scope', 'everyone');
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(refused.err).toContain('operator');
  expect((await cli('write', 'hosts', 'clear', 'a.example')).code).toBe(0);
  expect((await cli('read', 'hosts', 'get', 'a.example')).code).toBe(1);
  expect((await cli('read', 'hosts', 'list')).out).toBe('HOST  RATE/S  LIMIT/S  WAITING  REFUSED  BECAUSE');
  expect((await cli('write', 'hosts', 'cap', 'a.example', 'fast')).err).toContain('a number above 0');
});
