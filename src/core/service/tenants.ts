/**
 * Tenants. An operator's admin sees and manages all of them; another tenant's admin sees its own, and what bounds it is not
 * its own to change. What somebody may not see does not exist for him.
 */
import { TENANTS_PK, isTenantId, tenantKey } from '../names.ts';
import { quotasOf } from '../quotas.ts';
import { asItem, asTenant, type TenantRow } from '../rows.ts';
import { iso, ok, paging, refuse } from './outcome.ts';
import type { Caller, Once, Outcome, PageOf, PageRequest, TenantSettings, TenantView } from '../operations.ts';
import type { Clock, Table } from '../ports.ts';

export type TenantPorts = { table: Table; clock: Clock };

export const noTenant = (id: string) =>
  refuse(404, 'No such tenant', `there is no tenant ${JSON.stringify(id.slice(0, 80))}`);
const operatorsOnly = (what: string) =>
  refuse(403, 'Not permitted', `${what} needs a key of an operator: a tenant with the permission operator`);

async function read(ports: Pick<TenantPorts, 'table'>, id: string): Promise<TenantRow | undefined> {
  if (!isTenantId(id)) return undefined;
  const item = await ports.table.get(tenantKey(id));
  return item && asTenant(item);
}

export const isOperator = async (ports: Pick<TenantPorts, 'table'>, caller: Caller): Promise<boolean> =>
  (await read(ports, caller.tenant))?.permissions.includes('operator') ?? false;

/** A tenant, if this caller may know of it. */
export async function reachTenant(ports: TenantPorts, caller: Caller, id: string): Promise<TenantRow | undefined> {
  if (id !== caller.tenant && !(await isOperator(ports, caller))) return undefined;
  return read(ports, id);
}

/** A whole row. @param before what there is already: keeps the time it was made. */
export function tenantRow(id: string, settings: TenantSettings, now: number, before?: TenantRow): TenantRow {
  const { name, permissions, allowAddresses, weight, quotas, hostRequestsPerSecond } = settings;
  const { name: _, hostRequestsPerSecond: __, ...kept } = before ?? {};
  return {
    ...kept,
    ...tenantKey(id),
    kind: 'tenant',
    tenant: id,
    ...(name !== undefined && { name }),
    permissions: [...new Set(permissions)],
    allowAddresses: [...new Set(allowAddresses)],
    weight,
    quotas,
    ...(hostRequestsPerSecond !== undefined && { hostRequestsPerSecond }),
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    listPk: TENANTS_PK,
    listSk: id,
  };
}

const view = (row: TenantRow): TenantView => ({
  id: row.tenant,
  ...(row.name !== undefined && { name: row.name }),
  permissions: row.permissions,
  allowAddresses: row.allowAddresses,
  weight: row.weight ?? 1,
  quotas: quotasOf(row),
  ...(row.hostRequestsPerSecond !== undefined && { hostRequestsPerSecond: row.hostRequestsPerSecond }),
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
});

export async function createTenant(
  ports: TenantPorts,
  caller: Caller,
  id: string,
  settings: TenantSettings,
  once?: Once,
): Promise<Outcome<TenantView>> {
  if (!(await isOperator(ports, caller))) return operatorsOnly('creating a tenant');
  const row: TenantRow = { ...tenantRow(id, settings, ports.clock.now()), ...(once && { by: once.seed }) };
  const write = await ports.table.put(asItem(row), { absent: 'pk' });
  const there = write.ok ? row : await read(ports, id);
  if (there !== undefined && (write.ok || (once !== undefined && there.by === once.seed))) return ok(view(there));
  return refuse(409, 'Tenant exists', `there is a tenant ${id} already: PUT its settings`);
}

export async function replaceTenant(
  ports: TenantPorts,
  caller: Caller,
  id: string,
  settings: TenantSettings,
): Promise<Outcome<TenantView>> {
  const before = await reachTenant(ports, caller, id);
  if (before === undefined) return noTenant(id);
  if (!(await isOperator(ports, caller))) return operatorsOnly('changing what bounds a tenant');
  if (id === caller.tenant && !settings.permissions.includes('operator'))
    return refuse(409, 'Not from within', 'an operator cannot give up its own permission operator: another one must');
  const { name, hostRequestsPerSecond, ...rest } = settings;
  const optional = { name, hostRequestsPerSecond };
  const given = Object.entries(optional).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const gone = Object.keys(optional).filter((field) => !given.some(([name]) => name === field));
  const write = await ports.table.update(
    tenantKey(id),
    {
      set: { ...rest, updatedAt: ports.clock.now(), ...Object.fromEntries(given) },
      remove: gone,
    },
    { present: 'pk' },
  );
  return write.ok ? ok(view(asTenant(write.item))) : noTenant(id);
}

export async function getTenant(ports: TenantPorts, caller: Caller, id: string): Promise<Outcome<TenantView>> {
  const row = await reachTenant(ports, caller, id);
  return row ? ok(view(row)) : noTenant(id);
}

/** All for an operator, one for everybody else. */
export async function listTenants(
  ports: TenantPorts,
  caller: Caller,
  page: PageRequest,
): Promise<Outcome<PageOf<TenantView>>> {
  if (!(await isOperator(ports, caller))) {
    const own = await getTenant(ports, caller, caller.tenant);
    return own.ok ? ok({ items: [own.value] }) : own;
  }
  return paging(async () => {
    const found = await ports.table.list(TENANTS_PK, page);
    return ok({
      items: found.items.map(asTenant).map(view),
      ...(found.cursor !== undefined && { nextCursor: found.cursor }),
    });
  });
}
