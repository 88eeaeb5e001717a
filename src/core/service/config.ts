/**
 * A tenant's defaults and their versions. The head holds the newest version whole, so that one conditional write decides between
 * two writers. It is put into the history right after, and once more before the next head takes its place: a version
 * that a run has noted can always be read.
 */
import { configKey, configVersionKey, VERSION_PREFIX } from '../names.ts';
import { differences, type Defaults } from '../defaults.ts';
import { asConfig, asItem, type ConfigRow } from '../rows.ts';
import { configAt, readConfig } from '../store.ts';
import { iso, ok, paging, refuse } from './outcome.ts';
import { forbidden } from './tasks.ts';
import type { Context } from '../context.ts';
import type { Caller, ConfigVersionView, ConfigView, Once, Outcome, PageOf, PageRequest } from '../operations.ts';

type Ports = Pick<Context, 'table' | 'clock'>;

const etagOf = (version: number): string => `"c${String(version)}"`;
const NONE: ConfigView = { version: 0, etag: etagOf(0), config: {} };
const configOf = (row: ConfigRow): Defaults => JSON.parse(row.config) as Defaults;
const view = (row: ConfigRow): ConfigView => ({
  version: row.version,
  etag: etagOf(row.version),
  config: configOf(row),
  updatedAt: iso(row.at),
  updatedBy: row.by,
});

export async function getConfig(ports: Ports, caller: Caller): Promise<Outcome<ConfigView>> {
  const head = await readConfig(ports.table, caller.tenant);
  return ok(head ? view(head) : NONE);
}

export async function putConfig(
  ports: Ports,
  caller: Caller,
  config: Defaults,
  ifMatch?: string,
): Promise<Outcome<ConfigView>> {
  const head = await readConfig(ports.table, caller.tenant);
  const etag = etagOf(head?.version ?? 0);
  if (ifMatch !== undefined && ifMatch !== etag)
    return refuse(412, 'Changed meanwhile', `the configuration is at ${etag}, If-Match says ${ifMatch.slice(0, 80)}`);
  return write(ports, caller, config, head);
}

/** Makes a new version equal to an old one; version 0 is the empty configuration. */
export async function rollbackConfig(
  ports: Ports,
  caller: Caller,
  version: number,
  once?: Once,
): Promise<Outcome<ConfigView>> {
  const head = await readConfig(ports.table, caller.tenant);
  if (head !== undefined && once !== undefined && head.seed === once.seed) return ok(view(head));
  const old = version === 0 ? {} : await configAt(ports.table, caller.tenant, version);
  if (old === undefined || version > (head?.version ?? 0))
    return refuse(404, 'No such version', `the configuration has no version ${String(version)}`);
  return write(ports, caller, old, head, once);
}

async function write(
  ports: Ports,
  caller: Caller,
  config: Defaults,
  head: ConfigRow | undefined,
  once?: Once,
): Promise<Outcome<ConfigView>> {
  const { robots = 'respect', secretHeaders = {} } = config.fetch ?? {};
  const no = await forbidden(ports, caller, { fetch: { robots, secretHeaders } });
  if (no) return no;
  if (head) await keep(ports, head);
  const next: ConfigRow = {
    ...configKey(caller.tenant),
    kind: 'config',
    tenant: caller.tenant,
    version: (head?.version ?? 0) + 1,
    config: JSON.stringify(config),
    at: ports.clock.now(),
    by: caller.keyId,
    ...(once && { seed: once.seed }),
  };
  const written = await ports.table.put(asItem(next), head ? { eq: ['version', head.version] } : { absent: 'pk' });
  const stored = written.item && asConfig(written.item);
  // Ours although the condition was lost: a first attempt took effect, and its answer did not arrive.
  const mine = stored?.version === next.version && stored.at === next.at && stored.config === next.config;
  if (!written.ok && !mine)
    return refuse(412, 'Changed meanwhile', 'the configuration was changed by another request at the same time');
  await keep(ports, next);
  return ok(view(next));
}

async function keep(ports: Ports, row: ConfigRow): Promise<void> {
  await ports.table.put(asItem({ ...row, ...configVersionKey(row.tenant, row.version) }));
}

/** Newest first, each with what it changed. */
export async function listConfigVersions(
  ports: Ports,
  caller: Caller,
  page: PageRequest,
): Promise<Outcome<PageOf<ConfigVersionView>>> {
  return paging(async () => {
    const { pk } = configVersionKey(caller.tenant, 1);
    const found = await ports.table.query({ pk, prefix: VERSION_PREFIX, reverse: true, ...page });
    const rows = found.items.map(asConfig);
    const last = rows.at(-1);
    const before = last && last.version > 1 ? await configAt(ports.table, caller.tenant, last.version - 1) : {};
    const items = rows.map((row, i): ConfigVersionView => {
      const older = rows[i + 1];
      const config = configOf(row);
      const changes = differences(older ? configOf(older) : (before ?? {}), config);
      return { version: row.version, createdAt: iso(row.at), createdBy: row.by, config, changes };
    });
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}
