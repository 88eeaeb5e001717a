/**
 * What the API can ask of Gleaner, as an interface between `src/api` (HTTP: routes, schemas, problems) and the steps that
 * do it. Every operation takes the caller, whose tenant is the first part of every key it touches.
 */
import type { Defaults, Difference } from './defaults.ts';
import type { Bucket, FailReason, LedgerLine } from './ledger.ts';
import type { Signature } from './ports.ts';
import type { JsonObject } from './json.ts';
import type { HostView } from './pace/explain.ts';
import type { OperatorWord } from './pace/operator.ts';
import type { RunState } from './run.ts';
import type { ShardState } from './shard.ts';
import type { Permission, QuotaName, Quotas } from './quotas.ts';
import type { HeldBy } from './rows.ts';
import type { Rule } from './alerts/rules.ts';
import type { TaskSpec } from './task.ts';
import type { CostByService } from './usage.ts';

export const SCOPES = ['read', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];
export interface Caller {
  tenant: string;
  keyId: string;
  scopes: Scope[];
}

/** An expected "no": becomes an RFC 9457 problem. */
export interface Refusal {
  status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 422 | 429;
  title: string;
  detail: string;
  errors?: { path: string; message: string }[];
}
export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

export interface PageRequest {
  /** 1..PAGE_LIMIT_MAX. */
  limit: number;
  cursor?: string;
}
export interface PageOf<T> {
  items: T[];
  nextCursor?: string;
}

export interface TaskView {
  id: string;
  version: number;
  /** Strong validator of this version, quotes included: the `ETag` header. */
  etag: string;
  createdAt: string;
  updatedAt: string;
  /** The definition with defaults filled in. */
  task: TaskSpec;
  /** What is accepted but not acted upon by this release, for people. */
  warnings?: string[];
  /** Of a task with a schedule, as things stand: not part of the version that `etag` is of. */
  schedule?: ScheduleView;
}
/** One incident of a rule of a task. */
export interface AlertView {
  id: string;
  taskId: string;
  rule: Rule;
  state: 'raised' | 'resolved';
  raisedAt: string;
  resolvedAt?: string;
  /** The runs that raised and resolved it. */
  runId?: string;
  resolvedBy?: string;
  /** What was found, and what the task wants. */
  value: number;
  limit: number;
  detail: string;
  /** To webhooks. Empty until there was a first attempt to tell. */
  deliveries: {
    event: 'raised' | 'resolved';
    to: string;
    state: 'pending' | 'delivered' | 'failed';
    attempts: number;
    lastAt?: string;
    nextAt?: string;
    error?: string;
  }[];
}
export interface WebhookSecretView {
  /** `whsec_…` */
  secret: string;
  rotatedAt?: string;
  /** Signs beside the new one. */
  previous?: string;
  previousUntil?: string;
}
export interface ScheduleView {
  /** When it is due next. */
  nextRuns: string[];
  /** False for the moments after a change. */
  inPlace: boolean;
  /** The due time last seen to. `skipped` = another run was going on, `refused` = it could not be started. */
  last?: { at: string; what: 'started' | 'skipped' | 'refused'; runId?: string; detail?: string };
  /** Due runs that could not be started within the hour, since the schedule was put up. */
  missed: number;
  lastMissedAt?: string;
}
export interface TaskVersionView {
  version: number;
  createdAt: string;
  task: TaskSpec;
}

export type Progress = { discovered: number } & Record<Bucket, number> & {
    attempts: number;
    records: number;
    bytes: number;
    /** Records dropped because `extract.key` had been seen; known at the end. */
    duplicateRecords?: number;
  };
export interface RunView {
  id: string;
  taskId: string;
  taskVersion: number;
  state: RunState;
  stopReason?: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  region: string;
  progress: Progress;
  shards: { planned: number; running: number; done: number };
  rate: { targetsPerSecond: number; etaSeconds?: number };
  error?: { type: string; detail: string };
  /** While PAUSED: since when. */
  pausedAt?: string;
  /** While QUEUED behind another run of its task (`overlap: queue`): that run. */
  waitsFor?: string;
  /** Of the tenant's defaults that it started with; absent: there were none. */
  configVersion?: number;
  /** While it is QUEUED or PAUSED because of a switch of the operator's or a quota; it goes on by itself. */
  heldBy?: HeldBy;
  /** The quota that is used up, where that is why. */
  quota?: QuotaName;
  /** How often its failed targets were tried again. */
  redrives?: number;
  /** Estimated from metered operations and the price table of `prices.ts`; absent until something was metered. */
  costUsd?: number;
  costByService?: CostByService;
}

/**
 * A POST that carried an Idempotency-Key. What it creates is named by this, so that a repetition whose first answer was
 * lost creates nothing again.
 */
export interface Once {
  /** SHA-256 (hex) over tenant and key. */
  seed: string;
  /** When the key first came, UTC ms. */
  at: number;
}

/** What a start does when another run of the same task is not over: refuse (409), wait for it, or run beside it. */
export const OVERLAPS = ['skip', 'queue', 'allow'] as const;
export type Overlap = (typeof OVERLAPS)[number];
export interface StartOptions {
  /** Absent: `schedule.overlap` of the task, where it has none `allow`. */
  overlap?: Overlap;
  once?: Once;
  /** Of an inline task; see `createTask`. */
  given?: string[];
}

/** One target's whole story. */
export interface Explanation {
  /** As named in the run. */
  url: string;
  method?: string;
  bucket: Bucket;
  reason?: FailReason;
  /** The rule or the cause, for people. */
  detail?: string;
  status?: number;
  attempts: number;
  waitedMs?: number;
  lastFailure?: string;
  records: number;
  /** When its end was decided. */
  at?: string;
  /** While it is pending: when the next attempt is due. */
  nextAttemptAt?: string;
  discovered: { by: 'source' | 'link'; round: number; depth?: number; from?: string };
  /** Absent when planning itself decided. */
  shard?: { id: string; state: ShardState; epoch: number };
  /** Where its ledger line stands, lines from 1. */
  ledger?: { file: string; line: number };
  /** Where its records stand as collected, lines from 1. */
  parts: { file: string; line: number; lines: number }[];
  /** How often the run named it again: each is a `duplicate` line. */
  namedAgain: number;
  /** All of the above in order, as sentences. */
  story: { at?: string; says: string }[];
}

/** Something that a worker could not survive or a message that nobody could handle. */
export interface DeadLetterView {
  id: string;
  kind: 'target' | 'message';
  runId: string;
  shardId: string;
  /** For a target. */
  url?: string;
  detail: string;
  at: string;
}
export interface DeadLettersRedriven {
  redriven: string[];
  /** Left as they were, and why. */
  refused: { id: string; detail: string }[];
}

export interface SwitchesView {
  pauseNewRuns: boolean;
  noBodies: boolean;
  cacheOnly: boolean;
  tenantsPaused: number;
  hostsPaused: number;
}
export interface ConfigView {
  /** 0: nothing was ever configured. */
  version: number;
  etag: string;
  config: Defaults;
  updatedAt?: string;
  /** Id of the key that wrote it. */
  updatedBy?: string;
}
export interface ConfigVersionView {
  version: number;
  createdAt: string;
  createdBy: string;
  config: Defaults;
  /** Against the version before. */
  changes: Difference[];
}

export interface UsageFigures {
  /** Targets that ended as collected or failed. */
  targets: number;
  records: number;
  /** Body bytes received. */
  bytes: number;
  costUsd: number;
  costByService: CostByService;
}
export interface UsageView {
  /** Days like `2026-11-26`, UTC, both included. */
  from: string;
  to: string;
  days: ({ day: string } & UsageFigures)[];
  total: UsageFigures;
  /** When and for which region the prices were read. */
  prices: { date: string; region: string };
}

/** Whose requests a word on a host holds for. */
export const HOST_SCOPES = ['tenant', 'everyone'] as const;
export type HostScope = (typeof HOST_SCOPES)[number];
/** A cap or a stop; replaces what was said before in the same scope. */
export interface HostWord extends OperatorWord {
  /** Absent: everyone's where the caller may say so, else its tenant's. */
  scope?: HostScope;
}
/** The pace of a host as one tenant sees it. */
export type HostStatus = Omit<HostView, 'why'> & {
  host: string;
  why: HostView['why'] | 'tenant';
  /** The narrowest cap that somebody has set, requests per second; absent = none. */
  limit?: number;
  /** The record its requests belong to, where the task groups hosts by domain or address. */
  budget?: string;
  /** When a worker of this tenant last took up targets in it. */
  seenAt?: string;
  crawlDelaySeconds?: number;
  /** This tenant's own word. */
  tenant?: { requestsPerSecond?: number; stop: boolean };
};

/** The public half of the key that signs manifests. */
export type SigningKeyView = Pick<Signature, 'algorithm' | 'keyId' | 'publicKey'>;

export interface ShardView {
  id: string;
  round: number;
  state: ShardState;
  epoch: number;
  targets: number;
  pending: number;
  counts: Partial<Record<Bucket, number>>;
  attempts: number;
  records: number;
  bytes: number;
  commits: number;
  hosts: string[];
  claimedAt?: string;
  finishedAt?: string;
  /** For PARKED: when it goes on. */
  resumesAt?: string;
}
export interface TimelineEvent {
  at: string;
  /** `run.created`, `run.planned`, `shard.done`, … */
  type: string;
  detail: string;
  data?: JsonObject;
}

export interface RecordLine {
  url: string;
  fetchedAt: string;
  status: number;
  finalUrl: string;
  index: number;
  data: JsonObject;
}

/** One results or ledger object as the manifest names it. */
export interface ManifestFile {
  /** Unique within the run and safe as a file name: `records-….ndjson.gz`, `ledger-….ndjson.gz`. */
  name: string;
  bytes: number;
  sha256: string;
  lines: number;
  /** For ledger files: lines by bucket. */
  counts?: Partial<Record<Bucket, number>>;
}
export interface Manifest {
  version: 1;
  runId: string;
  taskId: string;
  taskVersion: number;
  state: RunState;
  region: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  totals: Progress;
  parts: ManifestFile[];
  ledger: ManifestFile[];
  /** Over all of the above (see `signing.ts`); written by `finish`, so absent while the run lives. */
  signature?: Signature;
}
/** While the run lives: what is committed so far, state RUNNING, no promise of completeness. */
export type ResultsView = Omit<Manifest, 'parts' | 'ledger'> & {
  parts: (ManifestFile & { url: string })[];
  ledger: (ManifestFile & { url: string })[];
  /** When the download URLs cease to work. */
  urlsExpireAt: string;
};

export interface UploadView {
  id: string;
  /** Take one PUT of the list (txt, csv or ndjson, `.gz` allowed) until `expiresAt`. */
  url: string;
  expiresAt: string;
  /** How a task names it: `upload:ID`. */
  list: string;
}

/** What an operator decides about a tenant. */
export interface TenantSettings {
  name?: string;
  permissions: Permission[];
  /** CIDR ranges that it may reach beyond public addresses. */
  allowAddresses: string[];
  /** Its share of the workers beside other tenants. */
  weight: number;
  quotas: Quotas;
  /** Its cap for every host, requests per second; absent = none. */
  hostRequestsPerSecond?: number;
}
export interface TenantView extends TenantSettings {
  id: string;
  createdAt: string;
  updatedAt: string;
}
export interface KeyRequest {
  name?: string;
  scopes: Scope[];
  /** When it ends by itself, UTC ms. */
  notAfter?: number;
}
export interface Rotation {
  /** The old key works on for so long. */
  overlapSeconds: number;
  /** Of the new key; absent: it lasts as long as the old one did. */
  notAfter?: number;
}
export interface ApiKeyView {
  id: string;
  tenantId: string;
  name?: string;
  scopes: Scope[];
  state: 'active' | 'expired' | 'revoked';
  createdAt: string;
  expiresAt?: string;
  revokedAt?: string;
  /** Id of the key that takes its place. */
  rotatedTo?: string;
}
/** A secret without its value. */
export interface SecretView {
  name: string;
  createdAt: string;
  updatedAt: string;
}
export interface CreatedKey extends ApiKeyView {
  /** The key itself: shown in the first answer and in no other. */
  key?: string;
}

/** Answer to a POST that carried an Idempotency-Key. */
export interface RememberedResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}
export type Remembered =
  | { kind: 'new'; once: Once }
  | { kind: 'replay'; response: RememberedResponse }
  /** The key came with another request before, or its first request is still being answered. */
  | { kind: 'mismatch' }
  | { kind: 'busy' };

/** Something on a page that could be a field: `css` (with `attr`) or `json`. */
export interface FieldCandidate {
  name: string;
  css?: string;
  attr?: string;
  json?: string;
  /** What it gives on this page, cut. */
  sample: string;
  /** Places on the page that it names. */
  count: number;
}
export interface PreviewView {
  warnings: string[];
  /** Absent: no page was asked for, or none was got. */
  page?: { finalUrl: string; status: number; contentType: string; bytes: number; ms: number };
  /** Why there is no page, or why no record. */
  problem?: { reason: string; detail: string };
  records?: JsonObject[];
  candidates?: FieldCandidate[];
}

/** What is left of a tenant's `requestsPerMinute`, the request at hand taken off. */
export type Allowance =
  { isOver: false; limit?: undefined } | { isOver: boolean; limit: number; remaining: number; resetSeconds: number };

export interface Operations {
  /** The caller behind an API key, or undefined: unknown, expired, revoked. */
  authenticate(key: string): Promise<Caller | undefined>;
  /** Counts a request of the caller's tenant. */
  allowance(caller: Caller): Promise<Allowance>;
  remembered(caller: Caller, idempotencyKey: string, fingerprint: string): Promise<Remembered>;
  remember(caller: Caller, idempotencyKey: string, fingerprint: string, response: RememberedResponse): Promise<void>;
  /** The request failed in a way that may be tried again: free the key. */
  forget(caller: Caller, idempotencyKey: string): Promise<void>;

  /** @param given what the document names itself of what the tenant's defaults may fill (`givenOf`); absent = all of it. */
  createTask(caller: Caller, task: TaskSpec, once?: Once, given?: string[]): Promise<Outcome<TaskView>>;
  listTasks(caller: Caller, page: PageRequest): Promise<Outcome<PageOf<TaskView>>>;
  getTask(caller: Caller, taskId: string): Promise<Outcome<TaskView>>;
  replaceTask(
    caller: Caller,
    taskId: string,
    task: TaskSpec,
    ifMatch?: string,
    given?: string[],
  ): Promise<Outcome<TaskView>>;
  deleteTask(caller: Caller, taskId: string, ifMatch?: string): Promise<Outcome<void>>;
  listVersions(caller: Caller, taskId: string, page: PageRequest): Promise<Outcome<PageOf<TaskVersionView>>>;
  /** Makes a new version equal to an old one. */
  rollbackTask(caller: Caller, taskId: string, version: number, once?: Once): Promise<Outcome<TaskView>>;

  /** Judges a draft and tries it on one page, when one is named. Stores nothing. */
  preview(caller: Caller, task: TaskSpec, url?: string): Promise<Outcome<PreviewView>>;
  startRun(caller: Caller, taskId: string, options?: StartOptions): Promise<Outcome<RunView>>;
  /** Puts the task (a new version if it changed) and runs it once. */
  startInline(caller: Caller, task: TaskSpec, options?: StartOptions): Promise<Outcome<RunView>>;
  listRuns(
    caller: Caller,
    filter: { taskId?: string; state?: RunState },
    page: PageRequest,
  ): Promise<Outcome<PageOf<RunView>>>;
  getRun(caller: Caller, runId: string): Promise<Outcome<RunView>>;
  stopRun(caller: Caller, runId: string): Promise<Outcome<RunView>>;
  /** RUNNING → PAUSED; no request leaves later than 5 s after the answer. Its time limit stands still meanwhile. */
  pauseRun(caller: Caller, runId: string): Promise<Outcome<RunView>>;
  resumeRun(caller: Caller, runId: string): Promise<Outcome<RunView>>;
  /** The failed targets of a finished run once more, in the same run. */
  redriveRun(caller: Caller, runId: string, once?: Once): Promise<Outcome<RunView>>;
  explain(caller: Caller, runId: string, target: { url: string; method?: string }): Promise<Outcome<Explanation>>;
  listDeadLetters(
    caller: Caller,
    filter: { runId?: string },
    page: PageRequest,
  ): Promise<Outcome<PageOf<DeadLetterView>>>;
  /** All of the tenant's (up to a thousand at a time) or those named. */
  redriveDeadLetters(caller: Caller, ids?: string[]): Promise<Outcome<DeadLettersRedriven>>;
  getConfig(caller: Caller): Promise<Outcome<ConfigView>>;
  putConfig(caller: Caller, config: Defaults, ifMatch?: string): Promise<Outcome<ConfigView>>;
  listConfigVersions(caller: Caller, page: PageRequest): Promise<Outcome<PageOf<ConfigVersionView>>>;
  /** Makes a new version equal to an old one. */
  rollbackConfig(caller: Caller, version: number, once?: Once): Promise<Outcome<ConfigView>>;
  /** What the tenant's runs used and cost; by default over the last thirty days. */
  usage(caller: Caller, span: { from?: string; to?: string }): Promise<Outcome<UsageView>>;
  listHosts(caller: Caller, page: PageRequest): Promise<Outcome<PageOf<HostStatus>>>;
  getHost(caller: Caller, host: string): Promise<Outcome<HostStatus>>;
  putHost(caller: Caller, host: string, word: HostWord): Promise<Outcome<HostStatus>>;
  deleteHost(caller: Caller, host: string, scope?: HostScope): Promise<Outcome<void>>;
  /** What the operator has switched off. */
  switches(): Promise<SwitchesView>;
  signingKeys(): Promise<SigningKeyView[]>;
  listShards(caller: Caller, runId: string, page: PageRequest): Promise<Outcome<PageOf<ShardView>>>;
  timeline(caller: Caller, runId: string, page: PageRequest): Promise<Outcome<PageOf<TimelineEvent>>>;
  ledger(
    caller: Caller,
    runId: string,
    filter: { bucket?: Bucket },
    page: PageRequest,
  ): Promise<Outcome<PageOf<LedgerLine | PendingLine>>>;
  results(caller: Caller, runId: string): Promise<Outcome<ResultsView>>;
  records(caller: Caller, runId: string, page: PageRequest): Promise<Outcome<PageOf<RecordLine>>>;
  createUpload(caller: Caller, once?: Once): Promise<Outcome<UploadView>>;
  listAlerts(
    caller: Caller,
    filter: { taskId?: string; state?: 'raised' | 'resolved' },
    page: PageRequest,
  ): Promise<Outcome<PageOf<AlertView>>>;
  getWebhookSecret(caller: Caller): Promise<Outcome<WebhookSecretView>>;
  rotateWebhookSecret(caller: Caller, once?: Once): Promise<Outcome<WebhookSecretView>>;

  listSecrets(caller: Caller, page: PageRequest): Promise<Outcome<PageOf<SecretView>>>;
  getSecret(caller: Caller, name: string): Promise<Outcome<SecretView>>;
  /** Creates it or replaces its value. */
  putSecret(caller: Caller, name: string, value: string): Promise<Outcome<SecretView>>;
  deleteSecret(caller: Caller, name: string): Promise<Outcome<void>>;
  createTenant(caller: Caller, id: string, settings: TenantSettings, once?: Once): Promise<Outcome<TenantView>>;
  listTenants(caller: Caller, page: PageRequest): Promise<Outcome<PageOf<TenantView>>>;
  getTenant(caller: Caller, id: string): Promise<Outcome<TenantView>>;
  replaceTenant(caller: Caller, id: string, settings: TenantSettings): Promise<Outcome<TenantView>>;
  createKey(caller: Caller, tenantId: string, request: KeyRequest, once?: Once): Promise<Outcome<CreatedKey>>;
  listKeys(caller: Caller, tenantId: string, page: PageRequest): Promise<Outcome<PageOf<ApiKeyView>>>;
  revokeKey(caller: Caller, tenantId: string, keyId: string): Promise<Outcome<void>>;
  rotateKey(
    caller: Caller,
    tenantId: string,
    keyId: string,
    rotation: Rotation,
    once?: Once,
  ): Promise<Outcome<CreatedKey>>;
}

/** A target that has no end yet, as `ledger?bucket=pending` shows it. */
export interface PendingLine {
  url: string;
  method?: string;
  bucket: 'pending';
  attempts: number;
}
