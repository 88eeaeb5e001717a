/** How a second opinion is found, started and stopped, with a stand-in for the emulator. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { find, javaArguments, javaVersion, startServer, type Surroundings } from './dynamodb-local.ts';

const bare: Surroundings = { env: {}, packaged: () => undefined, java: () => undefined };

it.each<[string, Partial<Surroundings>, object]>([
  ['nothing', {}, { none: expect.stringContaining('is not here') as string }],
  ['no Java', { packaged: () => '/jar' }, { none: expect.stringContaining('there is no Java') as string }],
  [
    'an old Java',
    { packaged: () => '/jar', java: () => 11 },
    { none: expect.stringContaining('this is 11') as string },
  ],
  ['package and Java', { packaged: () => '/jar', java: () => 17 }, { jarDir: '/jar' }],
  [
    'an endpoint, which needs neither',
    { env: { GLEANER_DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' } },
    { endpoint: 'http://127.0.0.1:1' },
  ],
  [
    'empty variables',
    { env: { GLEANER_DYNAMODB_ENDPOINT: '', GLEANER_DYNAMODB_LOCAL: '' } },
    { none: expect.any(String) },
  ],
])('finds: %s', (_name, given, expected) => {
  expect(find({ ...bare, ...given })).toEqual(expected);
});

it('takes a directory with the jar, and refuses one without', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-jar-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const given = { ...bare, java: () => 21, env: { GLEANER_DYNAMODB_LOCAL: dir } };
  expect(() => find(given)).toThrow(/no DynamoDBLocal\.jar in /);
  writeFileSync(join(dir, 'DynamoDBLocal.jar'), '');
  expect(find(given)).toEqual({ jarDir: dir });
  expect(javaArguments(dir, 81)).toEqual(expect.arrayContaining([join(dir, 'DynamoDBLocal.jar'), '-port', '81']));
});

it.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_462"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['sh: java: not found', undefined],
  ['', undefined],
])('reads %j', (printed, version) => {
  expect(javaVersion(printed)).toBe(version);
});

const node = (script: string) => (port: number) => ['-e', script, String(port)];
const SERVES = `require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1');`;
const bounds = { startMs: 60_000, stopMs: 60_000 };

it('waits until it serves, and stops it', async () => {
  const emulator = await startServer(process.execPath, node(SERVES), bounds);
  expect(emulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await emulator.stop();
});

it('kills one that will not stop', async () => {
  const stubborn = `process.on('SIGTERM', () => undefined); ${SERVES}`;
  const emulator = await startServer(process.execPath, node(stubborn), { ...bounds, stopMs: 1 });
  await emulator.stop();
});

it.each([
  ['ends', node(`console.error('no library'); process.exitCode = 3;`), bounds, /ended with 3: no library$/],
  ['never serves', node('setInterval(() => undefined, 1000);'), { startMs: 1, stopMs: 1 }, /did not serve within 1 ms/],
])('says why when it %s', async (_name, args, patience, why) => {
  await expect(startServer(process.execPath, args, patience)).rejects.toThrow(why);
});

it('says so when there is no such program', async () => {
  await expect(startServer('/nowhere/java', () => [], bounds)).rejects.toThrow(/ENOENT/);
});
