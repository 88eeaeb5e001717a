/** A small API of the contract's shape on 127.0.0.1, with a run that goes as the test wants and troubles that it injects. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BUCKETS, type Bucket } from '#core/ledger.ts';
import type { DeadLetterView, Explanation, RunView, TaskView } from '#core/operations.ts';
import type { Defaults } from '#core/defaults.ts';
import type { RunState } from '#core/run.ts';
import type { TaskSpec } from '#core/task.ts';
import { configOf, configVersionOf } from '#support/fake-views.ts';
import { RUN_ID, SIGNING_KEY, type Tree } from './results-tree.ts';

export const KEY = 'gln_local_test';

export interface Trouble {
  /** `GET /v1/runs`, a prefix of method and path. */
  at: string;
  times: number;
  /** 0 = the connection is dropped. */
  status: number;
  headers?: Record<string, string>;
  body?: string;
}
interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface FakeApi {
  url: string;
  seen: Seen[];
  troubles: Trouble[];
  /** What GET run answers, one after the other; the last one stays. */
  states: RunView[];
  tree: Tree | undefined;
  tasks: Map<string, TaskView>;
  uploads: Buffer[];
  /** What is told of every target. */
  explanation: Explanation | undefined;
  deadLetters: DeadLetterView[];
  /** Called when a stop is asked for. */
  onStop: () => void;
  close(): Promise<void>;
}

export function runView(
  state: RunState,
  counts: Partial<Record<Bucket, number>> = {},
  more: Partial<RunView> = {},
): RunView {
  const zero = Object.fromEntries(BUCKETS.map((bucket) => [bucket, 0])) as Record<Bucket, number>;
  const discovered = Object.values(counts).reduce((sum, n) => sum + n, 0);
  return {
    id: RUN_ID,
    taskId: 'shop',
    taskVersion: 1,
    state,
    createdAt: '2026-11-24T00:00:00.000Z',
    region: 'local-1',
    progress: { discovered, ...zero, ...counts, attempts: discovered, records: counts.collected ?? 0, bytes: 2_048 },
    shards: { planned: 1, running: 0, done: 1 },
    rate: { targetsPerSecond: 12.5, etaSeconds: 4 },
    ...more,
  };
}

export async function startFakeApi(): Promise<FakeApi> {
  const api: FakeApi = {
    url: '',
    seen: [],
    troubles: [],
    states: [runView('SUCCEEDED')],
    tree: undefined,
    tasks: new Map(),
    uploads: [],
    explanation: undefined,
    deadLetters: [],
    onStop: () => undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      api.seen.push(seen);
      answer(api, seen, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  api.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return api;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function answer(api: FakeApi, seen: Seen, response: ServerResponse): void {
  const trouble = api.troubles.find(({ at, times }) => times > 0 && `${seen.method} ${seen.path}`.startsWith(at));
  if (trouble) {
    trouble.times--;
    if (trouble.status === 0) response.destroy();
    else response.writeHead(trouble.status, trouble.headers).end(trouble.body ?? '');
    return;
  }
  const file = /^\/files\/(.+)$/.exec(seen.path)?.[1];
  const body = file === undefined ? undefined : api.tree?.files.get(file);
  if (body) response.end(body);
  else if (seen.path.startsWith('/put/')) {
    api.uploads.push(seen.body);
    response.end();
  } else {
    const { status, value } = route(api, seen);
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
    response.end(value === undefined ? '' : JSON.stringify(value));
  }
}

interface Reply {
  status: number;
  value?: unknown;
}
const problem = (status: number, title: string, detail: string): Reply => ({
  status,
  value: { type: 'about:blank', title, status, detail },
});

function route(api: FakeApi, { method, path, headers, body }: Seen): Reply {
  const [where = ''] = path.split('?');
  if (where === '/v1/health') return { status: 200, value: { status: 'ok', version: '1', region: 'local-1' } };
  if (headers.authorization !== `Bearer ${KEY}`) return problem(401, 'Unauthorized', 'this key is not known');
  const task = /^\/v1\/tasks\/([^/]+)$/.exec(where)?.[1];
  if (task !== undefined) return taskRoute(api, method, task, body);
  switch (`${method} ${where}`) {
    case 'GET /v1/tasks':
      return { status: 200, value: { items: [...api.tasks.values()], nextCursor: null } };
    case 'POST /v1/tasks': {
      const spec = JSON.parse(body.toString()) as TaskSpec;
      return { status: 201, value: store(api, spec.name, 1, spec) };
    }
    case 'POST /v1/uploads':
      return { status: 201, value: { id: 'u1', url: `${api.url}/put/u1`, expiresAt: '', list: 'upload:u1' } };
    case 'POST /v1/runs':
    case 'POST /v1/tasks/shop/runs':
      return { status: 202, value: runView('QUEUED') };
    case 'GET /v1/runs':
      return { status: 200, value: { items: api.states, nextCursor: null } };
    case `POST /v1/runs/${RUN_ID}/stop`:
      api.onStop();
      return { status: 200, value: api.states[0] };
    case `POST /v1/runs/${RUN_ID}/pause`:
    case `POST /v1/runs/${RUN_ID}/resume`:
      return { status: 200, value: api.states[0] };
    case `POST /v1/runs/${RUN_ID}/redrive`:
      return { status: 202, value: runView('QUEUED', { failed: 1 }, { redrives: 1 }) };
    case `GET /v1/runs/${RUN_ID}/explain`:
      return api.explanation === undefined
        ? problem(404, 'Not found', 'the run has no such target')
        : { status: 200, value: api.explanation };
    case 'GET /v1/config':
      return { status: 200, value: configOf(1, { pace: { concurrency: 2 } }) };
    case 'PUT /v1/config':
      return { status: 200, value: configOf(2, JSON.parse(body.toString()) as Defaults) };
    case 'GET /v1/config/versions':
      return { status: 200, value: { items: [configVersionOf(configOf(1, { pace: { requestsPerSecond: 2 } }))] } };
    case 'POST /v1/config/rollback':
      return { status: 200, value: configOf(3) };
    case 'GET /v1/signing-keys':
      return { status: 200, value: { items: [SIGNING_KEY] } };
    case 'GET /v1/dead-letters':
      return { status: 200, value: deadLetterPage(api.deadLetters, new URLSearchParams(path.split('?')[1])) };
    case 'POST /v1/dead-letters/redrive':
      return { status: 200, value: redriveDeadLetters(api, body) };
    case `GET /v1/runs/${RUN_ID}`:
      return { status: 200, value: api.states.length > 1 ? api.states.shift() : api.states[0] };
    case `GET /v1/runs/${RUN_ID}/results`:
      return api.tree === undefined
        ? problem(404, 'Not found', 'no results')
        : { status: 200, value: resultsOf(api, api.tree) };
    case `GET /v1/runs/${RUN_ID}/ledger`:
      return { status: 200, value: { items: [], nextCursor: null } };
    default:
      return problem(404, 'Not found', `${method} ${where}`);
  }
}

function deadLetterPage(letters: DeadLetterView[], query: URLSearchParams): unknown {
  const runId = query.get('runId') ?? undefined;
  const from = Number(query.get('cursor') ?? 0);
  const to = from + Number(query.get('limit') ?? 100);
  const own = letters.filter((letter) => letter.runId === (runId ?? letter.runId));
  return { items: own.slice(from, to), nextCursor: to < own.length ? String(to) : null };
}

function redriveDeadLetters(api: FakeApi, body: Buffer): unknown {
  const { ids } = JSON.parse(body.toString()) as { ids: string[] };
  const redriven = ids.filter((id) => api.deadLetters.some((letter) => letter.id === id));
  api.deadLetters = api.deadLetters.filter(({ id }) => !redriven.includes(id));
  const refused = ids.filter((id) => !redriven.includes(id)).map((id) => ({ id, detail: 'there is none' }));
  return { redriven, refused };
}

function taskRoute(api: FakeApi, method: string, id: string, body: Buffer): Reply {
  const stored = api.tasks.get(id);
  if (stored === undefined) return problem(404, 'Not found', `task ${id}`);
  if (method === 'DELETE') {
    api.tasks.delete(id);
    return { status: 204 };
  }
  return {
    status: 200,
    value: method === 'PUT' ? store(api, id, stored.version + 1, JSON.parse(body.toString()) as TaskSpec) : stored,
  };
}

function store(api: FakeApi, id: string, version: number, task: TaskSpec): TaskView {
  const view = { id, version, etag: `"${String(version)}"`, createdAt: '', updatedAt: '2026-11-24', task };
  api.tasks.set(id, view);
  return view;
}

function resultsOf(api: FakeApi, { manifest }: Tree): unknown {
  const signed = (files: { name: string }[]): unknown[] =>
    files.map((file) => ({ ...file, url: `${api.url}/files/${file.name}` }));
  return {
    ...manifest,
    parts: signed(manifest.parts),
    ledger: signed(manifest.ledger),
    urlsExpireAt: '2026-11-24T01:00:00Z',
  };
}
