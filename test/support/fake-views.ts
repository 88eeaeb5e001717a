/** What the fake operations tell: one of each view, with every optional field somewhere. */
import type { Defaults } from '#core/defaults.ts';
import type { AlertView, ConfigVersionView, ConfigView } from '#core/operations.ts';
import type { JsonObject } from '#core/json.ts';
import type { LedgerLine } from '#core/ledger.ts';
import type { DeadLetterView, Explanation, PendingLine, RecordLine, ResultsView, RunView } from '#core/operations.ts';
import type { ShardView, SigningKeyView, TimelineEvent, UsageFigures, UsageView } from '#core/operations.ts';
import { PRICE_TABLE } from '#core/prices.ts';
import type { ApiKeyView, HostStatus, SecretView, TenantView } from '#core/operations.ts';
import { UNBOUNDED } from '#core/quotas.ts';
import { isEnded } from '#core/run.ts';

export const NOW = '2026-11-24T00:00:00.000Z';

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
const FIGURES: UsageFigures = {
  targets: 10,
  records: 30,
  bytes: 4096,
  costUsd: 0.000015,
  costByService: { lambda: 0.00001, dynamodb: 0.000005, s3: 0, sqs: 0, stepFunctions: 0 },
};
export const usageOf = (from: string, to: string): UsageView => ({
  from,
  to,
  days: [{ day: to, ...FIGURES }],
  total: FIGURES,
  prices: PRICE_TABLE,
});

export const configOf = (version: number, config: Defaults = {}): ConfigView => ({
  version,
  etag: `"c${String(version)}"`,
  config,
  ...(version > 0 && { updatedAt: NOW, updatedBy: 'k-write' }),
});
export const configVersionOf = ({ version, config }: ConfigView): ConfigVersionView => ({
  version,
  createdAt: NOW,
  createdBy: 'k-write',
  config,
  changes: [{ path: 'pace.requestsPerSecond', to: 2 }],
});

export const queuedRun = (id: string, taskId: string, taskVersion: number): RunView => ({
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

export const SECRET: SecretView = { name: 'api-token', createdAt: NOW, updatedAt: NOW };
export const TENANT: TenantView = {
  id: 'acme',
  name: 'Acme',
  permissions: ['ignoreRobots'],
  allowAddresses: ['10.0.0.0/8'],
  weight: 1,
  quotas: { ...UNBOUNDED, targetsPerDay: 1_000 },
  createdAt: NOW,
  updatedAt: NOW,
};
export const API_KEY: ApiKeyView = {
  id: '0123456789ab',
  tenantId: 'acme',
  name: 'nightly job',
  scopes: ['write'],
  state: 'active',
  createdAt: NOW,
  expiresAt: NOW,
  revokedAt: NOW,
  rotatedTo: 'ba9876543210',
};

export const SIGNING_KEY: SigningKeyView = {
  algorithm: 'Ed25519',
  keyId: '0123456789abcdef',
  publicKey: 'A'.repeat(43),
};
const SHA = 'ab'.repeat(32);
export const resultsOf = (run: RunView): ResultsView => ({
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
  ...(isEnded(run.state) && { signature: { ...SIGNING_KEY, value: 'B'.repeat(86) } }),
  urlsExpireAt: NOW,
});

export const SHARDS: ShardView[] = [
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
export const EVENTS: TimelineEvent[] = [
  { at: NOW, type: 'run.created', detail: 'created' },
  { at: NOW, type: 'run.planned', detail: 'planned', data: { shards: 1 } },
];
export const LEDGER: (LedgerLine | PendingLine)[] = [
  {
    url: 'https://a.example/1',
    bucket: 'failed',
    reason: 'status',
    status: 500,
    attempts: 4,
    waitedMs: 6_300,
    lastFailure: 'timeout: no answer in 30 s',
    records: 0,
    at: NOW,
  },
  { url: 'https://a.example/2', bucket: 'collected', status: 200, attempts: 1, records: 1, at: NOW, depth: 1 },
  { url: 'https://a.example/3', bucket: 'pending', attempts: 0 },
];
const data: JsonObject = { title: 'A', price: 1.5, tags: ['x', null] };
export const RECORDS: RecordLine[] = [0, 1, 2].map((index) => ({
  url: 'https://a.example/2',
  fetchedAt: NOW,
  status: 200,
  finalUrl: 'https://a.example/2',
  index,
  data,
}));
export const EXPLANATION: Explanation = {
  url: 'https://a.example/2',
  bucket: 'collected',
  status: 200,
  attempts: 2,
  waitedMs: 1_250,
  lastFailure: 'HTTP 503',
  records: 3,
  at: NOW,
  discovered: { by: 'link', round: 1, depth: 1, from: 'https://a.example/' },
  shard: { id: 'r001p001s000000', state: 'DONE', epoch: 1 },
  ledger: { file: 'ledger-a.ndjson.gz', line: 2 },
  parts: [{ file: 'records-a.ndjson.gz', line: 1, lines: 3 }],
  namedAgain: 1,
  story: [{ at: NOW, says: 'named by a link' }, { says: 'collected' }],
};
export const HOST: HostStatus = {
  ...{ host: 'x', requestsPerSecond: 4, limit: 4, why: 'operator', because: 'the operator caps it', accepted: 12 },
  ...{ window: { sent: 5, limited: 1, errors: 0 }, waiting: 3, operator: { requestsPerSecond: 4, stop: false } },
};
export const DEAD_LETTERS: DeadLetterView[] = [
  {
    id: 'd1',
    kind: 'target',
    runId: '0'.repeat(25) + '1',
    shardId: 'r000p001s000000',
    url: 'https://a.example/9',
    detail: 'its worker died 3 times',
    at: NOW,
  },
  { id: 'd2', kind: 'message', runId: '0'.repeat(25) + '9', shardId: 'r000p001s000001', detail: 'gone', at: NOW },
];

export const ALERT: AlertView = {
  id: '01k2m3n4p5q6r7s8t9v0w1x2y4',
  taskId: 'small',
  rule: 'errorRate',
  state: 'raised',
  raisedAt: NOW,
  value: 0.5,
  limit: 0.05,
  detail: '50 % of the targets failed',
  deliveries: [{ event: 'raised', to: 'https://hooks.example/', state: 'pending', attempts: 1, nextAt: NOW }],
};
