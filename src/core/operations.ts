/**
 * What the API can ask of Gleaner, as an interface between `src/api` (HTTP: routes, schemas, problems) and the steps that
 * do it. Every operation takes the caller, whose tenant is the first part of every key it touches.
 */
import type { Bucket, LedgerLine } from './ledger.ts';
import type { JsonObject } from './json.ts';
import type { RunState, ShardState } from './run.ts';
import type { TaskSpec } from './task.ts';

export type Scope = 'read' | 'write' | 'admin';
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
}

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

/** Answer to a POST that carried an Idempotency-Key. */
export interface RememberedResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}
export type Remembered =
  | { kind: 'new' }
  | { kind: 'replay'; response: RememberedResponse }
  /** The key came with another request before, or its first request is still being answered. */
  | { kind: 'mismatch' }
  | { kind: 'busy' };

export interface Operations {
  /** The caller behind an API key, or undefined: unknown, expired, revoked. */
  authenticate(key: string): Promise<Caller | undefined>;
  remembered(caller: Caller, idempotencyKey: string, fingerprint: string): Promise<Remembered>;
  remember(caller: Caller, idempotencyKey: string, fingerprint: string, response: RememberedResponse): Promise<void>;
  /** The request failed in a way that may be tried again: free the key. */
  forget(caller: Caller, idempotencyKey: string): Promise<void>;

  createTask(caller: Caller, task: TaskSpec): Promise<Outcome<TaskView>>;
  listTasks(caller: Caller, page: PageRequest): Promise<Outcome<PageOf<TaskView>>>;
  getTask(caller: Caller, taskId: string): Promise<Outcome<TaskView>>;
  replaceTask(caller: Caller, taskId: string, task: TaskSpec, ifMatch?: string): Promise<Outcome<TaskView>>;
  deleteTask(caller: Caller, taskId: string, ifMatch?: string): Promise<Outcome<void>>;
  listVersions(caller: Caller, taskId: string, page: PageRequest): Promise<Outcome<PageOf<TaskVersionView>>>;
  /** Makes a new version equal to an old one. */
  rollbackTask(caller: Caller, taskId: string, version: number): Promise<Outcome<TaskView>>;

  startRun(caller: Caller, taskId: string): Promise<Outcome<RunView>>;
  /** Puts the task (a new version if it changed) and runs it once. */
  startInline(caller: Caller, task: TaskSpec): Promise<Outcome<RunView>>;
  listRuns(
    caller: Caller,
    filter: { taskId?: string; state?: RunState },
    page: PageRequest,
  ): Promise<Outcome<PageOf<RunView>>>;
  getRun(caller: Caller, runId: string): Promise<Outcome<RunView>>;
  stopRun(caller: Caller, runId: string): Promise<Outcome<RunView>>;
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
  createUpload(caller: Caller): Promise<Outcome<UploadView>>;
}

/** A target that has no end yet, as `ledger?bucket=pending` shows it. */
export interface PendingLine {
  url: string;
  method?: string;
  bucket: 'pending';
  attempts: number;
}
