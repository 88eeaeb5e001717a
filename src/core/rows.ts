/**
 * Rows of the control table as types. Rows are written only by the steps; `asRun` and friends are the one place where an
 * item read back is taken at its word.
 */
import { totalOf, type BucketCounts } from './ledger.ts';
import type { Attr, Item, Key } from './ports.ts';
import type { Ending, Redriving, RunPhase } from './run.ts';
import type { ShardPhase } from './shard.ts';
import type { Overlap, Scope } from './operations.ts';
import type { Usage } from './usage.ts';
import type { Permission, QuotaName, Quotas } from './quotas.ts';
import type { Rule } from './alerts/rules.ts';
import type { ScheduleSpec } from './task.ts';

/** What one committed plan of a round cut, and what it decided by itself. */
export interface RoundRow {
  round: number;
  /** Epoch of the plan: names its shards. */
  plan: number;
  shards: number;
  /** Targets put into shards. */
  targets: number;
  /** Streams they were dealt to, and the most there may be at a time; absent in plans of an earlier release. */
  streams?: number;
  workers?: number;
  /** Targets that planning itself ended: excluded, duplicate, overBudget, failed (a child sitemap). */
  counts: BucketCounts;
  /** Ledger objects that name them. */
  ledgers: LedgerFile[];
}
export interface LedgerFile {
  name: string;
  bytes: number;
  sha256: string;
  lines: number;
  counts: BucketCounts;
}

export type HeldBy = 'operator' | 'quota';
export type RunRow = RunFacts & RunPhase;
export interface RunFacts extends Key {
  kind: 'run';
  tenant: string;
  runId: string;
  taskId: string;
  taskVersion: number;
  /** Of the tenant's defaults that it started with; absent = there were none. */
  configVersion?: number;
  region: string;
  /** While it is QUEUED or PAUSED by a switch of the operator's, or because a quota is used up. */
  heldBy?: HeldBy;
  /** Which one, where it is a quota. */
  quota?: QuotaName;
  createdAt: number;
  startedAt?: number;
  /** Set when somebody or something asked the run to end early. */
  stopReason?: string;
  /** Which execution of the state machine carries it. */
  attempt: number;
  /** Raised by every planner; a plan is committed only under the epoch it was given. */
  planEpoch: number;
  rounds: RoundRow[];
  /** = rounds.length: conditions cannot count. */
  roundCount: number;
  /** The task tokens that wait for `tokenRound` to be done: of several, left by repeated calls, one is alive. */
  tokens?: string[];
  tokenRound?: number;
  /** Rounds whose links have been merged. */
  merged: number;
  /** Hints only; the shard rows are the truth. */
  doneHint: number;
  /** Streams that somebody is at, or is to be. */
  streams?: number;
  /** When the slowest host that is known will be through, and the shard whose worker said so. */
  critical?: { at: number; by: string };
  recordsHint: number;
  error?: { type: string; detail: string };
  /** How the state machine came to finish, when it was not by the normal path; kept, since finish may be called again without it. */
  ending?: Ending;
  /** When the run's time is up; moves by the time it is paused. */
  deadlineAt: number;
  duplicateRecords?: number;
  /** Of its task; absent = normal. */
  priority?: 'low' | 'high';
  /** `skip` and `queue`: its task runs one at a time, under the lock whose fencing number is `lock`. */
  overlap?: Overlap;
  lock?: number;
  /** While it is queued behind another run of its task: that run. */
  waitsFor?: string;
  /** How often its failed targets were tried again: absent = never. Names the manifest of each era. */
  redrives?: number;
  /** What the next plan has to open again. */
  redriving?: Redriving;
  /** Seed of the idempotency key that redrove it last. */
  redrivenBy?: string;
  /** What of it has been told to the outside. */
  told?: string[];
  /** Targets that lacked what the task requires, where a rule asks for it. */
  unextracted?: number;
  /** Shard up to which orphaned objects were deleted after its end. */
  settledTo?: string;
  listPk: string;
  listSk: string;
  duePk?: string;
  dueAt?: number;
}

/** One commit of a shard. Short names: it stands in the row as often as the shard committed. */
export interface CommitRow {
  /** Epoch and sequence: with the shard id they name the objects. */
  e: number;
  q: number;
  /** Records: lines, bytes, SHA-256; absent when the batch had none. */
  r?: number;
  rb?: number;
  rh?: string;
  /** Ledger: lines, bytes, SHA-256, counts. */
  l: number;
  lb: number;
  lh: string;
  c: BucketCounts;
  /** Lines of the links object; absent when there is none. */
  k?: number;
  /** Epoch that wrote the ledger object again, without the targets that are tried once more. */
  le?: number;
}

/** Targets that are between attempts: what each has behind it and when the next attempt is due. Key = index in the shard. */
export type RetryMap = Record<string, RetryEntry>;
export type RetryEntry = [attempts: number, nextAt: number, waitedMs?: number, lastFailure?: string];

export type ShardRow = ShardFacts & ShardPhase;
/** A shard whose owner knows its epoch. */
export type LeasedShard = Extract<ShardRow, { state: 'LEASED' }>;
export interface ShardFacts extends Key {
  kind: 'shard';
  tenant: string;
  runId: string;
  shardId: string;
  /** Fencing number: raised by every claim; a commit names it. */
  epoch: number;
  /** Targets of the shard; grows in a `follow` shard. */
  targets: number;
  hosts: string[];
  /** In flight per host that its stream may use. */
  share: number;
  /** The same for hosts whose targets are in several streams. */
  shares?: Record<string, number>;
  /** Which stream of its round it was dealt to, and how many targets come after it there. Absent in rows of an earlier release. */
  stream?: number;
  behind?: number;
  /** The shard that goes on in this stream when this one is done. */
  next?: string;
  /** How often its stream was split: each time its shares were halved. */
  splits?: number;
  /** It is the first shard of a stream that was split off another one. */
  first?: true;
  /** Targets behind it that were given to other streams. */
  given?: number;
  /** Its stream has gone on without it: one request per host is left to it. */
  lags?: true;
  /** Shards of its stream that lag. */
  beside?: string[];
  done: Uint8Array;
  retries: RetryMap;
  /** As `held`, written by the release before: host → [from, interval, count], milliseconds. This one leaves it empty. */
  slots: Record<string, [fromMs: number, intervalMs: number, count: number]>;
  /**
   * Intervals of its budgets' timelines that a parked shard has reserved and not used, UTC ms; absent = none. They belong to
   * the claim that follows `epoch` and to no later one.
   */
  held?: { epoch: number; by: Record<string, [fromMs: number, untilMs: number][]> };
  /** Made up by whoever claimed it last: tells a claim whose answer was lost from somebody else's. */
  owner?: string;
  /** Times the sweep has sent it again since it was last claimed. */
  resent: number;
  /** Claims since one last ended well: what its workers may have died of. Absent = 0. */
  tries?: number;
  /** The redrive that opened it last; absent = none. */
  era?: number;
  /** robots.txt attempts of hosts that could not be asked yet. */
  gates: Record<string, number>;
  commits: CommitRow[];
  seq: number;
  counts: BucketCounts;
  attempts: number;
  records: number;
  bytes: number;
  /** The page a `follow` shard goes on with, and the one that named it. */
  follow?: string;
  followFrom?: string;
  createdAt: number;
  claimedAt?: number;
  duePk?: string;
  dueAt?: number;
}

export interface TaskRow extends Key {
  kind: 'task';
  tenant: string;
  taskId: string;
  version: number;
  createdAt: number;
  updatedAt: number;
  deleted?: boolean;
  /** Seed of the idempotency key that wrote this version. */
  by?: string;
  /** The version has a schedule. */
  scheduled?: boolean;
  /** While its schedule has to be put in place, or out of it. */
  duePk?: string;
  dueAt?: number;
}
/** A task's schedule: what the outside was told, and up to when due runs have been seen to. */
export interface ScheduleRow extends Key {
  kind: 'schedule';
  tenant: string;
  taskId: string;
  /** Of the task. */
  version: number;
  spec: ScheduleSpec;
  /** When it was put up: nothing before is due, and intervals are counted from here. */
  since: number;
  /** What was due up to here has been started, skipped or found missed. */
  doneTo: number;
  /** The outside has been told. */
  placed: boolean;
  /** The due time that was last seen to, and what became of it. */
  last?: DueOutcome;
  /** Due runs that were not started in time, since `since`. */
  missed: number;
  lastMissedAt?: number;
  duePk: string;
  dueAt: number;
}
export type DueOutcome = { at: number } & (
  { what: 'started'; runId: string } | { what: 'skipped' | 'refused'; detail: string }
);
/** One incident of one rule of a task. */
export interface AlertRow extends Key {
  kind: 'alert';
  tenant: string;
  alertId: string;
  /** Of the rule's incidents, from 1. */
  number: number;
  taskId: string;
  rule: Rule;
  state: 'raised' | 'resolved';
  raisedAt: number;
  resolvedAt?: number;
  /** When that took place which it was last judged by. */
  asOf: number;
  /** The runs that raised and resolved it. */
  runId?: string;
  resolvedBy?: string;
  value: number;
  limit: number;
  detail: string;
  /** JSON text of whom it tells. */
  notify: string;
  listPk: string;
  listSk: string;
  /** While there is something to tell. */
  duePk?: string;
  dueAt?: number;
}
/** What is to be told to the outside, and what became of it. */
export interface NoticeRow extends Key {
  kind: 'notice';
  tenant: string;
  noticeId: string;
  /** JSON text of the CloudEvent: what is signed must not change between attempts. */
  event: string;
  deliveries: Delivery[];
  attempts: number;
  /** Seconds. */
  expiresAt: number;
  duePk?: string;
  dueAt?: number;
}
export interface Delivery {
  /** `bus`, or the URL of a webhook. */
  to: string;
  state: 'pending' | 'delivered' | 'failed';
  attempts?: number;
  /** Of the last attempt. */
  at?: number;
  error?: string;
}
/** What the latest judged run of a task came to. */
export interface HealthRow extends Key {
  kind: 'health';
  runId: string;
  at: number;
  /** Of its answers, those that lacked what the task requires. */
  share: number;
  /** The same of the run before it. */
  before?: number;
}
export interface WebhookRow extends Key {
  kind: 'webhook';
  /** Absent row = 0. */
  generation: number;
  rotatedAt: number;
  /** Seed of the idempotency key that changed it. */
  by?: string;
}
export interface VersionRow extends Key {
  kind: 'version';
  version: number;
  createdAt: number;
  /** JSON text of the TaskSpec: one string attribute costs less and keeps order. */
  task: string;
  warnings?: string[];
  /** What of the parts that a tenant's defaults may fill the document named itself; absent = all (a version from before). */
  given?: string[];
}
/** The newest configuration of a tenant, and each version of it. */
export interface ConfigRow extends Key {
  kind: 'config';
  tenant: string;
  version: number;
  /** JSON text of the `Defaults`. */
  config: string;
  at: number;
  /** Id of the key that wrote it. */
  by: string;
  /** Of the idempotency key that wrote it. */
  seed?: string;
}
export interface TenantRow extends Key {
  kind: 'tenant';
  tenant: string;
  name?: string;
  /** CIDR ranges this tenant may reach beyond public addresses. */
  allowAddresses: string[];
  permissions: Permission[];
  /** Its share of the workers beside other tenants; absent = 1. */
  weight?: number;
  /** Absent ones are the defaults. */
  quotas?: Partial<Quotas>;
  createdAt: number;
  updatedAt: number;
  /** Seed of the idempotency key that created it. */
  by?: string;
  listPk: string;
  listSk: string;
  /** Cap for every host, requests per second; absent = none. */
  hostRequestsPerSecond?: number;
}
/** What a tenant has said about a host. */
export interface HostWordRow extends Key {
  kind: 'hostWord';
  host: string;
  /** Requests per second. */
  max?: number;
  stop?: true;
  at: number;
}
/** A host that a tenant has targets in; gone some days after the last. */
export interface HostSeenRow extends Key {
  kind: 'hostSeen';
  host: string;
  /** The pace record its requests belong to. */
  budget: string;
  seenAt: number;
  /** What its robots.txt asks for. */
  crawlDelaySeconds?: number;
  /** UNIX seconds. */
  expiresAt: number;
}
export interface ApiKeyRow extends Key {
  kind: 'apiKey';
  tenant: string;
  keyId: string;
  name?: string;
  scopes: Scope[];
  createdAt: number;
  /** Milliseconds; absent = no expiry. */
  notAfter?: number;
  revokedAt?: number;
  /** The key that takes its place. */
  rotatedTo?: string;
  /** Seed of the idempotency key that created it. */
  by?: string;
  /** When the row goes (seconds): a good while after the key has ceased to work. */
  expiresAt?: number;
}
/** That a tenant has a secret; the value is with the port. */
export interface SecretRow extends Key {
  kind: 'secret';
  tenant: string;
  name: string;
  createdAt: number;
  updatedAt: number;
}
/** A shard that waits until its tenant has a worker for it. */
export interface BacklogRow extends Key {
  kind: 'backlog';
  tenant: string;
  runId: string;
  shardId: string;
}
/** The first holder of a task's lock; `token` is its fencing number and only ever rises. */
export interface LockRow extends Key {
  kind: 'lock';
  token: number;
  holder?: string;
  /** When it was taken. */
  at?: number;
}
/** A run that waits for the lock of its task; sorted by run id, so the oldest is first. */
export interface WaiterRow extends Key {
  kind: 'waiter';
  runId: string;
}
export interface DeadLetterRow extends Key {
  kind: 'deadLetter';
  tenant: string;
  letter: 'target' | 'message';
  runId: string;
  shardId: string;
  /** Of a target: its place in the shard. */
  index?: number;
  url?: string;
  detail: string;
  at: number;
}
/** Public half of a key that signs manifests. */
export interface SigningKeyRow extends Key {
  kind: 'signingKey';
  algorithm: 'Ed25519';
  keyId: string;
  publicKey: string;
}
export interface EventRow extends Key {
  kind: 'event';
  at: number;
  type: string;
  detail: string;
  data?: { [name: string]: Attr };
}

/** Counters of a run, or of a tenant's day. */
export interface UsageRow extends Key, Usage {
  kind: 'usage';
  tenant: string;
  /** Of a run that has one: `limits.maxCostUsd`. */
  maxCostUsd?: number;
}

export const asRun = (item: Item): RunRow => item as unknown as RunRow;
export const asShard = (item: Item): ShardRow => item as unknown as ShardRow;
export const asTask = (item: Item): TaskRow => item as unknown as TaskRow;
export const asAlert = (item: Item): AlertRow => item as unknown as AlertRow;
export const asNotice = (item: Item): NoticeRow => item as unknown as NoticeRow;
export const asHealth = (item: Item): HealthRow => item as unknown as HealthRow;
export const asWebhook = (item: Item): WebhookRow => item as unknown as WebhookRow;
export const asSchedule = (item: Item): ScheduleRow => item as unknown as ScheduleRow;
export const asVersion = (item: Item): VersionRow => item as unknown as VersionRow;
export const asConfig = (item: Item): ConfigRow => item as unknown as ConfigRow;
export const asTenant = (item: Item): TenantRow => item as unknown as TenantRow;
export const asHostWord = (item: Item): HostWordRow => item as unknown as HostWordRow;
export const asHostSeen = (item: Item): HostSeenRow => item as unknown as HostSeenRow;
export const asApiKey = (item: Item): ApiKeyRow => item as unknown as ApiKeyRow;
export const asSecret = (item: Item): SecretRow => item as unknown as SecretRow;
export const asBacklog = (item: Item): BacklogRow => item as unknown as BacklogRow;
export const asLock = (item: Item): LockRow => item as unknown as LockRow;
export const asWaiter = (item: Item): WaiterRow => item as unknown as WaiterRow;
export const asDeadLetter = (item: Item): DeadLetterRow => item as unknown as DeadLetterRow;
export const asSigningKey = (item: Item): SigningKeyRow => item as unknown as SigningKeyRow;
export const asUsage = (item: Item): UsageRow => item as unknown as UsageRow;
export const asEvent = (item: Item): EventRow => item as unknown as EventRow;

type Row =
  | RunRow
  | ShardRow
  | TaskRow
  | ScheduleRow
  | AlertRow
  | NoticeRow
  | HealthRow
  | WebhookRow
  | VersionRow
  | ConfigRow
  | TenantRow
  | ApiKeyRow
  | SecretRow
  | BacklogRow
  | LockRow
  | WaiterRow
  | DeadLetterRow
  | SigningKeyRow
  | EventRow
  | UsageRow
  | HostWordRow
  | HostSeenRow;
/** A row as an item: absent optional fields stay absent. */
export const asItem = (row: Row): Item =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as Item;
/** A structured value as an attribute. */
export function asAttr(value: object): Attr {
  const attributes: { [name: string]: Attr } = {};
  for (const [name, each] of Object.entries(value) as [string, Attr | undefined][])
    if (each !== undefined) attributes[name] = each;
  return attributes;
}

/** Targets of a shard without an end. */
export const pendingOf = (shard: ShardRow): number => shard.targets - totalOf(shard.counts);
