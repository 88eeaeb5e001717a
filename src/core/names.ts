/**
 * Every key, object and message name is built and parsed here and nowhere else. Each starts with the tenant, so a name
 * made for one tenant can never point at another's; ids are checked before they are put into a name.
 */
import { createHash } from 'node:crypto';
import { DUE_PARTITIONS } from './limits.ts';
import type { Key } from './ports.ts';

const TENANT = /^[a-z0-9][a-z0-9-]{0,39}$/;
const TASK = /^[a-z0-9][a-z0-9-]{0,62}$/;
const RUN = /^[0-9a-hjkmnp-tv-z]{26}$/;
const SHARD = /^r(\d{3})p(\d{3})s(\d{6})$/;
const UPLOAD = RUN;

export const isTenantId = (id: string): boolean => TENANT.test(id);
export const isTaskId = (id: string): boolean => TASK.test(id);
export const isRunId = (id: string): boolean => RUN.test(id);
export const isShardId = (id: string): boolean => SHARD.test(id);
export const isUploadId = (id: string): boolean => UPLOAD.test(id);

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A run or upload id: 48 bits of UTC milliseconds and 80 bits of chance, 26 Crockford letters, so ids sort by time.
 * @param random 10 random bytes.
 */
export function timeId(nowMs: number, random: Uint8Array): string {
  if (random.length !== 10) throw new RangeError('timeId: 10 random bytes');
  let time = '';
  for (let rest = nowMs, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = CROCKFORD.charAt(rest % 32) + time;
  let bits = 0n;
  for (const byte of random) bits = (bits << 8n) | BigInt(byte);
  let chance = '';
  for (let i = 0; i < 16; i++, bits >>= 5n) chance = CROCKFORD.charAt(Number(bits & 31n)) + chance;
  return time + chance;
}

function must(ok: boolean, what: string, value: string): void {
  if (!ok) throw new RangeError(`not a ${what}: ${JSON.stringify(value.slice(0, 80))}`);
}
const tenantPk = (tenant: string): string => {
  must(isTenantId(tenant), 'tenant id', tenant);
  return `T#${tenant}`;
};
const digits = (n: number, width: number): string => String(n).padStart(width, '0');

// ------------------------------------------------------------------ control table

export const tenantKey = (tenant: string): Key => ({ pk: tenantPk(tenant), sk: 'TENANT' });
/** Partition of the `list` index that holds all tenants. The stage's, not a tenant's: no tenant id has a capital letter. */
export const TENANTS_PK = 'TENANTS';
const KEY_PREFIX = 'KEY#';
/** Runs of a tenant that have begun and are not over. */
export const runSlotsKey = (tenant: string): Key => ({ pk: tenantPk(tenant), sk: 'RUNSLOTS' });
/** Bytes that a tenant has in the bucket. */
export const storedKey = (tenant: string): Key => ({ pk: tenantPk(tenant), sk: 'STORED' });
/** Requests to the API that a tenant has used of the present minute. */
export const allowanceKey = (tenant: string): Key => ({ pk: tenantPk(tenant), sk: 'ALLOWANCE' });
export const apiKeyKey = (tenant: string, sha256: string): Key => ({ pk: tenantPk(tenant), sk: KEY_PREFIX + sha256 });
const KEY_ID = /^[0-9a-f]{12}$/;
export const isKeyId = (id: string): boolean => KEY_ID.test(id);
/** How people name a key: the beginning of its hash, which tells nothing of the key. */
export const keyIdOf = (sha256: string): string => sha256.slice(0, 12);
/** Where a tenant's keys are, or the one with this id. */
export const apiKeysOf = (tenant: string, keyId = ''): { pk: string; prefix: string } => ({
  pk: tenantPk(tenant),
  prefix: KEY_PREFIX + keyId,
});
export const idempotencyKey = (tenant: string, key: string): Key => ({
  pk: tenantPk(tenant),
  sk: `IDEM#${createHash('sha256').update(key).digest('hex')}`,
});

export const TASK_PREFIX = 'TASK#';
export const taskKey = (tenant: string, taskId: string): Key => {
  must(isTaskId(taskId), 'task id', taskId);
  return { pk: tenantPk(tenant), sk: TASK_PREFIX + taskId };
};
export const VERSION_PREFIX = 'V#';
export const versionKey = (tenant: string, taskId: string, version: number): Key => ({
  pk: `${tenantPk(tenant)}#${taskKey(tenant, taskId).sk}`,
  sk: VERSION_PREFIX + digits(version, 8),
});

/** A tenant's defaults: the newest, and all versions. */
export const configKey = (tenant: string): Key => ({ pk: tenantPk(tenant), sk: 'CONFIG' });
export const configVersionKey = (tenant: string, version: number): Key => ({
  pk: `${tenantPk(tenant)}#CONFIG`,
  sk: VERSION_PREFIX + digits(version, 8),
});

export const runPk = (tenant: string, runId: string): string => {
  must(isRunId(runId), 'run id', runId);
  return `${tenantPk(tenant)}#RUN#${runId}`;
};
export const runKey = (tenant: string, runId: string): Key => ({ pk: runPk(tenant, runId), sk: 'RUN' });
/** Partition of the `list` index that holds a tenant's runs. */
export const runListPk = (tenant: string): string => `${tenantPk(tenant)}#RUNS`;

export const SHARD_PREFIX = 'S#';
export const shardKey = (tenant: string, runId: string, shardId: string): Key => {
  must(isShardId(shardId), 'shard id', shardId);
  return { pk: runPk(tenant, runId), sk: SHARD_PREFIX + shardId };
};
/** The lock that keeps a task to one run at a time, and those who wait for it, oldest first. */
export const lockKey = (tenant: string, taskId: string): Key => ({ pk: versionKey(tenant, taskId, 0).pk, sk: 'LOCK' });
export const WAITER_PREFIX = 'W#';
export const waiterKey = (tenant: string, taskId: string, runId: string): Key => {
  must(isRunId(runId), 'run id', runId);
  return { pk: versionKey(tenant, taskId, 0).pk, sk: WAITER_PREFIX + runId };
};
/** When the task's next run is due, and up to when its runs have been seen to. */
export const scheduleKey = (tenant: string, taskId: string): Key => ({
  pk: versionKey(tenant, taskId, 0).pk,
  sk: 'SCHEDULE',
});
/** The name under which a part of the task's schedule is kept outside, where names are short and no tenant is a place. */
export const scheduleName = (tenant: string, taskId: string, part: number): string =>
  `${createHash('sha256')
    .update(`${taskKey(tenant, taskId).pk} ${taskId}`)
    .digest('hex')
    .slice(0, 40)}-${String(part)}`;
/** What a due run is made by: the same however often, and by whom, it is found to be due. */
export const dueSeed = (tenant: string, taskId: string, dueAt: number): string =>
  createHash('sha256')
    .update(`${scheduleKey(tenant, taskId).pk} ${String(dueAt)}`)
    .digest('hex');
/** What the latest judged run of a task came to. */
export const healthKey = (tenant: string, taskId: string): Key => ({
  pk: versionKey(tenant, taskId, 0).pk,
  sk: 'HEALTH',
});
/** The incidents of one rule of a task, by number. */
export const alertPrefix = (rule: string): string => `ALERT#${rule}#`;
export const alertKey = (tenant: string, taskId: string, rule: string, number: number): Key => ({
  pk: versionKey(tenant, taskId, 0).pk,
  sk: alertPrefix(rule) + digits(number, 8),
});
/** Partition of the `list` index that holds a tenant's alerts. */
export const alertListPk = (tenant: string): string => `${tenantPk(tenant)}#ALERTS`;
export const noticeKey = (tenant: string, id: string): Key => ({
  pk: `${tenantPk(tenant)}#NOTICE#${id}`,
  sk: 'NOTICE',
});
/** Which generation of the tenant's webhook secret counts. */
export const webhookRowKey = (tenant: string): Key => ({ pk: tenantPk(tenant), sk: 'WEBHOOK' });
export const EVENT_PREFIX = 'E#';
/** `order` breaks ties within a millisecond and makes a repeated event overwrite itself. */
export const eventKey = (tenant: string, runId: string, atMs: number, order: string): Key => ({
  pk: runPk(tenant, runId),
  sk: `${EVENT_PREFIX}${digits(atMs, 15)}#${order}`,
});

/** The stage's, not a tenant's: what the operator has switched off. */
export const SWITCHES_KEY: Key = { pk: 'SWITCHES', sk: 'NOW' };

/** What a run has used, and what a tenant's runs have on one day (`2026-11-26`, UTC). */
export const usageKey = (tenant: string, runId: string): Key => ({ pk: runPk(tenant, runId), sk: 'USAGE' });
const DAY = /^\d{4}-\d{2}-\d{2}$/;
export const isDay = (day: string): boolean =>
  DAY.test(day) && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
const USAGE_PREFIX = 'USAGE#';
export const usageDayKey = (tenant: string, day: string): Key => {
  must(isDay(day), 'day', day);
  return { pk: tenantPk(tenant), sk: USAGE_PREFIX + day };
};
export const dayOfUsage = (sk: string): string => sk.slice(USAGE_PREFIX.length);

// ------------------------------------------------------------------ hosts as a tenant sees them

/** Host name, with the port where it is not the scheme's own, as it stands in a URL. */
export const isHost = (host: string): boolean =>
  host.length <= 260 &&
  [`http://${host}/`, `https://${host}/`].some((url) => {
    const parsed = URL.parse(url);
    return parsed?.host === host && parsed.href === url;
  });
/** What a tenant has said about a host. */
export const HOST_WORD_PREFIX = 'HOSTWORD#';
export const hostWordKey = (tenant: string, host: string): Key => {
  must(isHost(host), 'host', host);
  return { pk: tenantPk(tenant), sk: HOST_WORD_PREFIX + host };
};
/** That a tenant has had targets in a host. */
export const HOST_SEEN_PREFIX = 'HOST#';
export const hostSeenKey = (tenant: string, host: string): Key => {
  must(isHost(host), 'host', host);
  return { pk: tenantPk(tenant), sk: HOST_SEEN_PREFIX + host };
};

// ------------------------------------------------------------------ dead letters, signing keys

export const DEAD_PREFIX = 'DEAD#';
/** @param what the target's place in its shard, or the queue's id of the message. */
export const deadLetterKey = (tenant: string, runId: string, shard: string, what: number | string): Key => {
  must(isRunId(runId) && isShardId(shard), 'shard of a run', `${runId} ${shard}`);
  return { pk: tenantPk(tenant), sk: `${DEAD_PREFIX}${runId}#${shard}#${String(what)}` };
};
/** How the API names a dead letter; undefined when it is no such name. */
export const deadLetterId = (sk: string): string => sk.slice(DEAD_PREFIX.length).replaceAll('#', '.');
export function parseDeadLetterId(tenant: string, id: string): Key | undefined {
  const [runId = '', shard = '', what = ''] = id.split('.');
  if (!isRunId(runId) || !isShardId(shard) || !/^[A-Za-z0-9-]{1,80}$/.test(what)) return undefined;
  return deadLetterKey(tenant, runId, shard, what);
}
/** The stage's, not a tenant's: no tenant id has a capital letter. */
export const SIGNING_PK = 'SIGNING';
export const signingKeyKey = (keyId: string): Key => ({ pk: SIGNING_PK, sk: keyId });

// ------------------------------------------------------------------ workers and tenants

const flowPk = (tenant: string, region: string): string => `${tenantPk(tenant)}#FLOW#${region}`;
/** Which shards of a tenant have a worker. */
export const placesKey = (tenant: string, region: string): Key => ({ pk: flowPk(tenant, region), sk: 'PLACES' });
/** Which tenants have any. The region's, not a tenant's. */
export const activeKey = (region: string): Key => ({ pk: `FLOW#${region}`, sk: 'ACTIVE' });
const BACKLOG_PREFIX = 'B#';
const RANKS = { high: 0, normal: 1, low: 2 } as const;
/**
 * Shards that wait for a worker: by priority, then by their place in their run, so that the runs of a tenant take turns and
 * a short one is not behind a long one.
 */
export const backlogKey = (
  tenant: string,
  region: string,
  shard: { priority: keyof typeof RANKS; index: number; runId: string; shardId: string },
): Key => {
  must(isRunId(shard.runId) && isShardId(shard.shardId), 'shard of a run', `${shard.runId} ${shard.shardId}`);
  const { priority, index, runId, shardId } = shard;
  const sk = `${BACKLOG_PREFIX}${String(RANKS[priority])}#${digits(index, 6)}#${runId}#${shardId}`;
  return { pk: flowPk(tenant, region), sk };
};
export const backlogOf = (tenant: string, region: string): { pk: string; prefix: string } => ({
  pk: flowPk(tenant, region),
  prefix: BACKLOG_PREFIX,
});

// ------------------------------------------------------------------ tenant secrets

const SECRET = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;
export const isSecretName = (name: string): boolean => SECRET.test(name);
export const SECRET_PREFIX = 'SECRET#';
/** That there is such a secret, and since when; its value is elsewhere. */
export const secretKey = (tenant: string, name: string): Key => {
  must(isSecretName(name), 'secret name', name);
  return { pk: tenantPk(tenant), sk: SECRET_PREFIX + name };
};
/** Where its value is, below what belongs to the stage: `t/acme/api-token`. */
export const secretPath = (tenant: string, name: string): string => {
  must(isSecretName(name), 'secret name', name);
  return tenantPrefix(tenant) + name;
};

/** Which partition of the due index a run and its shards belong to; a region sweeps only its own. */
export const dueOf = ({ region, runId }: { region: string; runId: string }): string => duePartition(region, runId);
/** The same for a task and what belongs to it. */
export const dueOfTask = (region: string, tenant: string, taskId: string): string =>
  duePartition(region, taskKey(tenant, taskId).pk + taskId);
/** What is to be told; a few per run, so one partition holds it. */
export const noticeDue = (region: string): string => `NOTICE#${region}`;
const duePartition = (region: string, of: string): string =>
  `DUE#${region}#${String(createHash('md5').update(of).digest().readUInt32BE(0) % DUE_PARTITIONS)}`;
export const duePartitions = (region: string): string[] =>
  Array.from({ length: DUE_PARTITIONS }, (_, i) => `DUE#${region}#${String(i)}`);

// ------------------------------------------------------------------ shards

export interface ShardName {
  round: number;
  /** Epoch of the plan that cut it: a shard whose plan was never committed does not exist for readers. */
  plan: number;
  index: number;
}
export const shardId = ({ round, plan, index }: ShardName): string =>
  `r${digits(round, 3)}p${digits(plan, 3)}s${digits(index, 6)}`;
/** Prefix of the sort keys of all shards of one committed plan. */
export const planPrefix = (round: number, plan: number): string =>
  `${SHARD_PREFIX}r${digits(round, 3)}p${digits(plan, 3)}s`;
export function parseShardId(id: string): ShardName {
  const match = SHARD.exec(id);
  must(match !== null, 'shard id', id);
  return { round: Number(match?.[1]), plan: Number(match?.[2]), index: Number(match?.[3]) };
}

// ------------------------------------------------------------------ objects

export const tenantPrefix = (tenant: string): string => {
  must(isTenantId(tenant), 'tenant id', tenant);
  return `t/${tenant}/`;
};
export const uploadObject = (tenant: string, uploadId: string): string => {
  must(isUploadId(uploadId), 'upload id', uploadId);
  return `${tenantPrefix(tenant)}uploads/${uploadId}`;
};
const runPrefix = (tenant: string, runId: string): string => {
  must(isRunId(runId), 'run id', runId);
  return `${tenantPrefix(tenant)}runs/${runId}/`;
};
export const targetsObject = (tenant: string, runId: string, shard: string): string =>
  `${runPrefix(tenant, runId)}targets/${shard}.ndjson.gz`;
/** What the objects of one plan begin with, whether or not it became its round's: held between passes, targets, ledger lines. */
export const planObjects = (tenant: string, runId: string, round: number, plan: number): string[] => {
  const name = `r${digits(round, 3)}p${digits(plan, 3)}`;
  return [`plan/${name}-`, `targets/${name}s`, `ledger/plan-${name}-`].map((rest) => runPrefix(tenant, runId) + rest);
};
/** What a planner holds between its passes. @param file lower-case letters, digits and hyphens. */
export const planObject = (tenant: string, runId: string, round: number, plan: number, file: string): string =>
  `${runPrefix(tenant, runId)}plan/r${digits(round, 3)}p${digits(plan, 3)}-${file}.bin`;
export const linksObject = (tenant: string, runId: string, name: string): string =>
  `${runPrefix(tenant, runId)}links/${name}.ndjson.gz`;
export const frontierObject = (tenant: string, runId: string, round: number): string =>
  `${runPrefix(tenant, runId)}frontier/${digits(round, 3)}.ndjson.gz`;
export const seenObject = (tenant: string, runId: string, round: number): string =>
  `${runPrefix(tenant, runId)}seen/${digits(round, 3)}.bin`;
/** @param era how often the run was redriven: a finisher of an earlier era never overwrites what is true now. */
export const manifestObject = (tenant: string, runId: string, era: number): string =>
  `${runPrefix(tenant, runId)}manifest${era === 0 ? '' : `-${String(era)}`}.json`;

/** One commit of one shard: what its part, ledger and links objects are called. */
export const commitName = (shard: string, epoch: number, seq: number): string =>
  `${shard}-${String(epoch)}-${digits(seq, 4)}`;
/** Ledger lines decided while planning. */
export const planLedgerName = (round: number, plan: number, index: number): string =>
  `plan-r${digits(round, 3)}p${digits(plan, 3)}-${digits(index, 3)}`;

export const FILE_KINDS = ['records', 'ledger'] as const;
export type FileKind = (typeof FILE_KINDS)[number];
/** The name a reader sees in the manifest. */
export const fileName = (kind: FileKind, name: string): string => `${kind}-${name}.ndjson.gz`;
/** Where a manifest's file is stored. */
export function fileObject(tenant: string, runId: string, file: string): string {
  const match = /^(records|ledger)-([A-Za-z0-9-]+)\.ndjson\.gz$/.exec(file);
  must(match !== null, 'result file', file);
  return `${runPrefix(tenant, runId)}${match?.[1] === 'records' ? 'parts' : 'ledger'}/${match?.[2] ?? ''}.ndjson.gz`;
}

// ------------------------------------------------------------------ pace table

/** The record of a host, or of a domain or address that tasks group by. Not by tenant on purpose: a host has one budget over all tenants of a region. */
export const paceKey = (host: string): Key => ({ pk: `H#${host}`, sk: 'PACE' });

/** robots.txt of an origin as it answers this user agent: the same for every tenant. */
export const robotsKey = (origin: string, userAgent: string): Key => ({ pk: `R#${origin}`, sk: `ROBOTS#${userAgent}` });

// ------------------------------------------------------------------ api keys

const API_KEY = /^gln_([a-z0-9][a-z0-9-]{0,39})_([A-Za-z0-9_-]{43})$/;
/** An API key names its tenant, so that looking it up starts with the tenant like everything else. */
export const formatApiKey = (tenant: string, secret32: Uint8Array): string =>
  `gln_${tenant}_${Buffer.from(secret32).toString('base64url')}`;
export function parseApiKey(key: string): { tenant: string; sha256: string } | undefined {
  const match = API_KEY.exec(key);
  if (match?.[1] === undefined) return undefined;
  return { tenant: match[1], sha256: createHash('sha256').update(key).digest('hex') };
}
