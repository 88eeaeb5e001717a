/**
 * All steps on in-memory ports under a virtual clock, driven as the state machine and the queue would: for tests of the
 * core without a network, an emulator or a real second.
 */
import { bytesOf } from '#core/json.ts';
import { NO_SWITCHES } from '#core/switches.ts';
import type { CompileExtractor, Outgoing } from '#core/context.ts';
import type {
  Mails,
  DeadMessage,
  DeadMessages,
  EventBus,
  Fetcher,
  FetchRequest,
  FetchResult,
  Log,
  Meter,
  Orchestrator,
  RobotsAnswer,
  Schedules,
  ShardMessage,
  ShardQueue,
} from '#core/ports.ts';
import type { Caller, TenantSettings } from '#core/operations.ts';
import type { ScheduleSpec, TaskSpec } from '#core/task.ts';
import type { Mail } from '#core/alerts/mail.ts';
import type { CloudEvent } from '#core/alerts/notice.ts';
import { webhookKey } from '#core/alerts/webhook.ts';
import { asItem } from '#core/rows.ts';
import { UNBOUNDED } from '#core/quotas.ts';
import { tenantRow } from '#core/service/tenants.ts';
import { signerOf } from '#core/signing.ts';
import { createService } from '#core/service/service.ts';
import { readRun } from '#core/store.ts';
import { awaitRound } from '#core/steps/await.ts';
import { dispatch } from '#core/steps/dispatch.ts';
import { finish } from '#core/steps/finish.ts';
import { merge } from '#core/steps/merge.ts';
import { plan } from '#core/steps/plan.ts';
import { sweep } from '#core/steps/sweep.ts';
import { work } from '#core/steps/work.ts';
import { MemoryObjects } from '../../src/sim/memory-objects.ts';
import { MemorySecrets } from '../../src/sim/memory-secrets.ts';
import { MemoryTable } from '../../src/sim/memory-table.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

export const START = Date.UTC(2026, 10, 23);
export const caller: Caller = { tenant: 'acme', keyId: 'k1', scopes: ['read', 'write', 'admin'] };

export type Answer = Partial<{
  status: number;
  body: string;
  headers: Record<string, string>;
  finalUrl: string;
  ms: number;
}>;
/** What the web answers to a request; the default is 200 and the URL as body. */
export type Web = (request: FetchRequest, at: number) => Answer | FetchResult;

export function task(change: Partial<TaskSpec> = {}): TaskSpec {
  return {
    name: 'test',
    source: { urls: ['https://a.example/1'] },
    fetch: {
      headers: {},
      secretHeaders: {},
      timeoutSeconds: 30,
      maxBytes: 1 << 20,
      redirects: 5,
      robots: 'respect',
      cache: 'off',
    },
    extract: { format: 'none', fields: {}, keepBody: 'none' },
    pace: { requestsPerSecond: 100, concurrency: 8, adapt: true },
    retry: { attempts: 4, baseSeconds: 1, maxSeconds: 300 },
    limits: { maxTargets: 1_000_000, maxMinutes: 1440, maxRecords: null, maxCostUsd: null },
    output: { format: 'ndjson' },
    priority: 'normal',
    ...change,
  };
}

/** One record per body: `{body}`; links are the body's words that start with http. */
export const compileWords: CompileExtractor = ({ links, next }) =>
  Promise.resolve({
    extract: ({ body }) => {
      const text = new TextDecoder().decode(body);
      if (text === 'unreadable') return { ok: false, reason: 'extract', detail: 'unreadable' };
      const urls = text.split(/\s+/).filter((word) => word.startsWith('http'));
      const after = next && urls[0];
      return {
        ok: true,
        records: [bytesOf({ body: text.slice(0, 200) })],
        links: links ? urls : [],
        ...(after !== undefined && { next: after }),
      };
    },
  });

/** Without a timer or an answer for so long, a job is stuck. */
const STUCK_MS = 5_000;

export class MemoryWorld {
  readonly clock = new VirtualClock(START);
  readonly table = new MemoryTable();
  readonly pace = new MemoryTable();
  readonly objects = new MemoryObjects();
  readonly secrets = new MemorySecrets();
  /** What the queue and `drain` are given, and what tenants share. */
  workers = 4;
  readonly requests: { url: string; at: number }[] = [];
  readonly counted: Record<string, number> = {};
  readonly lines: { level: string; message: string; fields?: unknown }[] = [];
  readonly queued: { message: ShardMessage; at: number }[] = [];
  inFlight = new Map<string, number>();
  inFlightMax = new Map<string, number>();
  web: Web = () => ({});
  robots: (url: string, fetch: (url: string) => Promise<FetchResult>) => RobotsAnswer | Promise<RobotsAnswer> = () => ({
    kind: 'allowed',
  });
  readonly addresses = new Map<string, string>();
  /** Executions by run: the outcome their token was woken with, or nothing yet. */
  readonly executions = new Map<string, { attempt: number; woken?: string }>();
  /** Workers under way; those that a drain left behind go on in the next. */
  readonly #running = new Set<Promise<unknown>>();
  #random = 1;
  switches = NO_SWITCHES;

  get ports() {
    return {
      region: 'local-1',
      workersMax: this.workers,
      table: this.table,
      pace: this.pace,
      objects: this.objects,
      secrets: this.secrets,
      switches: { now: () => Promise.resolve(this.switches) },
      queue: this.queue,
      deadMessages: this.deadMessages,
      signer: signerOf('a secret that signs what tests make'),
      orchestrator: this.orchestrator,
      schedules: this.schedules,
      events: this.events,
      mails: this.mails,
      webhookKeys: {
        of: (tenant: string, generation: number) => Promise.resolve(webhookKey('stage secret', tenant, generation)),
      },
      clock: this.clock,
      chance: () => (this.#random = (this.#random * 16807) % 2147483647) / 2147483647,
      log: this.log,
      meter: this.meter,
      randomBytes: (n: number) =>
        Uint8Array.from({ length: n }, () => (this.#random = (this.#random * 16807) % 2147483647) & 255),
      ...this.outgoing,
      compileExtractor: compileWords,
      trial: () => Promise.resolve({ ...this.outgoing, compileExtractor: compileWords, fieldCandidates: () => [] }),
      readSitemap: () => {
        throw new Error('no sitemaps here');
      },
      listBuckets: [],

      resultsBucket: 'results',
    };
  }

  get service() {
    return createService(this.ports);
  }

  readonly queue: ShardQueue = {
    send: (messages, delaySeconds = 0) => {
      for (const message of messages) this.queued.push({ message, at: this.clock.now() + delaySeconds * 1000 });
      return Promise.resolve();
    },
  };

  readonly dead: DeadMessage[] = [];
  readonly deadMessages: DeadMessages = {
    receive: () => Promise.resolve(this.dead.slice(0, 10)),
    drop: (receipt) => {
      this.dead.splice(0, this.dead.length, ...this.dead.filter((message) => message.receipt !== receipt));
      return Promise.resolve();
    },
  };

  readonly orchestrator: Orchestrator = {
    start: (_tenant, runId, attempt) => {
      this.executions.set(runId, { attempt });
      return Promise.resolve();
    },
    wake: (token, output) => {
      const execution = this.executions.get(token.split(' ')[0] ?? '');
      if (execution === undefined || execution.woken !== undefined) return Promise.resolve('gone');
      execution.woken = String(output.outcome);
      return Promise.resolve('woken');
    },
    status: (_tenant, runId) => Promise.resolve(this.executions.has(runId) ? 'running' : 'none'),
  };

  /** What the outside was told of each task, latest last; undefined = it was taken away. */
  readonly placed = new Map<string, ({ spec: ScheduleSpec; firstAt: number } | undefined)[]>();
  readonly schedules: Schedules = {
    put: (_tenant, taskId, spec, firstAt) => Promise.resolve(this.#placed(taskId, { spec, firstAt })),
    remove: (_tenant, taskId) => Promise.resolve(this.#placed(taskId, undefined)),
  };
  #placed(taskId: string, what: { spec: ScheduleSpec; firstAt: number } | undefined): void {
    this.placed.set(taskId, [...(this.placed.get(taskId) ?? []), what]);
  }

  readonly told: CloudEvent[] = [];
  readonly mailed: Mail[] = [];
  mails: Mails | undefined = { send: (mail) => Promise.resolve(void this.mailed.push(mail)) };
  readonly events: EventBus = { put: (event) => Promise.resolve(void this.told.push(event)) };

  readonly log: Log = {
    info: (message, fields) => void this.lines.push({ level: 'info', message, fields }),
    warn: (message, fields) => void this.lines.push({ level: 'warn', message, fields }),
    error: (message, fields) => void this.lines.push({ level: 'error', message, fields }),
  };
  readonly meter: Meter = { count: (name, value) => void (this.counted[name] = (this.counted[name] ?? 0) + value) };

  get outgoing(): Outgoing {
    const fetcher: Fetcher = {
      fetch: async (request, signal) => this.#fetch(request, signal),
      whenQuiet: async (_bytes, job) => job(),
      close: () => Promise.resolve(),
    };
    return {
      fetcher,
      robots: { check: (url, _userAgent, fetch) => Promise.resolve(this.robots(url, fetch)) },
      userAgent: 'Gleaner/test',
      loadDomainOf: () => Promise.resolve((host) => host.split('.').slice(-2).join('.')),
      addressOf: (host) => Promise.resolve(this.addresses.get(host)),
    };
  }

  async #fetch(request: FetchRequest, signal?: AbortSignal): Promise<FetchResult> {
    const { host } = new URL(request.url);
    const now = (this.inFlight.get(host) ?? 0) + 1;
    this.inFlight.set(host, now);
    this.inFlightMax.set(host, Math.max(now, this.inFlightMax.get(host) ?? 0));
    this.requests.push({ url: request.url, at: this.clock.now() });
    const answer = this.web(request, this.clock.now());
    await this.clock.sleep(answer.ms ?? 20, signal);
    this.inFlight.set(host, (this.inFlight.get(host) ?? 1) - 1);
    if (signal?.aborted) return { ok: false, reason: 'aborted', detail: 'aborted', finalUrl: request.url, ms: 0 };
    if ('ok' in answer) return answer;
    const { status = 200, body = request.url, headers = {}, finalUrl = request.url } = answer;
    return {
      ok: true,
      status,
      headers,
      finalUrl,
      body: new TextEncoder().encode(body),
      redirects: 0,
      wireBytes: body.length,
      ms: 20,
    };
  }

  async open(): Promise<this> {
    return this.addTenant('acme');
  }

  async addTenant(id: string, settings: Partial<TenantSettings> = {}): Promise<this> {
    const all = { permissions: [], allowAddresses: [], weight: 1, quotas: UNBOUNDED, ...settings };
    await this.table.put(asItem(tenantRow(id, all, START)));
    return this;
  }

  /** Lets a job run to its end, moving the clock whenever everything waits. */
  async until<T>(job: Promise<T>): Promise<T> {
    const state = { over: false };
    const watched = job.finally(() => (state.over = true));
    watched.catch(() => undefined);
    let movedAt = performance.now();
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (state.over) break;
      if (this.clock.next()) movedAt = performance.now();
      // Real time: what is loaded when it is first asked for comes from the disk.
      if (performance.now() - movedAt > STUCK_MS) throw new Error('nothing moves any more');
    }
    return watched;
  }

  async startRun(spec: TaskSpec): Promise<string> {
    const started = await this.service.startInline(caller, spec);
    if (!started.ok) throw new Error(JSON.stringify(started.refusal));
    return started.value.id;
  }

  /** Handles every queued message (`most` of them), in order of time, up to `workers` at once, until none is left or it is enough. */
  async drain(workers = this.workers, isEnough = () => false, most = Infinity): Promise<void> {
    const running = this.#running;
    let left = most;
    for (;;) {
      while (running.size < workers) {
        this.queued.sort((a, b) => a.at - b.at);
        const [next] = this.queued;
        if (next === undefined || left === 0 || (next.at > this.clock.now() && running.size > 0)) break;
        this.queued.shift();
        while ((this.clock.nextAt ?? Infinity) <= next.at) this.clock.next();
        left--;
        this.clock.moveTo(next.at);
        const job = work(this.ports, next.message, this.clock.now() + 900_000).finally(() => running.delete(job));
        running.add(job);
      }
      if (running.size === 0 || isEnough()) return;
      await this.until(Promise.race(running));
    }
  }

  /** Plays the state machine over a run. */
  async play(runId: string, between: () => Promise<void> = () => this.drain()): Promise<string> {
    const attempt = (await readRun(this.table, 'acme', runId))?.attempt ?? 0;
    const ref = { tenant: 'acme', runId, attempt };
    for (let round = 0; ; round++) {
      const planned = await this.until(plan(this.ports, { ...ref, round }));
      if (!planned.proceed) break;
      if (planned.shards > 0) {
        await this.until(dispatch(this.ports, { ...ref, round }));
        this.executions.set(runId, { attempt });
        await awaitRound(this.ports, { ...ref, round, token: `${runId} ${String(round)}` });
        await between();
        for (let sweeps = 0; this.executions.get(runId)?.woken === undefined && sweeps < 50; sweeps++) {
          this.clock.moveTo(this.clock.now() + 60_000);
          await this.until(sweep(this.ports));
          await this.drain();
        }
        if (this.executions.get(runId)?.woken !== 'roundDone') break;
      }
      if (!planned.crawls) break;
      const merged = await this.until(merge(this.ports, { ...ref, round }));
      if (!merged.more) break;
    }
    return (await this.until(finish(this.ports, ref))).state;
  }
}
