/**
 * `Operations` in memory: what the HTTP face is tested against. Keeps tasks, runs and idempotency records by tenant as
 * the real ones promise to, and runs nothing. Time stands still; ids count up.
 */
import type { LedgerLine } from '#core/ledger.ts';
import type { Caller, DeadLettersRedriven, DeadLetterView, Explanation, Once, Operations } from '#core/operations.ts';
import type { Outcome, PageOf, PageRequest, PendingLine, RecordLine, Refusal, Remembered } from '#core/operations.ts';
import type { Allowance, AlertView, PreviewView, WebhookSecretView } from '#core/operations.ts';
import type { RememberedResponse, ResultsView, RunView, ShardView, SigningKeyView } from '#core/operations.ts';
import type { StartOptions, TaskVersionView, TaskView, TimelineEvent } from '#core/operations.ts';
import type { ApiKeyView, CreatedKey, KeyRequest, SecretView, TenantSettings, TenantView } from '#core/operations.ts';
import type { ConfigVersionView, ConfigView, HostStatus, SwitchesView } from '#core/operations.ts';
import type { Defaults } from '#core/defaults.ts';
import { ALERT } from './fake-views.ts';
import { isEnded } from '#core/run.ts';
import type { TaskSpec } from '#core/task.ts';
import { API_KEY, DEAD_LETTERS, EVENTS, EXPLANATION, LEDGER, NOW, queuedRun, RECORDS } from './fake-views.ts';
import { configOf, configVersionOf, HOST, resultsOf, SECRET, SHARDS, SIGNING_KEY, TENANT } from './fake-views.ts';
import { usageOf } from './fake-views.ts';

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
  readonly configs = new Map<string, ConfigView>();
  readonly tenants = new Map<string, TenantView>();
  readonly deeds = new Map<string, Deed>();
  /** How often each operation was asked. */
  readonly calls: string[] = [];
  allowed: Allowance = { isOver: false };
  /** The keys of what was created once, and the overlaps of what was started, in order. */
  readonly onces: Once[] = [];
  readonly overlaps: StartOptions['overlap'][] = [];
  /** Thrown by the next operation that changes something. */
  failure: Error | undefined;
  private made = 0;

  #act(name: string, once?: Once): Promise<void> {
    this.calls.push(name);
    if (once !== undefined) this.onces.push(once);
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
  allowance(): Promise<Allowance> {
    return Promise.resolve(this.allowed);
  }
  remembered(caller: Caller, key: string, fingerprint: string): Promise<Remembered> {
    const deed = this.deeds.get(at(caller, key));
    if (deed === undefined) {
      this.deeds.set(at(caller, key), { fingerprint });
      return Promise.resolve({ kind: 'new', once: { seed: `of ${at(caller, key)}`, at: Date.parse(NOW) } });
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

  async createTask(caller: Caller, task: TaskSpec, once?: Once): Promise<Outcome<TaskView>> {
    await this.#act('createTask', once);
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
  async rollbackTask(caller: Caller, id: string, version: number, once?: Once): Promise<Outcome<TaskView>> {
    await this.#act('rollbackTask', once);
    const task = this.#task(caller, id);
    if (!task.ok) return task;
    const old = task.value[version - 1];
    if (old === undefined) return no(404, `there is no version ${String(version)}`);
    task.value.push(old);
    return yes(this.#view(id, task.value));
  }

  async startRun(caller: Caller, id: string, { overlap, once }: StartOptions = {}): Promise<Outcome<RunView>> {
    await this.#act('startRun', once);
    this.overlaps.push(overlap);
    const task = this.#task(caller, id);
    return task.ok ? this.#start(caller, id, task.value.length) : task;
  }
  async preview(): Promise<Outcome<PreviewView>> {
    await this.#act('preview');
    return { ok: true, value: { warnings: [] } };
  }
  async startInline(caller: Caller, task: TaskSpec, { overlap, once }: StartOptions = {}): Promise<Outcome<RunView>> {
    await this.#act('startInline', once);
    this.overlaps.push(overlap);
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
    if (isEnded(run.value.state)) return no(409, 'the run has ended');
    const { pausedAt: _, ...live } = run.value;
    return this.#become(caller, { ...live, state: 'STOPPED', stopReason: 'stopped by a user', finishedAt: NOW });
  }
  /** The fake has no workers: every live run counts as one that runs. */
  async pauseRun(caller: Caller, id: string): Promise<Outcome<RunView>> {
    await this.#act('pauseRun');
    const run = this.#run(caller, id);
    if (!run.ok) return run;
    if (isEnded(run.value.state)) return no(409, 'the run has ended');
    return this.#become(caller, { ...run.value, state: 'PAUSED', pausedAt: NOW });
  }
  async resumeRun(caller: Caller, id: string): Promise<Outcome<RunView>> {
    await this.#act('resumeRun');
    const run = this.#run(caller, id);
    if (!run.ok) return run;
    if (isEnded(run.value.state)) return no(409, 'the run has ended');
    const { pausedAt: _, ...live } = run.value;
    return this.#become(caller, { ...live, state: 'RUNNING' });
  }
  async redriveRun(caller: Caller, id: string, once?: Once): Promise<Outcome<RunView>> {
    await this.#act('redriveRun', once);
    const run = this.#run(caller, id);
    if (!run.ok) return run;
    const { finishedAt, stopReason: _, ...rest } = run.value;
    if (finishedAt === undefined) return no(409, 'the run has not ended');
    return this.#become(caller, { ...rest, state: 'QUEUED', redrives: (rest.redrives ?? 0) + 1 });
  }
  #become(caller: Caller, run: RunView): Outcome<RunView> {
    this.runs.set(at(caller, run.id), run);
    return yes(run);
  }
  explain(caller: Caller, id: string, target: { url: string; method?: string }): Promise<Outcome<Explanation>> {
    const run = this.#run(caller, id);
    if (!run.ok) return Promise.resolve(run);
    const { url, method } = target;
    if (url !== EXPLANATION.url) return Promise.resolve(no(404, 'the run has no such target'));
    return Promise.resolve(yes({ ...EXPLANATION, ...(method !== undefined && { method }) }));
  }
  async listAlerts(
    _caller: Caller,
    _filter: { taskId?: string; state?: 'raised' | 'resolved' },
    request: PageRequest,
  ): Promise<Outcome<PageOf<AlertView>>> {
    return page([ALERT], request);
  }
  async getWebhookSecret(): Promise<Outcome<WebhookSecretView>> {
    return yes({ secret: 'whsec_AAAA' });
  }
  async rotateWebhookSecret(_caller: Caller, once?: Once): Promise<Outcome<WebhookSecretView>> {
    await this.#act('rotateWebhookSecret', once);
    return yes({ secret: 'whsec_BBBB', rotatedAt: NOW, previous: 'whsec_AAAA', previousUntil: NOW });
  }
  listDeadLetters(
    caller: Caller,
    { runId }: { runId?: string },
    request: PageRequest,
  ): Promise<Outcome<PageOf<DeadLetterView>>> {
    const own = caller.tenant === 'acme' ? DEAD_LETTERS : [];
    return Promise.resolve(
      page(
        own.filter((letter) => (runId ?? letter.runId) === letter.runId),
        request,
      ),
    );
  }
  async redriveDeadLetters(_caller: Caller, ids?: string[]): Promise<Outcome<DeadLettersRedriven>> {
    await this.#act('redriveDeadLetters');
    const known = DEAD_LETTERS.map(({ id }) => id);
    const [wanted, unknown] = [ids ?? known, (ids ?? []).filter((id) => !known.includes(id))];
    return yes({
      redriven: wanted.filter((id) => known.includes(id)),
      refused: unknown.map((id) => ({ id, detail: 'there is no such dead letter' })),
    });
  }
  getConfig(caller: Caller): Promise<Outcome<ConfigView>> {
    return Promise.resolve(yes(this.configs.get(caller.tenant) ?? configOf(0)));
  }
  async putConfig(caller: Caller, config: Defaults, ifMatch?: string): Promise<Outcome<ConfigView>> {
    await this.#act('putConfig');
    const { version, etag } = this.configs.get(caller.tenant) ?? configOf(0);
    if (ifMatch !== undefined && ifMatch !== etag) return no(412, 'it has changed');
    const next = configOf(version + 1, config);
    this.configs.set(caller.tenant, next);
    return yes(next);
  }
  listConfigVersions(caller: Caller, request: PageRequest): Promise<Outcome<PageOf<ConfigVersionView>>> {
    const newest = this.configs.get(caller.tenant);
    return Promise.resolve(page(newest ? [configVersionOf(newest)] : [], request));
  }
  async rollbackConfig(caller: Caller, version: number, once?: Once): Promise<Outcome<ConfigView>> {
    await this.#act('rollbackConfig', once);
    if (version > (this.configs.get(caller.tenant)?.version ?? 0)) return no(404, 'there is no such version');
    const next = configOf((this.configs.get(caller.tenant)?.version ?? 0) + 1);
    this.configs.set(caller.tenant, next);
    return yes(next);
  }
  switches(): Promise<SwitchesView> {
    return Promise.resolve({
      pauseNewRuns: false,
      noBodies: false,
      cacheOnly: false,
      tenantsPaused: 1,
      hostsPaused: 0,
    });
  }
  usage(_caller: Caller, { from = '2026-11-25', to = '2026-11-26' }: { from?: string; to?: string }) {
    return Promise.resolve(yes(usageOf(from, to)));
  }
  signingKeys(): Promise<SigningKeyView[]> {
    return Promise.resolve([SIGNING_KEY]);
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
  async createUpload(_caller: Caller, once?: Once): ReturnType<Operations['createUpload']> {
    await this.#act('createUpload', once);
    const id = '01k2m3n4p5q6r7s8t9v0w1x2y3';
    return yes({ id, url: 'https://bucket.example/put', expiresAt: NOW, list: `upload:${id}` });
  }

  listHosts(_: Caller, request: PageRequest): Promise<Outcome<PageOf<HostStatus>>> {
    return Promise.resolve(page([HOST], request));
  }
  getHost(_: Caller, host: string): Promise<Outcome<HostStatus>> {
    return Promise.resolve(host === HOST.host ? yes(HOST) : no(404, 'no such host'));
  }
  async putHost(_: Caller, host: string): Promise<Outcome<HostStatus>> {
    await this.#act('putHost');
    return yes({ ...HOST, host });
  }
  async deleteHost(): Promise<Outcome<void>> {
    await this.#act('deleteHost');
    return yes(undefined);
  }

  listSecrets(_: Caller, request: PageRequest): Promise<Outcome<PageOf<SecretView>>> {
    return Promise.resolve(page([SECRET], request));
  }
  getSecret(_: Caller, name: string): Promise<Outcome<SecretView>> {
    return Promise.resolve(yes({ ...SECRET, name }));
  }
  async putSecret(_: Caller, name: string): Promise<Outcome<SecretView>> {
    await this.#act('putSecret');
    return yes({ ...SECRET, name });
  }
  async deleteSecret(): Promise<Outcome<void>> {
    await this.#act('deleteSecret');
    return yes(undefined);
  }

  // The tenant of the caller is all that there is, with one key; whoever asks for another one is told that it is none.
  #tenant(caller: Caller, id: string): Outcome<TenantView> {
    return id === caller.tenant || this.tenants.has(id)
      ? yes(this.tenants.get(id) ?? { ...TENANT, id })
      : no(404, `there is no tenant ${id}`);
  }
  async createTenant(_: Caller, id: string, settings: TenantSettings, once?: Once): Promise<Outcome<TenantView>> {
    await this.#act('createTenant', once);
    if (this.tenants.has(id)) return no(409, `there is a tenant ${id} already`);
    const view = { ...TENANT, ...settings, id };
    this.tenants.set(id, view);
    return yes(view);
  }
  listTenants(caller: Caller, request: PageRequest): Promise<Outcome<PageOf<TenantView>>> {
    return Promise.resolve(page([{ ...TENANT, id: caller.tenant }, ...this.tenants.values()], request));
  }
  getTenant(caller: Caller, id: string): Promise<Outcome<TenantView>> {
    return Promise.resolve(this.#tenant(caller, id));
  }
  async replaceTenant(caller: Caller, id: string, settings: TenantSettings): Promise<Outcome<TenantView>> {
    await this.#act('replaceTenant');
    const tenant = this.#tenant(caller, id);
    return tenant.ok ? yes({ ...tenant.value, ...settings }) : tenant;
  }
  async createKey(caller: Caller, id: string, request: KeyRequest, once?: Once): Promise<Outcome<CreatedKey>> {
    await this.#act('createKey', once);
    const tenant = this.#tenant(caller, id);
    if (!tenant.ok) return tenant;
    const { notAfter: _, ...named } = request;
    return yes({ ...API_KEY, ...named, tenantId: id, key: `gln_${id}_secret` });
  }
  listKeys(caller: Caller, id: string, request: PageRequest): Promise<Outcome<PageOf<ApiKeyView>>> {
    const tenant = this.#tenant(caller, id);
    return Promise.resolve(tenant.ok ? page([{ ...API_KEY, tenantId: id }], request) : tenant);
  }
  async revokeKey(caller: Caller, id: string): Promise<Outcome<void>> {
    await this.#act('revokeKey');
    const tenant = this.#tenant(caller, id);
    return tenant.ok ? yes(undefined) : tenant;
  }
  async rotateKey(caller: Caller, id: string, _key: string, _how: object, once?: Once): Promise<Outcome<CreatedKey>> {
    await this.#act('rotateKey', once);
    const tenant = this.#tenant(caller, id);
    return tenant.ok ? yes({ ...API_KEY, tenantId: id, key: `gln_${id}_secret` }) : tenant;
  }
}
