import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { endpointFile, readEndpoint, writeEndpoint } from '#cli/settings.ts';
import { api, around, asked, embeddedOn, until } from './cli-case.ts';
import { KEY, runView } from './fake-api.ts';
import { fakeSurroundings } from './fake-surroundings.ts';
import { goodTree, RUN_ID, writeTree } from './results-tree.ts';

describe('collect', () => {
  test.each([
    ['SUCCEEDED', 0],
    ['PARTIAL', 2],
    ['FAILED', 1],
    ['STOPPED', 1],
    ['TIMED_OUT', 1],
  ] as const)('%s exits %i', async (state, code) => {
    api.states = [runView('PLANNING'), runView(state, { collected: 1 })];
    expect(await runCli(['collect', 'task.yaml'], around())).toBe(code);
  });

  test('copies manifest, parts and ledger, each file whole, and tells the sum', async () => {
    api.states = [
      runView('RUNNING', { collected: 1, pending: 3 }),
      runView('PARTIAL', { collected: 3, duplicate: 1, failed: 1 }),
    ];
    const it = around();
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(2);
    const dir = path.join(it.cwd, 'out', RUN_ID);
    expect(readdirSync(dir).sort()).toEqual([...(api.tree?.files.keys() ?? []), 'manifest.json'].sort());
    expect(JSON.parse(readFileSync(path.join(dir, 'manifest.json'), 'utf8'))).toEqual(api.tree?.manifest);
    expect(it.stdout()).toContain('status          1  http://shop.example/c (HTTP 404)');
    expect(it.stdout()).toContain(`Results in out/${RUN_ID}`);
    expect(it.stderr()).toContain('RUNNING 25%: 1/4 done');
    const verified = around();
    expect(await runCli(['verify', dir], verified)).toBe(0);
    expect(verified.stdout()).toMatch(
      /^ok: run .* PARTIAL, 4 files, 5 targets, 4 records, signed by key [0-9a-f]{16}\n$/,
    );
  });

  test('--json puts the run on stdout and nothing else', async () => {
    api.states = [runView('SUCCEEDED', { collected: 3 })];
    const it = around();
    expect(await runCli(['collect', 'task.yaml', '--json', '--out', 'here'], it)).toBe(0);
    expect(JSON.parse(it.stdout())).toEqual(api.states[0]);
    expect(it.stderr()).toContain('collected   3');
    expect(readdirSync(path.join(it.cwd, 'here'))).toContain('manifest.json');
  });

  test('replaces what an earlier run left in --out, and nothing else there', async () => {
    const it = around();
    const dir = path.join(it.cwd, 'here');
    const old = goodTree();
    old.files.set('records-old.ndjson.gz', Buffer.from('x'));
    old.manifest.parts.push({ name: 'records-old.ndjson.gz', bytes: 1, sha256: '0'.repeat(64), lines: 1 });
    writeTree(dir, old);
    writeFileSync(path.join(dir, 'notes.txt'), 'mine');
    expect(await runCli(['collect', 'task.yaml', '--out', 'here'], it)).toBe(0);
    expect(readdirSync(dir)).not.toContain('records-old.ndjson.gz');
    expect(readFileSync(path.join(dir, 'notes.txt'), 'utf8')).toBe('mine');
    // What was there and right has not been fetched again.
    expect(asked().filter((line) => line.startsWith('GET /files/'))).toEqual([]);
  });

  test('a damaged download is tried three times, then named', async () => {
    const name = 'records-r000p001s000000-1-0000.ndjson.gz';
    api.troubles = [{ at: `GET /files/${name}`, times: 2, status: 200, body: 'damaged' }];
    expect(await runCli(['collect', 'task.yaml'], around())).toBe(0);
    api.troubles = [{ at: `GET /files/${name}`, times: 3, status: 200, body: 'damaged' }];
    const it = around();
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(1);
    expect(it.stderr()).toMatch(new RegExp(`error: ${name}: 7 bytes came, the manifest says \\d+ \\(3 attempts\\)`));
    expect(
      readdirSync(path.join(it.cwd, 'out', RUN_ID)).filter((file) => file === 'manifest.json' || file.endsWith('.tmp')),
    ).toEqual([]);
  });

  test('an expired download address is renewed', async () => {
    api.troubles = [{ at: 'GET /files/', times: 1, status: 403 }];
    expect(await runCli(['collect', 'task.yaml'], around())).toBe(0);
    expect(asked().filter((line) => line.endsWith('/results'))).toHaveLength(2);
  });

  test('a manifest cannot write outside the directory', async () => {
    api.tree = goodTree();
    api.tree.manifest.parts.push({ name: '../../evil.ndjson.gz', bytes: 1, sha256: '0'.repeat(64), lines: 1 });
    const it = around();
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(1);
    expect(it.stderr()).toContain('a file that cannot be a result: "../../evil.ndjson.gz"');
  });

  test('a run without results is told, not an error of its own', async () => {
    api.tree = undefined;
    api.states = [runView('FAILED', {}, { error: { type: 'plan', detail: 'the sitemap is empty' } })];
    const it = around();
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(1);
    expect(it.stdout()).toContain('Error: plan: the sitemap is empty');
    expect(it.stderr()).toContain('no results to copy');
  });

  test.each([
    ['plain', 'http://a.example/1\n'.repeat(3), false],
    ['long, compressed on its way', 'http://a.example/1\n'.repeat(20_000), true],
  ])('a list: file: is uploaded, relative to the task file (%s)', async (_, list, compressed) => {
    const it = around();
    mkdirSync(path.join(it.cwd, 'sub'));
    writeFileSync(path.join(it.cwd, 'sub', 'task.yaml'), 'name: shop\nsource: {list: "file:urls.txt"}\n');
    writeFileSync(path.join(it.cwd, 'sub', 'urls.txt'), list);
    expect(await runCli(['collect', 'sub/task.yaml'], it)).toBe(0);
    const [sent = Buffer.alloc(0)] = api.uploads;
    expect((compressed ? gunzipSync(sent) : sent).toString()).toBe(list);
    const run = api.seen.find(({ method, path: where }) => method === 'POST' && where === '/v1/runs');
    expect(JSON.parse(run?.body.toString() ?? '')).toEqual({ task: { name: 'shop', source: { list: 'upload:u1' } } });
  });

  test('a wrong task file is refused with all its errors and their lines, and nothing is sent', async () => {
    const it = around();
    writeFileSync(path.join(it.cwd, 'task.yaml'), 'name: Shop\nsource:\n  urls: []\n  urlz: 5\n');
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(1);
    expect(it.stderr()).toMatch(/^task.yaml:1: name: expected .*, got "Shop"$/m);
    expect(it.stderr()).toMatch(/^task.yaml:4: source.urlz: unknown field/m);
    expect(api.seen).toEqual([]);
  });

  test('polls at most twice a second', async () => {
    api.states = [...Array.from({ length: 20 }, () => runView('RUNNING', { pending: 1 })), runView('SUCCEEDED')];
    const it = around();
    await runCli(['collect', 'task.yaml'], it);
    expect(it.slept).toHaveLength(21);
    expect(Math.min(...it.slept)).toBeGreaterThanOrEqual(500);
    // Ten seconds in which nothing happens are worth one line.
    expect(it.stderr().match(/RUNNING/g)).toHaveLength(1);
  });

  test('an API that is away for a while does not end the watching', async () => {
    api.states = [runView('RUNNING', { pending: 1 }), runView('SUCCEEDED')];
    api.troubles = [{ at: `GET /v1/runs/${RUN_ID}`, times: 6, status: 0 }];
    const it = around();
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(0);
    expect(it.stderr()).toContain('trying again');
  });

  test('the first interrupt stops the run and waits for its end', async () => {
    api.states = [runView('RUNNING', { pending: 1 })];
    const it = around();
    api.onStop = () => (api.states = [runView('STOPPED', { cancelled: 1 }, { stopReason: 'user' })]);
    api.troubles = [];
    const running = runCli(['collect', 'task.yaml'], it);
    await until(() => it.slept.length > 2);
    it.interrupt();
    expect(await running).toBe(1);
    expect(asked()).toContain(`POST /v1/runs/${RUN_ID}/stop`);
    expect(it.stdout()).toContain('Stopped: user');
    expect(it.interrupt()).toBe(false);
  });

  test('the second interrupt leaves', async () => {
    api.states = [runView('RUNNING', { pending: 1 })];
    const it = around();
    const running = runCli(['collect', 'task.yaml'], it);
    await until(() => it.slept.length > 2);
    it.interrupt();
    it.interrupt();
    expect(await running).toBe(1);
    expect(it.stderr()).toContain('left while the run was RUNNING');
  });

  test('without an API it starts the embedded stack, and closes it whatever comes', async () => {
    const closed: string[] = [];
    const dirs: string[] = [];
    const it = around({
      env: {},
      startEmbedded: ({ dataDir, port, log }) => {
        dirs.push(dataDir, String(port));
        log('started');
        return Promise.resolve(embeddedOn(api.url, closed));
      },
    });
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(0);
    api.troubles = [{ at: 'POST /v1/runs', times: 1, status: 422 }];
    expect(await runCli(['collect', 'task.yaml', '--data', 'elsewhere'], it)).toBe(1);
    expect(closed).toEqual(['closed', 'closed']);
    expect(dirs).toEqual([path.join(it.cwd, '.gleaner'), '0', path.join(it.cwd, 'elsewhere'), '0']);
    expect(readFileSync(path.join(it.cwd, '.gleaner', 'gleaner.log'), 'utf8')).toMatch(/Z started\n$/);
  });

  test('uses an `up` that lives on the data directory, and passes over one that does not', async () => {
    const starts: string[] = [];
    const it = around({
      env: {},
      startEmbedded: () => {
        starts.push('started');
        return Promise.resolve(embeddedOn(api.url, starts));
      },
    });
    const dataDir = path.join(it.cwd, '.gleaner');
    await writeEndpoint(dataDir, { apiUrl: api.url, key: KEY, pid: 1 });
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(0);
    expect(starts).toEqual([]);
    for (const stale of [
      { apiUrl: 'http://127.0.0.1:9', key: KEY },
      { apiUrl: api.url, key: 'of another stack' },
      { apiUrl: 'http://evil.example', key: KEY },
    ]) {
      await writeEndpoint(dataDir, { ...stale, pid: 1 });
      starts.length = 0;
      expect(await runCli(['collect', 'task.yaml'], it)).toBe(0);
      expect(starts, stale.apiUrl).toEqual(['started', 'closed']);
    }
  });
});

describe('up', () => {
  test('writes its address for others, tells it, and takes it back at the end', async () => {
    const closed: string[] = [];
    const it = around({ env: {}, startEmbedded: () => Promise.resolve(embeddedOn(api.url, closed)) });
    const running = runCli(['up'], it);
    await until(() => it.stderr().includes('running'));
    const file = endpointFile(path.join(it.cwd, '.gleaner'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(it.stdout()).toContain(`API   ${api.url}/v1`);
    const other = fakeSurroundings({ cwd: it.cwd, env: {} });
    expect(await runCli(['runs', 'get', RUN_ID], other)).toBe(0);
    it.interrupt();
    expect(await running).toBe(0);
    expect(closed).toEqual(['closed']);
    expect(await readEndpoint(path.join(it.cwd, '.gleaner'))).toBeUndefined();
  });

  test.each([
    [Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE' }), /^error: port 8787 is taken: /],
    [
      new Error('.gleaner is in use by another process (pid 7)'),
      /^error: the embedded stack could not start: .gleaner is in use by another process \(pid 7\)/,
    ],
  ])('%s is told clearly', async (error, says) => {
    const it = around({ startEmbedded: () => Promise.reject(error) });
    expect(await runCli(['up'], it)).toBe(1);
    expect(it.stderr()).toMatch(says);
  });
});
