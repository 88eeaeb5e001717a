import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { PAGE_LIMIT_MAX } from '#core/limits.ts';
import type { DeadLetterView, Explanation, Manifest } from '#core/operations.ts';
import { signatureProblem, signedBytes, signerOf } from '#core/signing.ts';
import { api, around, asked, until } from './cli-case.ts';
import { runView } from './fake-api.ts';
import { goodTree, RUN_ID } from './results-tree.ts';

const OTHER_RUN = RUN_ID.replace('k9', 'k8');

describe('runs', () => {
  test.each([
    ['stop', 'STOPPED'],
    ['pause', 'PAUSED'],
    ['resume', 'RUNNING'],
    ['redrive', 'QUEUED'],
  ] as const)('%s asks once and tells the state', async (steering, state) => {
    api.states = [runView(state, { failed: 1 })];
    const it = around();
    expect(await runCli(['runs', steering, RUN_ID], it)).toBe(0);
    expect(asked()).toEqual([`POST /v1/runs/${RUN_ID}/${steering}`]);
    expect(api.seen[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(it.stdout()).toBe(`${RUN_ID} ${state}\n`);
    const machine = around();
    expect(await runCli(['runs', steering, RUN_ID, '--json'], machine)).toBe(0);
    expect(JSON.parse(machine.stdout())).toMatchObject({ id: RUN_ID, state });
  });

  test.each(['pause', 'resume', 'redrive'])('%s exits 1 when the state does not allow it', async (steering) => {
    const body = JSON.stringify({ title: 'The present state does not allow this', detail: 'the run has ended' });
    api.troubles = [{ at: 'POST', times: 1, status: 409, body }];
    const it = around();
    expect(await runCli(['runs', steering, RUN_ID], it)).toBe(1);
    expect(it.stderr()).toBe('error: The present state does not allow this: the run has ended (HTTP 409)\n');
    expect(it.stdout()).toBe('');
  });

  test('get tells since when it is paused, and how often it was redriven', async () => {
    api.states = [
      runView('PAUSED', { collected: 1, pending: 1 }, { pausedAt: '2026-11-24T00:00:00.000Z', redrives: 2 }),
    ];
    const it = around();
    expect(await runCli(['runs', 'get', RUN_ID], it)).toBe(0);
    expect(it.stdout()).toContain('Paused since 2026-11-24T00:00:00.000Z\nFailed targets tried again: 2 times\n');
  });
});

describe('run --overlap', () => {
  test.each([
    [[], undefined],
    [['--overlap', 'skip'], { overlap: 'skip' }],
    [['--overlap', 'queue'], { overlap: 'queue' }],
    [['--overlap', 'allow'], { overlap: 'allow' }],
  ])('%j sends %j', async (args, body) => {
    expect(await runCli(['run', 'shop', ...args], around())).toBe(0);
    const sent = api.seen[0]?.body.toString() ?? '';
    expect(sent === '' ? undefined : JSON.parse(sent)).toEqual(body);
  });

  test('a run that has to wait says for which one, its id alone is data', async () => {
    const waiting = runView('QUEUED', {}, { waitsFor: OTHER_RUN });
    api.troubles = [{ at: 'POST', times: 1, status: 202, body: JSON.stringify(waiting) }];
    const it = around();
    expect(await runCli(['run', 'shop', '--overlap', 'queue'], it)).toBe(0);
    expect(it.stdout()).toBe(`${RUN_ID}\n`);
    expect(it.stderr()).toBe(`the run waits for run ${OTHER_RUN} of the same task to end\n`);
  });

  test('while it waits, watching says so once', async () => {
    const waiting = runView('QUEUED', {}, { waitsFor: OTHER_RUN });
    api.states = [waiting, waiting, waiting, runView('RUNNING', { pending: 1 }), runView('SUCCEEDED')];
    const it = around();
    expect(await runCli(['run', 'shop', '--watch'], it)).toBe(0);
    expect(it.stderr().match(/the run waits for run/g)).toHaveLength(1);
  });
});

describe('a run that somebody else pauses', () => {
  const running = runView('RUNNING', { collected: 1, pending: 1 });
  const paused = runView('PAUSED', { collected: 1, pending: 1 }, { pausedAt: '2026-11-24T00:00:00.000Z' });
  const says = `the run is paused; it goes on by: gleaner runs resume ${RUN_ID}\n`;

  test('is watched on, and each pause is said once', async () => {
    api.states = [running, paused, paused, paused, running, paused, running, runView('SUCCEEDED', { collected: 2 })];
    const it = around();
    expect(await runCli(['collect', 'task.yaml'], it)).toBe(0);
    expect(it.stderr().split(says)).toHaveLength(3);
    expect(it.stderr()).toContain('PAUSED 50%: 1/2 done\n');
  });

  test('is said on a terminal too, beside the bar', async () => {
    api.states = [running, paused, runView('SUCCEEDED', { collected: 2 })];
    const it = around({ isTTY: true });
    expect(await runCli(['runs', 'watch', RUN_ID], it)).toBe(0);
    expect(it.stderr()).toContain(says);
    expect(it.stderr()).toContain('PAUSED · 1/2 done');
  });

  test('an interrupt of collect stops it as ever', async () => {
    api.states = [paused];
    api.onStop = () => (api.states = [runView('STOPPED', { cancelled: 1 }, { stopReason: 'user' })]);
    const it = around();
    const collecting = runCli(['collect', 'task.yaml'], it);
    await until(() => it.stderr().includes(says));
    it.interrupt();
    expect(await collecting).toBe(1);
    expect(asked()).toContain(`POST /v1/runs/${RUN_ID}/stop`);
    expect(it.stdout()).toContain('Stopped: user');
  });
});

const EXPLANATION: Explanation = {
  url: 'http://shop.example/a',
  bucket: 'failed',
  reason: 'status',
  detail: 'HTTP 503',
  status: 503,
  attempts: 4,
  records: 0,
  at: '2026-11-24T00:00:09.000Z',
  discovered: { by: 'source', round: 0 },
  ledger: { file: 'ledger-a.ndjson.gz', line: 7 },
  parts: [],
  namedAgain: 0,
  story: [
    { at: '2026-11-24T00:00:00.000Z', says: 'named by the source' },
    { says: 'waited\x1b[2J 6.3 s' },
    { at: '2026-11-24T00:00:09.000Z', says: 'failed: HTTP 503' },
  ],
};

describe('explain', () => {
  test('tells the story, and where its proof is', async () => {
    api.explanation = EXPLANATION;
    const it = around();
    expect(await runCli(['explain', RUN_ID, EXPLANATION.url], it)).toBe(0);
    expect(asked()).toEqual([`GET /v1/runs/${RUN_ID}/explain?url=${encodeURIComponent(EXPLANATION.url)}`]);
    expect(it.stdout().split('\n')).toEqual([
      'http://shop.example/a: failed/status (HTTP 503)',
      '',
      '  2026-11-24T00:00:00.000Z  named by the source',
      '                            waited [2J 6.3 s',
      '  2026-11-24T00:00:09.000Z  failed: HTTP 503',
      '',
      '  ledger  ledger-a.ndjson.gz  line 7',
      '',
    ]);
  });

  test('names the lines of all its records, and its method when it is not GET', async () => {
    const { reason: _, detail: _detail, ...rest } = EXPLANATION;
    const parts = [
      { file: 'records-a.ndjson.gz', line: 3, lines: 2 },
      { file: 'records-b.ndjson.gz', line: 1, lines: 1 },
    ];
    api.explanation = { ...rest, method: 'POST', bucket: 'collected', parts, story: [] };
    const it = around();
    expect(await runCli(['explain', RUN_ID, EXPLANATION.url, '--method', 'post'], it)).toBe(0);
    expect(asked()[0]).toMatch(/&method=POST$/);
    expect(it.stdout().split('\n')).toEqual([
      'POST http://shop.example/a: collected',
      '',
      '  ledger   ledger-a.ndjson.gz   line 7',
      '  records  records-a.ndjson.gz  lines 3 to 4',
      '  records  records-b.ndjson.gz  line 1',
      '',
    ]);
  });

  test('of what planning decided is one line and a story; --json is the answer itself', async () => {
    const { ledger: _, ...rest } = EXPLANATION;
    api.explanation = { ...rest, story: [{ says: 'kept out' }] };
    const it = around();
    expect(await runCli(['explain', RUN_ID, 'x'], it)).toBe(0);
    expect(it.stdout()).toBe('http://shop.example/a: failed/status (HTTP 503)\n\n    kept out\n');
    const machine = around();
    expect(await runCli(['explain', RUN_ID, 'x', '--json'], machine)).toBe(0);
    expect(JSON.parse(machine.stdout())).toEqual(api.explanation);
  });

  test('exits 1 for a target that the run does not have', async () => {
    const it = around();
    expect(await runCli(['explain', RUN_ID, 'http://other.example/'], it)).toBe(1);
    expect(it.stderr()).toContain('the run has no such target (HTTP 404)');
  });
});

describe('dead letters', () => {
  const letter = (id: string, more: Partial<DeadLetterView> = {}): DeadLetterView => ({
    id,
    kind: 'target',
    runId: RUN_ID,
    shardId: 'r000p001s000000',
    url: 'http://shop.example/a',
    detail: 'its worker died 3 times',
    at: '2026-11-24T00:00:00.000Z',
    ...more,
  });
  const { url: _, ...message } = letter('m1', { kind: 'message', runId: OTHER_RUN, detail: 'no such run' });

  test('are listed as a table, by run, and as JSON', async () => {
    api.deadLetters = [letter('d1'), message];
    const it = around();
    expect(await runCli(['dead-letters', 'list'], it)).toBe(0);
    expect(it.stdout().split('\n')).toEqual([
      'DEAD LETTER  SINCE                     KIND     RUN                         TARGET OR SHARD        BECAUSE',
      `d1           2026-11-24T00:00:00.000Z  target   ${RUN_ID}  http://shop.example/a  its worker died 3 times`,
      `m1           2026-11-24T00:00:00.000Z  message  ${OTHER_RUN}  r000p001s000000        no such run`,
      '',
    ]);
    const ofRun = around();
    expect(await runCli(['dead-letters', 'list', '--run', OTHER_RUN, '--json'], ofRun)).toBe(0);
    expect(JSON.parse(ofRun.stdout())).toEqual({ items: [message] });
    const short = around();
    expect(await runCli(['dead-letters', 'list', '--limit', '1'], short)).toBe(0);
    expect(short.stderr()).toBe('there are more: raise --limit\n');
  });

  test.each([
    [['m1', 'd1'], [['m1', 'd1']]],
    [['--run', RUN_ID], [['d1']]],
    [[], [['d1', 'm1']]],
  ])('redrive %j', async (args, sent) => {
    api.deadLetters = [letter('d1'), message];
    const it = around();
    expect(await runCli(['dead-letters', 'redrive', ...args], it)).toBe(0);
    const bodies = api.seen
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => JSON.parse(body.toString()) as unknown);
    expect(bodies).toEqual(sent.map((ids) => ({ ids })));
    expect(it.stdout()).toBe(`${String(sent[0]?.length)} dead letter${sent[0]?.length === 1 ? '' : 's'} redriven\n`);
  });

  test('redrive tells what was refused and exits 1', async () => {
    api.deadLetters = [letter('d1')];
    const it = around();
    expect(await runCli(['dead-letters', 'redrive', 'd1', 'd2'], it)).toBe(1);
    expect([it.stdout(), it.stderr()]).toEqual(['1 dead letter redriven\n', 'd2: there is none\n']);
    const machine = around();
    expect(await runCli(['dead-letters', 'redrive', 'd2', '--json'], machine)).toBe(1);
    expect(JSON.parse(machine.stdout())).toEqual({ redriven: [], refused: [{ id: 'd2', detail: 'there is none' }] });
  });

  test('redrive of none sends nothing, of very many a page at a time', async () => {
    const it = around();
    expect(await runCli(['dead-letters', 'redrive'], it)).toBe(0);
    expect(it.stdout()).toBe('0 dead letters redriven\n');
    expect(asked().filter((line) => line.startsWith('POST'))).toEqual([]);
    api.deadLetters = Array.from({ length: PAGE_LIMIT_MAX + 1 }, (_, i) => letter(`d${String(i)}`));
    expect(await runCli(['dead-letters', 'redrive'], around())).toBe(0);
    const sent = api.seen
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => JSON.parse(body.toString()) as { ids: string[] });
    expect(sent.map(({ ids }) => ids.length)).toEqual([PAGE_LIMIT_MAX, 1]);
  });
});

test('a downloaded manifest keeps the signature that finish gave it', async () => {
  const tree = goodTree();
  const signature = await signerOf('a secret of at least thirty-two characters').sign(signedBytes(tree.manifest));
  api.tree = { ...tree, manifest: { ...tree.manifest, signature } };
  const it = around();
  expect(await runCli(['results', RUN_ID, '--out', 'x'], it)).toBe(0);
  const manifest = JSON.parse(readFileSync(path.join(it.cwd, 'x', 'manifest.json'), 'utf8')) as Manifest;
  expect(manifest).toEqual(api.tree.manifest);
  expect(signatureProblem(manifest)).toBeUndefined();
});
