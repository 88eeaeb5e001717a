/** Tenants and their API keys, as the local world and the operator's script make them. */
import { apiKeyKey, formatApiKey, parseApiKey, tenantKey } from '../names.ts';
import { asItem } from '../rows.ts';
import type { Scope } from '../operations.ts';
import type { Clock, Table } from '../ports.ts';
import type { TenantRow } from '../rows.ts';

type Ports = { table: Table; clock: Clock };

/** Creates a tenant or replaces its settings. */
export async function putTenant(
  ports: Ports,
  tenant: Pick<TenantRow, 'tenant' | 'allowAddresses' | 'permissions'>,
): Promise<void> {
  await ports.table.put(asItem({ ...tenantKey(tenant.tenant), kind: 'tenant', ...tenant }));
}

/** A new key for a tenant. @param secret32 32 random bytes. */
export const newApiKey = (tenant: string, secret32: Uint8Array): string => formatApiKey(tenant, secret32);

/** Makes a key valid. Only its hash is stored: the key itself is the caller's to keep. */
export async function putApiKey(ports: Ports, key: string, scopes: Scope[]): Promise<void> {
  const parsed = parseApiKey(key);
  if (parsed === undefined) throw new RangeError('not an API key');
  const { tenant, sha256 } = parsed;
  const row = {
    ...apiKeyKey(tenant, sha256),
    kind: 'apiKey' as const,
    tenant,
    keyId: sha256.slice(0, 12),
    scopes,
    createdAt: ports.clock.now(),
  };
  await ports.table.put(asItem(row), { absent: 'pk' });
}
