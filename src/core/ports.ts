/**
 * Everything outside the core, as interfaces. Two worlds implement them: AWS (`lambdas/aws`, which the local world runs
 * unchanged on emulators) and memory (`src/sim`). `test/contract/` holds both to the same behaviour.
 *
 * Fates: a port call either returns, or throws after its own bounded retries; a lost condition is a value, never a throw.
 */
import type { Mail } from './alerts/mail.ts';
import type { CloudEvent } from './alerts/notice.ts';
import type { FailReason } from './ledger.ts';
import type { MetricName } from './metrics.ts';
import type { Json, JsonObject } from './json.ts';
import type { ScheduleSpec } from './task.ts';

export interface Clock {
  /** UTC milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts; after none, once what has arrived by now has been taken in. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A source of chance: uniform in [0, 1). */
export type Chance = () => number;

// ---------------------------------------------------------------- table

export interface Key {
  pk: string;
  sk: string;
}
export type Attr = null | boolean | number | string | Uint8Array | Attr[] | { [name: string]: Attr };
export type Item = Key & { [name: string]: Attr };

/** Conditions on the item as it is stored. An absent attribute satisfies only `absent`. */
export type Condition =
  | { absent: string }
  | { present: string }
  | { eq: [attr: string, value: string | number | boolean] }
  | { ne: [attr: string, value: string | number | boolean] }
  | { lt: [attr: string, value: number | string] }
  | { le: [attr: string, value: number | string] }
  | { between: [attr: string, low: number, high: number] }
  | { in: [attr: string, values: (string | number)[]] }
  | { all: Condition[] }
  | { any: Condition[] };

/** All parts apply atomically. `add` creates a number from 0, `append` a list from []. */
export interface Change {
  set?: { [attr: string]: Attr };
  remove?: string[];
  add?: { [attr: string]: number };
  append?: { [attr: string]: Attr[] };
}

/** `item` = the stored item: after the write when ok, as it stood when the condition was lost (undefined = there is none). */
export type Write = { ok: true; item: Item } | { ok: false; item: Item | undefined };

export interface Query {
  pk: string;
  /** Restrict to sort keys with this prefix, or in [from, to]. */
  prefix?: string;
  range?: [from: string, to: string];
  limit?: number;
  cursor?: string;
  /** Descending. */
  reverse?: boolean;
}
export interface Page {
  items: Item[];
  /** Opaque; absent on the last page. A page may be empty and still have one. */
  cursor?: string;
}

/** Single-item conditional writes, strongly consistent reads by key and partition, one sparse index of due work. */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  put(item: Item, condition?: Condition): Promise<Write>;
  update(key: Key, change: Change, condition?: Condition): Promise<Write>;
  delete(key: Key, condition?: Condition): Promise<{ ok: boolean }>;
  query(query: Query): Promise<Page>;
  /** Items with `duePk = pk` and `dueAt <= until`, earliest first. Eventually consistent: read the item before acting. */
  due(pk: string, until: number, limit: number): Promise<Item[]>;
  /** Items with `listPk = pk`, by `listSk` descending (newest first), eventually consistent. */
  list(pk: string, options: { limit: number; cursor?: string }): Promise<Page>;
}

/** A cursor that no query of this kind has given out. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

// ---------------------------------------------------------------- objects

/** What was written, as stored (compressed where the key ends in .gz). */
export interface Stored {
  bytes: number;
  sha256: string;
}
export interface Objects {
  /** Writes lines (no line feeds inside), gzip when the key ends in `.gz`. Overwrites. Streams: memory does not grow with length. */
  writeLines(key: string, lines: Iterable<string> | AsyncIterable<string>): Promise<Stored & { lines: number }>;
  /** Writes lines that are bytes already, in pieces, each line ended by a line feed; packed lightly when they are read once and soon. */
  writeText(key: string, pieces: readonly Uint8Array[], life: 'once' | 'kept'): Promise<Stored>;
  /** Lines of an object, gunzipped when it is gzip by its magic number. `ObjectMissing` when there is none. */
  readLines(key: string): AsyncIterable<string>;
  /** The same, as many at a time as come at a time: for what has millions of them. */
  readBatches(key: string): AsyncIterable<string[]>;
  writeBytes(key: string, body: Uint8Array, contentType: string): Promise<Stored>;
  readBytes(key: string): Promise<Uint8Array>;
  exists(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** Keys that begin so, in the order of their bytes; the first `max` of them, 1,000 at most. */
  list(prefix: string, max: number): Promise<string[]>;
  /** A URL that reads the object without credentials for `seconds`. */
  readUrl(key: string, seconds: number): Promise<string>;
  /** A URL that takes one PUT of the object for `seconds`. */
  writeUrl(key: string, seconds: number): Promise<string>;
  /** The lines of an object in another bucket, for `list: s3://…`. */
  readForeignBatches(bucket: string, key: string): AsyncIterable<string[]>;
}
export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
}

// ---------------------------------------------------------------- queue and orchestration

/** Ids only: the truth is the shard's row. */
export interface ShardMessage {
  v: 1;
  tenant: string;
  runId: string;
  shardId: string;
}
export interface ShardQueue {
  /** Sends all or throws; sending twice is harmless. `delaySeconds` 0..900. */
  send(messages: ShardMessage[], delaySeconds?: number): Promise<void>;
}

/** A message that failed too often, as the dead-letter queue holds it. */
export interface DeadMessage {
  /** The queue's id of the message: stays the same over deliveries. */
  id: string;
  receipt: string;
  body: string;
  /** When it was first sent, UTC ms. */
  sentAt: number;
}
export interface DeadMessages {
  /** Up to ten; each stays hidden for some minutes and then comes again unless it was dropped. Empty = none to be had now. */
  receive(): Promise<DeadMessage[]>;
  drop(receipt: string): Promise<void>;
}

export interface Orchestrator {
  /** Starts the run's execution under a name made of the run id; a repeated start is a no-op. */
  start(tenant: string, runId: string, attempt: number): Promise<void>;
  /** Answers a waiting task token. `gone` = nobody waits on it any more. */
  wake(token: string, output: JsonObject): Promise<'woken' | 'gone'>;
  /** Is the execution of this attempt still alive? */
  status(tenant: string, runId: string, attempt: number): Promise<'running' | 'ended' | 'none'>;
}

// ---------------------------------------------------------------- schedules

/** Calls `fire` when a task is due. At least once and perhaps never: whether a run is due is for the table to say. */
export interface Schedules {
  /** From now on the task's schedule is this; repeating it changes nothing. @param firstAt UTC ms of the next due time. */
  put(tenant: string, taskId: string, spec: ScheduleSpec, firstAt: number): Promise<void>;
  /** The task has none. */
  remove(tenant: string, taskId: string): Promise<void>;
}

// ---------------------------------------------------------------- fetching and extracting

export type HopAnswer = 'go' | { refuse: 'disallowed' | FailReason; detail: string };

export interface FetchRequest {
  url: string;
  method: string;
  /** As the task says. `authorization`, `cookie` and `proxy-authorization` are not carried to another host on redirect. */
  headers: Record<string, string>;
  /** Values of tenant secrets: never logged, never sent to another host. */
  secretHeaders: Record<string, string>;
  body?: string;
  /** Whole exchange, redirects included. */
  timeoutMs: number;
  bytesMax: number;
  redirectsMax: number;
  /** CIDR ranges of otherwise refused addresses that this tenant may reach. */
  allowAddresses: string[];
  /** Asked before each redirect hop is sent (pace, robots); the first request is the caller's own business. */
  onHop?: (url: string) => Promise<HopAnswer>;
}

export type FetchResult =
  | {
      ok: true;
      status: number;
      finalUrl: string;
      /** Lower-case names; repeated headers joined by ", ". */
      headers: Record<string, string>;
      /** Decompressed. */
      body: Uint8Array;
      redirects: number;
      /** Body bytes as they came over the wire. */
      wireBytes: number;
      ms: number;
    }
  | { ok: false; reason: FailReason | 'disallowed' | 'aborted'; detail: string; finalUrl: string; ms: number };

export interface Fetcher {
  fetch(request: FetchRequest, signal?: AbortSignal): Promise<FetchResult>;
  /** Works at a body of so many bytes once no answers come and no requests leave; sooner when too much waits for that. */
  whenQuiet<T>(bytes: number, job: () => T | Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type RobotsAnswer =
  | { kind: 'allowed'; crawlDelaySeconds?: number }
  | { kind: 'disallowed'; rule: string }
  | { kind: 'unreachable'; reason: FailReason; detail: string };

/** The robots.txt of each origin, fetched through `fetch` (which paces and guards) and cached for at most 24 h. */
export interface Robots {
  /** No promise where the rules are at hand: all targets of a host are asked for, one after the other. */
  check(
    url: string,
    userAgent: string,
    fetch: (url: string) => Promise<FetchResult>,
  ): RobotsAnswer | Promise<RobotsAnswer>;
}

export interface FetchedDocument {
  /** The target as given, and where it was found after redirects. */
  url: string;
  finalUrl: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

export type Extraction =
  | {
      ok: true;
      /** The JSON text of each in UTF-8: an object. */
      records: Uint8Array[];
      /** Absolute http(s) URLs in document order without fragments, when the plan asked for links. */
      links: string[];
      /** The next page of a `follow`, absolute. */
      next?: string;
    }
  | { ok: false; reason: 'decode' | 'extract'; detail: string };

export interface Extractor {
  /** A promise only where something has to be loaded first that documents before this one did not need. */
  extract(document: FetchedDocument): Extraction | Promise<Extraction>;
}

// ---------------------------------------------------------------- events

/** The stage's bus. At least once. */
export interface EventBus {
  put(event: CloudEvent): Promise<void>;
}
/** Mail to people. At least once. */
export interface Mails {
  /** Undefined = handed over; `refused` = it will never be. Throws when a later attempt may succeed. */
  send(mail: Mail): Promise<{ refused: string } | undefined>;
}
/** The keys that webhooks are signed with. */
export interface WebhookKeys {
  of(tenant: string, generation: number): Promise<Uint8Array>;
}

// ---------------------------------------------------------------- signing

/** An Ed25519 signature with the key that checks it, both base64url. */
export interface Signature {
  algorithm: 'Ed25519';
  /** The first 16 hex digits of the SHA-256 of the raw public key. */
  keyId: string;
  /** Raw, 32 bytes. */
  publicKey: string;
  /** 64 bytes. */
  value: string;
}
/** The stage's signing key. The private half never leaves the port. */
export interface Signer {
  sign(bytes: Uint8Array): Promise<Signature>;
}

// ---------------------------------------------------------------- secrets

/** Values of tenants' secrets, kept apart from everything else. They leave by `read` alone, for the request that names them. */
export interface Secrets {
  /** Undefined = there is none. What is told may be a minute old. */
  read(tenant: string, name: string): Promise<string | undefined>;
  write(tenant: string, name: string, value: string): Promise<void>;
  /** Deleting what is not there is no error. */
  delete(tenant: string, name: string): Promise<void>;
}

// ---------------------------------------------------------------- telling

/** Structured log. Fields never hold secrets or bodies. */
export interface Log {
  info(message: string, fields?: Record<string, Json>): void;
  warn(message: string, fields?: Record<string, Json>): void;
  error(message: string, fields?: Record<string, Json>): void;
}

/** Counters of low cardinality. */
export interface Meter {
  count(name: MetricName, value: number): void;
}
