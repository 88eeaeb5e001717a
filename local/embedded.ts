/** The whole stack in this process: synthesised, provisioned, with one tenant and one key that outlive it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tenantKey } from '#core/names.ts';
import { UNBOUNDED, quotasOf } from '#core/quotas.ts';
import { asItem, asTenant } from '#core/rows.ts';
import { newApiKey, putApiKey } from '#core/service/api-keys.ts';
import { tenantRow } from '#core/service/tenants.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import type { Clock, Table } from '#core/ports.ts';
import { buildConsole } from '../console/build.ts';
import { clock as systemClock } from '#lambdas/aws/clock.ts';
import type { Grant } from './iam-policy.ts';
import { synthesise } from './synth.ts';
import { startWorld, type World, type WorldOptions } from './world.ts';

const TENANT = 'local';
/** This machine is what a local run may reach beyond public addresses; private networks stay out of reach. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

export interface EmbeddedStack {
  apiUrl: string;
  key: string;
  world: World;
  close(): Promise<void>;
}

/** Mail of the embedded stack is from here, and lies in its data directory. */
export const LOCAL_SENDER = 'gleaner@local.example';

export interface EmbeddedOptions extends Pick<WorldOptions, 'onCall' | 'onInvoked'> {
  dataDir: string;
  port: number;
  log: (line: string) => void;
  /** Added to the environment of every function. */
  env?: Record<string, string>;
  /** Buckets of this machine that tasks may read lists from. */
  listBuckets?: readonly string[];
  /** Instead of synthesising. */
  assembly?: string;
  onRefusal?: (message: string) => void;
  /** Serve the console at `/` too, built first where its sources have changed. */
  withConsole?: boolean;
  onUse?: (grant: Grant) => void;
  /** Invocations of one function at a time; see `WorldOptions`. */
  concurrencyMax?: number;
}

/** @throws with a plain reason: directory or port taken, synthesis failed. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedStack> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { dataDir, port, log, listBuckets = [], assembly: given, withConsole = false, ...more } = options;
  mkdirSync(dataDir, { recursive: true });
  const inputs = {
    mailFrom: LOCAL_SENDER,
    ...(listBuckets.length === 0 ? {} : { listBuckets: listBuckets.join(',') }),
  };
  const [assembly, consoleDir] = await Promise.all([
    given ?? synthesise({ root, outDir: join(dataDir, 'cdk.out'), log, inputs }),
    withConsole ? buildConsole(log) : undefined,
  ]);
  const world = await startWorld({
    ...more,
    assembly,
    dataDir,
    port,
    log,
    foreignBuckets: listBuckets,
    ...(consoleDir !== undefined && { consoleDir }),
  });
  try {
    const key = await seed(world, dataDir, systemClock);
    return { apiUrl: world.apiUrl, key, world, close: () => world.close() };
  } catch (error) {
    await world.close();
    throw error;
  }
}

async function seed(world: World, dataDir: string, clock: Clock): Promise<string> {
  const client = dynamoClient({
    endpoint: world.clientEnv['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
    region: world.clientEnv['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const ports = { table: new DynamoTable(client, world.resource('table', 'TablesControl').name), clock };
    const key = ownKey(join(dataDir, 'key'));
    await openTenant(ports);
    await putApiKey(ports, key, ['read', 'write', 'admin']);
    return key;
  } finally {
    client.destroy();
  }
}

/** Whoever has this machine operates it: the tenant manages all others. What its user has set since stays. */
async function openTenant({ table, clock }: { table: Table; clock: Clock }): Promise<void> {
  const found = await table.get(tenantKey(TENANT));
  const before = found && asTenant(found);
  const settings = {
    ...(before?.name !== undefined && { name: before.name }),
    permissions: [...(before?.permissions ?? []), 'operator' as const],
    allowAddresses: [...(before?.allowAddresses ?? []), ...LOOPBACK],
    weight: before?.weight ?? 1,
    quotas: before ? quotasOf(before) : UNBOUNDED,
  };
  await table.put(asItem(tenantRow(TENANT, settings, clock.now(), before)));
}

/** Made once per data directory, readable by its owner alone. */
function ownKey(path: string): string {
  if (!existsSync(path)) writeFileSync(path, newApiKey(TENANT, randomBytes(32)), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}
