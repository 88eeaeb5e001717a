import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { api, around, asked, until } from './cli-case.ts';
import { KEY, runView, startFakeApi } from './fake-api.ts';
import { goodTree, RUN_ID, writeTree } from './results-tree.ts';

describe('arguments', () => {
  test.each([
    [['colect'], /unknown command 'colect'\n\(Did you mean collect\?\)/],
    [['collect'], /missing required argument 'file'/],
    [['collect', 'a', 'b'], /too many arguments/],
    [['runs', 'puase', 'x'], /unknown command 'puase'\n\(Did you mean pause\?\)/],
    [['up', '--port', '99999'], /expected a number from 0/],
    [['up', '--port', 'http'], /expected a number from 0/],
    [['runs', 'list', '--limit', '0'], /expected a whole number from 1/],
    [['runs', 'list', '--state', 'fine'], /--state must be one of QUEUED, .*got "fine"/],
    [['validate', 'task.yaml', '--loud'], /unknown option '--loud'/],
    [['validate', 'none.yaml'], /none.yaml: no such file/],
    [['validate', '.'], /a directory, expected a task file/],
    [['verify', 'nowhere'], /nowhere: neither a directory nor a run id/],
    [['runs', 'list', '--api', 'localhost:8787'], /must be an http\(s\) URL/],
    [['login', '--api', 'ftp://a', '--key', 'k'], /must be an http\(s\) URL/],
    [['run', 'shop', '--overlap', 'wait'], /Allowed choices are skip, queue, allow/],
    [['explain', 'x'], /missing required argument 'url'/],
    [['dead-letters', 'redrive', 'd1', '--run', 'x'], /name dead letters or --run, not both/],
  ])('%j exits 1 and says what is wrong', async (args, says) => {
    const it = around();
    expect(await runCli(args, it)).toBe(1);
    expect(it.stderr()).toMatch(says);
    expect(it.stdout()).toBe('');
  });

  test.each([[[]], [['tasks']], [['runs']], [['dead-letters']], [['secrets']], [['tenants']], [['tenants', 'keys']]])(
    '%j shows help and exits 1',
    async (args) => {
      const it = around();
      expect(await runCli(args, it)).toBe(1);
      expect(it.stderr()).toContain('Usage: gleaner');
    },
  );

  const commands = [
    'collect',
    'up',
    'validate',
    'tasks list',
    'tasks get',
    'tasks put',
    'tasks delete',
    'run',
    'runs list',
    'runs get',
    'runs watch',
    'runs stop',
    'runs pause',
    'runs resume',
    'runs redrive',
    'explain',
    'alerts list',
    'dead-letters list',
    'dead-letters redrive',
    'secrets list',
    'secrets put',
    'secrets delete',
    'tenants list',
    'tenants get',
    'tenants create',
    'tenants put',
    'tenants keys list',
    'tenants keys create',
    'tenants keys rotate',
    'tenants keys revoke',
    'results',
    'verify',
    'login',
  ];
  test.each(commands)('%s has --help and --json', async (name) => {
    const it = around();
    expect(await runCli([...name.split(' '), '--help'], it)).toBe(0);
    expect(it.stdout()).toContain(`Usage: gleaner ${name} `);
    expect(it.stdout()).toContain('--json');
  });

  test('without any API the ways to name one are told', async () => {
    const it = around({ env: {} });
    expect(await runCli(['runs', 'list'], it)).toBe(1);
    expect(it.stderr()).toMatch(/^error: no API to talk to: .*gleaner up.*GLEANER_API.*gleaner login/);
  });
});

describe('login', () => {
  test('the key is stored for its owner alone, and sent to its API only', async () => {
    const it = around({ env: {} });
    mkdirSync(it.configDir, { recursive: true });
    writeFileSync(path.join(it.configDir, 'config.json'), '{}');
    chmodSync(path.join(it.configDir, 'config.json'), 0o644);
    expect(await runCli(['login', '--api', `${api.url}/v1/`, '--key', KEY], it)).toBe(0);
    const file = path.join(it.configDir, 'config.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ api: api.url, key: KEY });
    expect(it.stdout() + it.stderr()).not.toContain(KEY);
    expect(await runCli(['runs', 'list'], it)).toBe(0);

    const other = await startFakeApi();
    expect(await runCli(['runs', 'list', '--api', other.url], it)).toBe(1);
    expect(other.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    await other.close();
  });

  test('a key that the API refuses is not stored', async () => {
    const it = around({ env: {} });
    expect(await runCli(['login', '--api', api.url, '--key', 'wrong'], it)).toBe(1);
    expect(it.stderr()).toContain('does not take this key');
    expect(() => statSync(it.configDir)).toThrow();
  });

  test('an API that is away is stored with a warning', async () => {
    const it = around({ env: {} });
    expect(await runCli(['login', '--api', 'http://127.0.0.1:9', '--key', 'k'], it)).toBe(0);
    expect(it.stderr()).toContain('the key could not be tried');
  });

  test('a broken configuration is named', async () => {
    const it = around({ env: {} });
    mkdirSync(it.configDir, { recursive: true });
    writeFileSync(path.join(it.configDir, 'config.json'), 'oops');
    expect(await runCli(['runs', 'list'], it)).toBe(1);
    expect(it.stderr()).toMatch(/config.json: not a JSON object/);
  });
});

describe('tasks, runs, results', () => {
  test('put creates, then makes a new version under If-Match; get and delete', async () => {
    const it = around();
    expect(await runCli(['tasks', 'put', 'task.yaml'], it)).toBe(0);
    expect(await runCli(['tasks', 'put', 'task.yaml'], it)).toBe(0);
    expect(it.stdout()).toBe('shop version 1 created\nshop version 2 stored\n');
    expect(api.seen.find(({ method }) => method === 'PUT')?.headers['if-match']).toBe('"1"');
    expect(await runCli(['tasks', 'delete', 'shop'], it)).toBe(0);
    expect(await runCli(['tasks', 'get', 'shop'], it)).toBe(1);
    expect(it.stderr()).toContain('error: Not found: task shop (HTTP 404)');
  });

  test('run prints the id; --watch follows', async () => {
    const it = around();
    expect(await runCli(['run', 'shop'], it)).toBe(0);
    expect(it.stdout()).toBe(`${RUN_ID}\n`);
    api.states = [runView('PARTIAL', { failed: 1 })];
    expect(await runCli(['run', 'shop', '--watch'], around())).toBe(1);
    api.states = [runView('SUCCEEDED', { collected: 1 })];
    expect(await runCli(['runs', 'watch', RUN_ID], around())).toBe(0);
  });

  test('an interrupt of a watch leaves the run alone', async () => {
    api.states = [runView('RUNNING', { pending: 1 })];
    const it = around();
    const running = runCli(['runs', 'watch', RUN_ID], it);
    await until(() => it.slept.length > 1);
    it.interrupt();
    expect(await running).toBe(1);
    expect(asked().filter((line) => line.startsWith('POST'))).toEqual([]);
    expect(it.stderr()).toContain(`gleaner runs stop ${RUN_ID}`);
  });

  test('runs list filters and prints a table', async () => {
    api.states = [runView('RUNNING', { collected: 2, pending: 2 })];
    const it = around();
    expect(await runCli(['runs', 'list', '--task', 'shop', '--state', 'running', '--limit', '5'], it)).toBe(0);
    expect(asked()).toEqual(['GET /v1/runs?taskId=shop&state=RUNNING&limit=5']);
    expect(it.stdout().split('\n')[1]).toBe(
      `${RUN_ID}  shop  RUNNING  2026-11-24T00:00:00.000Z   2/4       0        2`,
    );
  });

  test('results and verify of a run', async () => {
    const it = around();
    expect(await runCli(['results', RUN_ID, '--out', 'x', '--json'], it)).toBe(0);
    expect(JSON.parse(it.stdout())).toEqual(api.tree?.manifest);
    expect(await runCli(['verify', RUN_ID], around())).toBe(0);
  });

  test('verify names what is wrong on stdout and exits 1', async () => {
    const it = around();
    const tree = goodTree();
    tree.manifest.totals.records++;
    writeTree(path.join(it.cwd, 'bad'), tree);
    expect(await runCli(['verify', 'bad'], it)).toBe(1);
    expect(it.stdout()).toBe('manifest.json: records is 5, the parts have 4 lines\n');
    expect(it.stderr()).toBe('1 problem\n');
    const machine = around({ cwd: it.cwd });
    expect(await runCli(['verify', 'bad', '--json'], machine)).toBe(1);
    expect(JSON.parse(machine.stdout())).toMatchObject({
      ok: false,
      problemCount: 1,
      problems: [{ file: 'manifest.json' }],
    });
  });
});

describe('validate', () => {
  test('ok with what the task will do', async () => {
    const it = around();
    writeFileSync(
      path.join(it.cwd, 'task.yaml'),
      'name: shop\nsource:\n  range: {url: "https://a.example/{y}/{p}", y: {from: 2001, to: 2010}, p: {from: 0, to: 95, step: 10}}\nextract: {each: .x, fields: {a: h1}}\nalerts: {notify: [{email: a@b.example}]}\n',
    );
    expect(await runCli(['validate', 'task.yaml'], it)).toBe(0);
    expect(it.stdout()).toMatch(
      /^ok: shop\n {2}source +range https:\/\/a.example\/{y}\/{p}: 100 URLs\n {2}hosts +a.example\n/,
    );
    expect(it.stdout()).toContain('one for each .x: a');
    expect(it.stderr()).toMatch(/^note: alerts.notify: /);
    expect(api.seen).toEqual([]);
  });

  test.each([['--explain'], ['--json']])('%s names the engines and why', async (option) => {
    const it = around();
    writeFileSync(
      path.join(it.cwd, 'task.yaml'),
      'name: shop\nsource: {urls: ["https://a.example/"]}\nextract: {format: html, fields: {a: "p:has(b)"}}\n',
    );
    expect(await runCli(['validate', 'task.yaml', option], it)).toBe(0);
    if (option === '--explain') expect(it.stdout()).toContain('html: tree ("p:has(b)" has :has)');
    else {
      const engines = [{ kind: 'html', engine: 'tree', why: '"p:has(b)" has :has' }];
      expect(JSON.parse(it.stdout())).toMatchObject({ ok: true, engines });
    }
  });

  test('--json tells errors with path and line', async () => {
    const it = around();
    writeFileSync(
      path.join(it.cwd, 'task.yaml'),
      '{"name": "shop",\n "source": {"urls": ["http://a.example/"],\n "list": "file:none.txt"}}',
    );
    expect(await runCli(['validate', 'task.yaml', '--json'], it)).toBe(1);
    const { ok, errors } = JSON.parse(it.stdout()) as { ok: boolean; errors: { path: string; line?: number }[] };
    expect(ok).toBe(false);
    expect(errors[0]).toMatchObject({ path: 'source', line: 2 });
  });

  test('a list that is not there is an error of the file', async () => {
    const it = around();
    writeFileSync(path.join(it.cwd, 'task.yaml'), 'name: shop\nsource:\n  list: file:none.txt\n');
    expect(await runCli(['validate', 'task.yaml'], it)).toBe(1);
    expect(it.stderr()).toMatch(/^task.yaml:3: source.list: .*none.txt: no such file/);
  });
});
