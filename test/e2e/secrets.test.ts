/**
 * Secrets planted in a run of the embedded stack, each where it belongs, and then looked for everywhere else: in the logs of
 * all functions, in the rows of the tenant and the run, in objects, messages and files, in answers and errors. And what they are for works: they reach the
 * fetch that names them, and nothing beside it.
 */
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import type { CreatedKey, RunView, WebhookSecretView } from '#core/operations.ts';
import { startOrigin, type Origin } from '#support/origin.ts';

const PLANTED = {
  token: 'Bearer planted-7c1e-bearer-token',
  header: 'planted-7c1e-api-key-header',
  replaced: 'planted-7c1e-replaced-value',
};
const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-secrets-'));
let stack: EmbeddedStack;
let [origin, other]: [Origin, Origin] = [] as never;
let apiKey: string;
let runId: string;
/** What webhooks are signed with: the present one, and the one before. */
let signing: string[];
const answers: string[] = [];

beforeAll(async () => {
  [origin, other] = [await startOrigin({ pages: 5 }), await startOrigin({ pages: 5 })];
  stack = await startEmbedded({ dataDir, port: 0, log: () => undefined });
});
afterAll(async () => {
  await stack.close();
  await origin.close();
  await other.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function ask(
  method: string,
  path: string,
  body?: unknown,
  key = stack.key,
): Promise<Response & { text: string }> {
  const response = await fetch(`${stack.apiUrl}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push(text);
  return Object.assign(response, { text });
}
async function run(task: object): Promise<RunView> {
  const started = await ask('POST', '/runs', { task });
  expect(started.status, started.text).toBe(202);
  const { id } = JSON.parse(started.text) as RunView;
  for (;;) {
    const view = JSON.parse((await ask('GET', `/runs/${id}`)).text) as RunView;
    if (view.finishedAt !== undefined) return view;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
const seen = (at: Origin, path: string) =>
  at.requests(path).map(({ headers }) => [headers.authorization, headers['x-api-key']]);

describe('tenant secrets on the embedded stack', () => {
  it('are stored by API, and told by name alone', async () => {
    expect((await ask('PUT', '/secrets/token', { value: PLANTED.replaced })).status).toBe(200);
    expect((await ask('PUT', '/secrets/token', { value: PLANTED.token })).status).toBe(200);
    expect((await ask('PUT', '/secrets/header', { value: PLANTED.header })).status).toBe(200);
    const listed = JSON.parse((await ask('GET', '/secrets')).text) as { items: { name: string }[] };
    expect(listed.items.map(({ name }) => name)).toEqual(['header', 'token']);
    // What is refused is not quoted either.
    for (const body of [{ value: `${PLANTED.header}\n` }, { values: PLANTED.header, value: [PLANTED.token] }])
      expect((await ask('PUT', '/secrets/header', body)).status).toBe(400);
    expect((await ask('PUT', '/secrets/header', `{"value": "${PLANTED.header}`)).status).toBe(400);
  });

  it('reach the fetch that names them, neither robots.txt nor another host', async () => {
    const made = await ask('POST', '/tenants/local/keys', { scopes: ['write'] });
    apiKey = (JSON.parse(made.text) as CreatedKey).key ?? '';
    answers.pop(); // the one answer that shows a key
    signing = [];
    for (const [method, path] of [
      ['GET', '/webhook-secret'],
      ['POST', '/webhook-secret/rotate'],
    ] as const) {
      const { secret } = JSON.parse((await ask(method, path)).text) as WebhookSecretView;
      answers.pop(); // shown to admins
      signing.push(secret.replace(/^whsec_/, ''));
    }
    expect(new Set(signing).size).toBe(2);
    const away = `${origin.url}/redirect-to?url=${encodeURIComponent(`${other.url}/page/2`)}`;
    const ended = await run({
      name: 'with-secrets',
      source: { urls: [`${origin.url}/page/1`, `${origin.url}/status/500`, `${origin.url}/truncated-gzip`, away] },
      fetch: { secretHeaders: { Authorization: 'token', 'X-Api-Key': 'header' } },
      retry: { attempts: 2, baseSeconds: 0 },
      extract: { format: 'html', fields: { title: 'h1' } },
      pace: { requestsPerSecond: 100 },
      alerts: { errorRate: 0.01, notify: [{ webhook: `${other.url}/page/3` }] },
    });
    runId = ended.id;
    expect(ended.progress.failed).toBeGreaterThan(0);
    expect(seen(origin, '/page/1')).toEqual([[PLANTED.token, PLANTED.header]]);
    const asked = [seen(origin, '/robots.txt'), seen(other, '/robots.txt'), seen(other, '/page/2')];
    for (const requests of asked) expect(new Set(requests.flat())).toEqual(new Set([undefined]));
  });

  it('with a key that is sent along, are in no log, row of the tenant or the run, object, message, file, answer or error', async () => {
    expect((await ask('GET', '/tasks', undefined, apiKey)).status).toBe(200);
    expect((await ask('GET', `/runs?state=${apiKey}`, undefined, apiKey)).status).toBe(400);
    while (other.requests('/page/3').length === 0) await stack.world.invoke('FunctionsNotify', {});
    expect(other.requests('/page/3')[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    const needles = [...Object.values(PLANTED), 'planted-7c1e', apiKey, apiKey.slice(-43), ...signing];
    const found = (where: string, text: string): string[] =>
      needles.filter((needle) => text.includes(needle)).map((needle) => `${where}: ${needle.slice(0, 12)}`);
    const finds = [
      ...answers.flatMap((answer, i) =>
        // The URL of a request is repeated in the refusal of its query, to whoever sent it.
        answer.includes('query.state') ? [] : found(`answer ${String(i)}`, answer),
      ),
      ...(await rows()).flatMap((row) => found('row', row)),
      ...(await objects()).flatMap(([key, text]) => found(key, text)),
      ...files(dataDir).flatMap((file) => found(file, readFileSync(file, 'latin1'))),
    ];
    expect(finds).toEqual([]);
  });
});

const client = () => ({
  region: stack.world.clientEnv['AWS_REGION'] ?? '',
  credentials: {
    accessKeyId: stack.world.clientEnv['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: stack.world.clientEnv['AWS_SECRET_ACCESS_KEY'] ?? '',
  },
});

async function rows(): Promise<string[]> {
  const dynamo = new DynamoDBClient({
    ...client(),
    endpoint: stack.world.clientEnv['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
  });
  const all: string[] = [];
  const partitions: [table: string, pk: string][] = [
    ['Control', 'T#local'],
    ['Control', `T#local#RUN#${runId}`],
    ['Control', 'T#local#TASK#with-secrets'],
    ...[origin, other].map(({ url }): [string, string] => ['Pace', `H#${new URL(url).host}`]),
  ];
  for (const [table, pk] of partitions) {
    const query = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: pk } } };
    const TableName = stack.world.resource('table', `Tables${table}`).name;
    const { Items = [] } = await dynamo.send(new QueryCommand({ TableName, ...query }));
    expect(Items.length, pk).toBeGreaterThan(0);
    all.push(...Items.map((item) => JSON.stringify(item)));
  }
  dynamo.destroy();
  return all;
}

async function objects(): Promise<[key: string, text: string][]> {
  const s3 = new S3Client({
    ...client(),
    endpoint: stack.world.clientEnv['AWS_ENDPOINT_URL_S3'] ?? '',
    forcePathStyle: true,
  });
  const Bucket = stack.world.resources('bucket')[0]?.name ?? '';
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const all: [string, string][] = [];
  for (const { Key = '' } of Contents) {
    const body = await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray();
    const bytes = Buffer.from(body ?? []);
    all.push([Key, (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')]);
  }
  s3.destroy();
  expect(all.length).toBeGreaterThan(2);
  return all;
}

/** Logs, databases, queues and journals as they lie on the disk; not the code, and not the key that `up` is used with. */
const files = (dir: string): string[] =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    if (name === 'cdk.out' || name === 'key') return [];
    return statSync(path).isDirectory() ? files(path) : [path];
  });
