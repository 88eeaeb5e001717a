/** The whole, for real: the handlers' bundles, the state machine, queues and tables of the embedded stack, against an origin that misbehaves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import type { CloudEvent } from '#core/alerts/notice.ts';
import { verifyWebhook } from '#core/alerts/webhook.ts';
import { noticeKey } from '#core/names.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { CHARSET_TEXTS } from '#support/origin/site.ts';
import { BUCKETS, type LedgerLine } from '#core/ledger.ts';
import type {
  AlertView,
  PageOf,
  RecordLine,
  ResultsView,
  RunView,
  TaskView,
  UsageView,
  WebhookSecretView,
} from '#core/operations.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-e2e-'));
let stack: EmbeddedStack;
let origin: Origin;

beforeAll(async () => {
  origin = await startOrigin({ pages: 120 });
  stack = await startEmbedded({ dataDir, port: 0, log: () => undefined });
});
afterAll(async () => {
  await stack.close();
  await origin.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function api<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${stack.apiUrl}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${stack.key}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${JSON.stringify(answer)}`);
  return answer as T;
}

let names = 0;
const start = (document: object): Promise<RunView> =>
  api('POST', '/runs', {
    task: {
      name: `e2e-${String(++names)}`,
      pace: { requestsPerSecond: 200, concurrency: 16, adapt: false },
      ...document,
    },
  });

async function ended(runId: string): Promise<RunView> {
  for (;;) {
    const run = await api<RunView>('GET', `/runs/${runId}`);
    balanced(run);
    if (run.finishedAt !== undefined) return run;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
function balanced({ progress }: RunView): void {
  expect(BUCKETS.reduce((sum, bucket) => sum + progress[bucket], 0)).toBe(progress.discovered);
}
const ledger = async (runId: string): Promise<LedgerLine[]> =>
  (await api<PageOf<LedgerLine>>('GET', `/runs/${runId}/ledger?limit=1000`)).items;
const records = async (runId: string): Promise<RecordLine[]> =>
  (await api<PageOf<RecordLine>>('GET', `/runs/${runId}/records?limit=1000`)).items;
const collect = async (document: object): Promise<{ run: RunView; lines: LedgerLine[]; rows: RecordLine[] }> => {
  const run = await ended((await start(document)).id);
  const [lines, rows] = await Promise.all([ledger(run.id), records(run.id)]);
  expect(lines).toHaveLength(run.progress.discovered);
  expect(rows).toHaveLength(run.progress.records);
  return { run, lines, rows };
};
const owner = () =>
  dynamoClient({
    endpoint: stack.world.clientEnv['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
const at = (path: string): string => origin.url + path;

describe('the embedded stack', () => {
  it('asks for a key on every route but health', async () => {
    expect((await fetch(`${stack.apiUrl}/v1/health`)).status).toBe(200);
    for (const path of ['/tasks', '/runs', '/runs/x/ledger'])
      expect((await fetch(`${stack.apiUrl}/v1${path}`)).status).toBe(401);
  });

  it('crawls a site, each page once', async () => {
    origin.clear();
    const { run, rows } = await collect({
      source: { crawl: { seeds: [at('/page/0')], depth: 20, scope: 'host' }, include: ['**/page/*'] },
      extract: { format: 'html', fields: { title: 'h1' } },
    });
    expect(run.state).toBe('SUCCEEDED');
    expect(run.progress.collected).toBe(120);
    expect(new Set(rows.map(({ url }) => url)).size).toBe(120);
    expect(origin.requests('/page/')).toHaveLength(120);
    const { costUsd = 0, costByService } = run;
    expect(Object.values(costByService ?? {}).filter((cost) => cost > 0)).toHaveLength(5);
    const usage = await api<UsageView>('GET', '/usage');
    expect(usage.total.targets).toBeGreaterThanOrEqual(120);
    expect(usage.total.costUsd).toBeGreaterThanOrEqual(costUsd);
  });

  it('puts every kind of misbehaviour into the ledger with its reason, and none ends the others', async () => {
    const expected: Record<string, string> = {
      [at('/page/1')]: 'collected',
      [at('/status/404')]: 'status',
      [at('/bomb')]: 'tooLarge',
      [at('/loop')]: 'redirects',
      [at('/truncated-gzip')]: 'decode',
      [at('/malformed-json')]: 'extract',
      'http://10.0.0.1/': 'blockedAddress',
      'http://169.254.169.254/latest/meta-data/': 'blockedAddress',
      [at('/private-redirect')]: 'blockedAddress',
      'http://127.0.0.1:9/': 'connect',
      'http://no-such-host.invalid/': 'dns',
    };
    const { run, lines } = await collect({
      source: { urls: Object.keys(expected) },
      extract: { format: 'auto', fields: { title: 'h1' } },
      retry: { attempts: 2, baseSeconds: 0.1 },
      fetch: { timeoutSeconds: 10 },
    });
    expect(Object.fromEntries(lines.map(({ url, bucket, reason }) => [url, reason ?? bucket]))).toEqual(expected);
    expect(run.state).toBe('PARTIAL');
  });

  it('decodes what the web still writes', async () => {
    const charsets = Object.keys(CHARSET_TEXTS);
    const { rows } = await collect({
      source: { urls: charsets.map((charset) => at(`/charset/${charset}`)) },
      extract: { format: 'html', fields: { text: 'h1' } },
    });
    const texts = Object.fromEntries(rows.map(({ url, data }) => [url.split('/').at(-1), data.text]));
    expect(texts).toEqual(CHARSET_TEXTS);
  });

  it('takes every kind of source', async () => {
    const upload = await api<{ url: string; list: string }>('POST', '/uploads');
    const put = await fetch(upload.url, {
      method: 'PUT',
      body: Array.from({ length: 50 }, (_, i) => at(`/page/${String(i)}`)).join('\n'),
    });
    expect(put.ok).toBe(true);
    const sources = {
      list: [{ list: upload.list }, 50],
      range: [{ range: { url: at('/page/{n}'), n: { from: 1, to: 20 } } }, 20],
      sitemap: [{ sitemap: at('/sitemap.xml'), include: ['**/page/*'] }, 120],
      follow: [{ follow: { url: at('/api/items?page=1'), next: { json: '$.next' } } }, undefined],
    } as const;
    for (const [kind, [source, count]] of Object.entries(sources)) {
      const { run } = await collect({ source, extract: { format: 'none' } });
      expect([kind, run.state, run.error]).toEqual([kind, 'SUCCEEDED', undefined]);
      if (count === undefined) expect(run.progress.collected).toBeGreaterThan(1);
      else expect(run.progress.collected).toBe(count);
    }
  });

  it('ends a run whose source is empty or out of reach with the cause', async () => {
    for (const sitemap of [at('/sitemap-empty.xml'), at('/status/404'), 'http://127.0.0.1:9/sitemap.xml']) {
      const { run } = await collect({ source: { sitemap }, extract: { format: 'none' }, retry: { attempts: 1 } });
      expect(run.state).toBe('FAILED');
      expect(run.error?.detail).not.toBe('');
    }
  });

  it('stops: no request leaves later than 5 s after the answer, and the ledger balances', async () => {
    origin.clear();
    const source = { range: { url: at('/page/1?n={n}'), n: { from: 1, to: 2000 } } };
    const { id } = await start({
      source,
      extract: { format: 'none' },
      pace: { requestsPerSecond: 50, concurrency: 4 },
    });
    while (origin.requests('/page/').length < 40) await new Promise((resolve) => setTimeout(resolve, 50));
    await api('POST', `/runs/${id}/stop`);
    const answeredAt = Date.now();
    const run = await ended(id);
    expect(run).toMatchObject({ state: 'STOPPED', stopReason: 'user' });
    expect(run.progress.pending).toBe(0);
    expect(run.progress.cancelled).toBeGreaterThan(1000);
    expect(Math.max(...origin.requests('/page/').map(({ at: time }) => time)) - answeredAt).toBeLessThanOrEqual(5000);
    expect(await ledger(id)).toHaveLength(1000); // the first page of 2,000 lines
  });

  it('runs a task when its time has come, once, and takes its schedule away with it', async () => {
    const name = `e2e-${String(++names)}`;
    const document = { name, source: { urls: [at('/page/1')] }, extract: { format: 'none' } };
    const schedule = { cron: '0 3 1 * mon', timezone: 'Europe/Berlin' };
    const made = await api<TaskView>('POST', '/tasks', { ...document, schedule });
    expect(made.schedule).toMatchObject({ inPlace: true, missed: 0 });
    const kept = stack.world.schedules.list().filter(({ description = '' }) => description.includes(` ${name} `));
    expect(kept.map(({ expression }) => expression)).toEqual(['cron(0 3 1 * ? *)', 'cron(0 3 ? * 2 *)']);
    const dueAt = Date.parse(made.schedule?.nextRuns[0] ?? '');
    for (const part of kept) expect(await stack.world.schedules.fire(part.group, part.name, dueAt)).toBe(true);
    const { schedule: after } = await api<TaskView>('GET', `/tasks/${name}`);
    expect(after?.last).toMatchObject({ at: made.schedule?.nextRuns[0], what: 'started' });
    const { items } = await api<PageOf<RunView>>('GET', `/runs?taskId=${name}`);
    expect(items.map(({ id }) => id)).toEqual([after?.last?.runId]);
    expect((await ended(after?.last?.runId ?? '')).state).toBe('SUCCEEDED');
    await api('PUT', `/tasks/${name}`, document);
    expect(stack.world.schedules.list().some(({ description = '' }) => description.includes(` ${name} `))).toBe(false);
  });

  it('raises an alert, tells a webhook that can verify it, and resolves it by the next run', async () => {
    const told: { headers: IncomingHttpHeaders; body: string }[] = [];
    const receiver = createServer((request, response) => {
      void (async () => {
        const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
        told.push({ headers: request.headers, body });
        // The first attempt at each is in vain.
        response.statusCode = told.filter((each) => each.body === body).length === 1 ? 503 : 204;
        response.end();
      })();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/hook`;
    const name = `e2e-${String(++names)}`;
    const document = (page: string): object => ({
      name,
      source: { urls: [at(page)] },
      extract: { format: 'none' },
      retry: { attempts: 1 },
      alerts: { errorRate: 0.1, notify: [{ webhook: url }, { email: 'team@shop.example' }] },
    });
    try {
      const bad = await ended((await api<RunView>('POST', '/runs', { task: document('/status/404') })).id);
      // Told a moment after the run has ended; by this call of notify or by that of the minute.
      const alert = async (fits: (alert: AlertView) => boolean): Promise<AlertView> => {
        for (;;) {
          await stack.world.invoke('FunctionsNotify', {});
          const [found] = (await api<PageOf<AlertView>>('GET', `/alerts?taskId=${name}`)).items;
          if (found && fits(found)) return found;
        }
      };
      const raised = await alert(({ deliveries }) => (deliveries[0]?.attempts ?? 0) > 0);
      expect(raised).toMatchObject({ state: 'raised', rule: 'errorRate', value: 1, limit: 0.1, runId: bad.id });
      expect(raised.deliveries).toMatchObject([
        { event: 'raised', to: url, state: 'pending', error: 'status 503' },
        { event: 'raised', to: 'mailto:team@shop.example', state: 'delivered', attempts: 1 },
      ]);
      const good = await ended((await api<RunView>('POST', '/runs', { task: document('/page/1') })).id);
      // Their time has come again: nobody waits for it here.
      const table = new DynamoTable(owner(), stack.world.resource('table', 'TablesControl').name);
      const ids = [bad.id, good.id].flatMap((run) => [`${run}-started`, `${run}-ended-0`]);
      const hasCome = (id: string): Promise<unknown> =>
        table.update(noticeKey('local', id), { set: { dueAt: 0 } }, { present: 'dueAt' });
      const resolved = await alert(({ state, deliveries }) => {
        for (const id of [...ids, `${raised.id}-raised`, `${raised.id}-resolved`]) void hasCome(id);
        return (
          state === 'resolved' && deliveries.length === 4 && deliveries.every((each) => each.state === 'delivered')
        );
      });
      expect(resolved).toMatchObject({ id: raised.id, resolvedBy: good.id });
      expect(resolved.deliveries.map(({ event }) => event)).toEqual(['raised', 'raised', 'resolved', 'resolved']);
      // Once each, though the webhook beside it had to be told twice.
      expect(stack.world.mails().map(({ to, subject }) => [...to, subject])).toEqual([
        ['team@shop.example', `[gleaner] ALERT: errorRate of task ${name}`],
        ['team@shop.example', `[gleaner] RESOLVED: errorRate of task ${name}`],
      ]);
      while (new Set(told.map(({ headers }) => headers['webhook-id'])).size < 6)
        await stack.world.invoke('FunctionsNotify', {});
      const { secret } = await api<WebhookSecretView>('GET', '/webhook-secret');
      const types = new Set<string>();
      for (const { headers, body } of told) {
        expect(verifyWebhook(secret, headers as Record<string, string>, body, Date.now() / 1000)).toBe('ok');
        expect(verifyWebhook(secret, headers as Record<string, string>, `${body} `, Date.now() / 1000)).toBe('forged');
        const event = JSON.parse(body) as CloudEvent;
        expect(event).toMatchObject({
          specversion: '1.0',
          id: headers['webhook-id'],
          datacontenttype: 'application/json',
        });
        types.add(event.type);
      }
      expect([...types].sort()).toEqual(['gleaner.alert.raised', 'gleaner.alert.resolved', 'gleaner.run.finished', 'gleaner.run.started']); // prettier-ignore
      const onBus = stack.world.events().filter(({ detail }) => (detail.data as { taskId?: string }).taskId === name);
      expect(new Set(onBus.map(({ detail }) => detail.id)).size).toBe(6);
      expect(onBus.every(({ source, type, detail }) => source === 'gleaner' && type === detail.type)).toBe(true);
    } finally {
      receiver.close();
    }
  });

  it('gives results that can be downloaded and hold what the manifest says', async () => {
    const { run } = await collect({ source: { urls: [at('/page/1')] }, extract: { format: 'none' } });
    const { parts, totals } = await api<ResultsView>('GET', `/runs/${run.id}/results`);
    expect(totals).toEqual(run.progress);
    const [part] = parts;
    const body = await (await fetch(part?.url ?? '')).bytes();
    expect(body.length).toBe(part?.bytes);
  });
});
