/**
 * `Operations` in memory: what the HTTP face is tested against. Keeps tasks, runs and idempotency records by tenant as
 * the real ones promise to, and runs nothing. Time stands still; ids count up.
 */
import type { JsonObject } from '#core/json.ts';
import type { LedgerLine } from '#core/ledger.ts';
import type { Caller, Operations, Outcome, PageOf, PageRequest, PendingLine, Refusal } from '#core/operations.ts';
import type { RecordLine, Remembered, RememberedResponse, ResultsView, RunView, ShardView } from '#core/operations.ts';
import type { TaskVersionView, TaskView, TimelineEvent } from '#core/operations.ts';
import type { TaskSpec } from '#core/task.ts';

export const NOW = '2026-11-24T00:00:00.000Z';
export const KEYS: Record<string, Caller> = {
  'read-key': { tenant: 'acme', keyId: 'k-read', scopes: ['read'] },
  'write-key': { tenant: 'acme', keyId: 'k-write', scopes: ['write'] },
  'admin-key': { tenant: 'acme', keyId: 'k-admin', scopes: ['admin'] },
  'other-key': { tenant: 'other', keyId: 'k-other', scopes: ['write'] },
};

interface Deed {
  fingerprint: string;
  response?: RememberedResponse;
}

const no = (status: Refusal['status'], detail: string): { ok: false; refusal: Refusal } => ({
  ok: false,
  refusal: { status, title: `refused with ${String(status)}`, detail },
});
const yes = <T>(value: T): Outcome<T> => ({ ok: true, value });
const at = (caller: Caller, id: string): string => `${caller.tenant}/${id}`;

function page<T>(items: T[], { limit, cursor }: PageRequest): Outcome<PageOf<T>> {
  const from = cursor === undefined ? 0 : Number(cursor);
  if (!Number.isInteger(from)) return no(400, 'this cursor is none of ours');
  const next = from + limit;
  return yes({ items: items.slice(from, next), ...(next < items.length ? { nextCursor: String(next) } : {}) });
}

export class FakeOperations implements Operations {
  readonly versions = new Map<string, TaskSpec[]>();
  readonly runs = new Map<string, RunView>();
  readonly deeds = new Map<string, Deed>();
  /** How often each operation was asked. */
  readonly calls: string[] = [];
  /** Thrown by the next operation that changes something. */
  failure: Error | undefined;
  private made = 0;

  #act(name: string): Promise<void> {
    this.calls.push(name);
    const { failure } = this;
    this.failure = undefined;
    return failure ? Promise.reject(failure) : Promise.resolve();
  }
  #view(id: string, versions: TaskSpec[]): TaskView {
    const task = versions.at(-1);
    if (task === undefined) throw new Error('a task without versions');
    return {
      id,
      version: versions.length,
      etag: `"v${String(versions.length)}"`,
      createdAt: NOW,
      updatedAt: NOW,
      task,
    };
  }
  #task(caller: Caller, id: string): Outcome<TaskSpec[]> {
    const versions = this.versions.get(at(caller, id));
    return versions ? yes(versions) : no(404, `there is no task ${id}`);
  }
  #run(caller: Caller, id: string): Outcome<RunView> {
    const run = this.runs.get(at(caller, id));
    return run ? yes(run) : no(404, `there is no run ${id}`);
  }
  #start(caller: Caller, taskId: string, taskVersion: number): Outcome<RunView> {
    this.made += 1;
    const run = queuedRun(String(this.made).padStart(26, '0'), taskId, taskVersion);
    this.runs.set(at(caller, run.id), run);
    return yes(run);
  }
  /** A page of something about an existing run. */
  #about<T>(caller: Caller, runId: string, items: T[], request: PageRequest): Outcome<PageOf<T>> {
    const run = this.#run(caller, runId);
    return run.ok ? page(items, request) : run;
  }

  authenticate(key: string): Promise<Caller | undefined> {
    return Promise.resolve(KEYS[key]);
  }
  remembered(caller: Caller, key: string, fingerprint: string): Promise<Remembered> {
    const deed = this.deeds.get(at(caller, key));
    if (deed === undefined) {
      this.deeds.set(at(caller, key), { fingerprint });
      return Promise.resolve({ kind: 'new' });
    }
    if (deed.fingerprint !== fingerprint) return Promise.resolve({ kind: 'mismatch' });
    return Promise.resolve(deed.response ? { kind: 'replay', response: deed.response } : { kind: 'busy' });
  }
  remember(caller: Caller, key: string, fingerprint: string, response: RememberedResponse): Promise<void> {
    this.deeds.set(at(caller, key), { fingerprint, response });
    return Promise.resolve();
  }
  forget(caller: Caller, key: string): Promise<void> {
    this.deeds.delete(at(caller, key));
    return Promise.resolve();
  }

  async createTask(caller: Caller, task: TaskSpec): Promise<Outcome<TaskView>> {
    await this.#act('createTask');
    const key = at(caller, task.name);
    if (this.versions.has(key)) return no(409, `there is a task ${task.name} already`);
    this.versions.set(key, [task]);
    return yes(this.#view(task.name, [task]));
  }
  listTasks(caller: Caller, request: PageRequest): Promise<Outcome<PageOf<TaskView>>> {
    const own = [...this.versions].filter(([key]) => key.startsWith(`${caller.tenant}/`));
    const views = own.map(([key, versions]) => this.#view(key.slice(caller.tenant.length + 1), versions));
    return Promise.resolve(page(views, request));
  }
  getTask(caller: Caller, id: string): Promise<Outcome<TaskView>> {
    const task = this.#task(caller, id);
    return Promise.resolve(task.ok ? yes(this.#view(id, task.value)) : task);
  }
  async replaceTask(caller: Caller, id: string, spec: TaskSpec, ifMatch?: string): Promise<Outcome<TaskView>> {
    await this.#act('replaceTask');
    const task = this.#task(caller, id);
    if (!task.ok) return task;
    const lost = ifMatch !== undefined && ifMatch !== this.#view(id, task.value).etag;
    if (lost) return no(412, 'the task has another version');
    task.value.push(spec);
    return yes(this.#view(id, task.value));
  }
  async deleteTask(caller: Caller, id: string, ifMatch?: string): Promise<Outcome<void>> {
    await this.#act('deleteTask');
    const task = this.#task(caller, id);
    if (!task.ok) return task;
    const lost = ifMatch !== undefined && ifMatch !== this.#view(id, task.value).etag;
    if (lost) return no(412, 'the task has another version');
    this.versions.delete(at(caller, id));
    return yes(undefined);
  }
  listVersions(caller: Caller, id: string, request: PageRequest): Promise<Outcome<PageOf<TaskVersionView>>> {
    const task = this.#task(caller, id);
    if (!task.ok) return Promise.resolve(task);
    const views = task.value.map((spec, index) => ({ version: index + 1, createdAt: NOW, task: spec }));
    return Promise.resolve(page(views, request));
  }
  async rollbackTask(caller: Caller, id: string, version: number): Promise<Outcome<TaskView>> {
    await this.#act('rollbackTask');
    const task = this.#task(caller, id);
    if (!task.ok) return task;
    const old = task.value[version - 1];
    if (old === undefined) return no(404, `there is no version ${String(version)}`);
    task.value.push(old);
    return yes(this.#view(id, task.value));
  }

  async startRun(caller: Caller, id: string): Promise<Outcome<RunView>> {
    await this.#act('startRun');
    const task = this.#task(caller, id);
    return task.ok ? this.#start(caller, id, task.value.length) : task;
  }
  async startInline(caller: Caller, task: TaskSpec): Promise<Outcome<RunView>> {
    await this.#act('startInline');
    this.versions.set(at(caller, task.name), [task]);
    return this.#start(caller, task.name, 1);
  }
  listRuns(
    caller: Caller,
    filter: { taskId?: string; state?: RunView['state'] },
    request: PageRequest,
  ): Promise<Outcome<PageOf<RunView>>> {
    const own = [...this.runs].filter(([key]) => key.startsWith(`${caller.tenant}/`)).map(([, run]) => run);
    const { taskId, state } = filter;
    const wanted = own.filter((run) => (taskId ?? run.taskId) === run.taskId && (state ?? run.state) === run.state);
    return Promise.resolve(page(wanted, request));
  }
  getRun(caller: Caller, id: string): Promise<Outcome<RunView>> {
    return Promise.resolve(this.#run(caller, id));
  }
  async stopRun(caller: Caller, id: string): Promise<Outcome<RunView>> {
    await this.#act('stopRun');
    const run = this.#run(caller, id);
    if (!run.ok) return run;
    if (run.value.state === 'STOPPED') return no(409, 'the run has ended');
    const stopped: RunView = { ...run.value, state: 'STOPPED', stopReason: 'stopped by a user', finishedAt: NOW };
    this.runs.set(at(caller, id), stopped);
    return yes(stopped);
  }
  listShards(caller: Caller, id: string, request: PageRequest): Promise<Outcome<PageOf<ShardView>>> {
    return Promise.resolve(this.#about(caller, id, SHARDS, request));
  }
  timeline(caller: Caller, id: string, request: PageRequest): Promise<Outcome<PageOf<TimelineEvent>>> {
    return Promise.resolve(this.#about(caller, id, EVENTS, request));
  }
  ledger(
    caller: Caller,
    id: string,
    filter: { bucket?: string },
    request: PageRequest,
  ): Promise<Outcome<PageOf<LedgerLine | PendingLine>>> {
    const wanted = LEDGER.filter((line) => (filter.bucket ?? line.bucket) === line.bucket);
    return Promise.resolve(this.#about(caller, id, wanted, request));
  }
  records(caller: Caller, id: string, request: PageRequest): Promise<Outcome<PageOf<RecordLine>>> {
    return Promise.resolve(this.#about(caller, id, RECORDS, request));
  }
  results(caller: Caller, id: string): Promise<Outcome<ResultsView>> {
    const run = this.#run(caller, id);
    return Promise.resolve(run.ok ? yes(resultsOf(run.value)) : run);
  }
  async createUpload(): ReturnType<Operations['createUpload']> {
    await this.#act('createUpload');
    const id = '01k2m3n4p5q6r7s8t9v0w1x2y3';
    return yes({ id, url: 'https://bucket.example/put', expiresAt: NOW, list: `upload:${id}` });
  }
}

const NO_PROGRESS = {
  discovered: 0,
  pending: 0,
  collected: 0,
  unmodified: 0,
  duplicate: 0,
  excluded: 0,
  disallowed: 0,
  overBudget: 0,
  failed: 0,
  cancelled: 0,
  attempts: 0,
  records: 0,
  bytes: 0,
};
const queuedRun = (id: string, taskId: string, taskVersion: number): RunView => ({
  id,
  taskId,
  taskVersion,
  state: 'QUEUED',
  createdAt: NOW,
  region: 'local-1',
  progress: NO_PROGRESS,
  shards: { planned: 0, running: 0, done: 0 },
  rate: { targetsPerSecond: 0 },
});

const SHA = 'ab'.repeat(32);
const resultsOf = (run: RunView): ResultsView => ({
  version: 1,
  runId: run.id,
  taskId: run.taskId,
  taskVersion: run.taskVersion,
  state: run.state,
  region: run.region,
  createdAt: run.createdAt,
  totals: { ...run.progress, duplicateRecords: 0 },
  parts: [{ name: 'records-a.ndjson.gz', bytes: 9, sha256: SHA, lines: 1, url: 'https://bucket.example/a' }],
  ledger: [
    {
      name: 'ledger-a.ndjson.gz',
      bytes: 9,
      sha256: SHA,
      lines: 1,
      counts: { failed: 1 },
      url: 'https://bucket.example/b',
    },
  ],
  urlsExpireAt: NOW,
});

const SHARDS: ShardView[] = [
  {
    id: 'r000p001s000000',
    round: 0,
    state: 'PARKED',
    epoch: 2,
    targets: 10,
    pending: 4,
    counts: { collected: 6 },
    attempts: 7,
    records: 6,
    bytes: 600,
    commits: 1,
    hosts: ['a.example'],
    claimedAt: NOW,
    resumesAt: NOW,
  },
];
const EVENTS: TimelineEvent[] = [
  { at: NOW, type: 'run.created', detail: 'created' },
  { at: NOW, type: 'run.planned', detail: 'planned', data: { shards: 1 } },
];
const LEDGER: (LedgerLine | PendingLine)[] = [
  { url: 'https://a.example/1', bucket: 'failed', reason: 'status', status: 500, attempts: 4, records: 0, at: NOW },
  { url: 'https://a.example/2', bucket: 'collected', status: 200, attempts: 1, records: 1, at: NOW, depth: 1 },
  { url: 'https://a.example/3', bucket: 'pending', attempts: 0 },
];
const data: JsonObject = { title: 'A', price: 1.5, tags: ['x', null] };
const RECORDS: RecordLine[] = [0, 1, 2].map((index) => ({
  url: 'https://a.example/2',
  fetchedAt: NOW,
  status: 200,
  finalUrl: 'https://a.example/2',
  index,
  data,
}));
