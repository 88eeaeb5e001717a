/**
 * Tenant secrets. The value goes to the secret store first and then the row that says there is one: a row never stands for
 * a value that was not stored. Deleting goes the same way and may be repeated.
 */
import { SECRETS_MAX } from '../limits.ts';
import { SECRET_PREFIX, isSecretName, secretKey, tenantKey } from '../names.ts';
import { asItem, asSecret, type SecretRow } from '../rows.ts';
import { iso, ok, paging, refuse } from './outcome.ts';
import type { Context } from '../context.ts';
import type { Caller, Outcome, PageOf, PageRequest, SecretView } from '../operations.ts';

type Ports = Pick<Context, 'table' | 'clock' | 'secrets'>;

const noSecret = (name: string) =>
  refuse(404, 'No such secret', `there is no secret ${JSON.stringify(name.slice(0, 80))}`);
const view = ({ name, createdAt, updatedAt }: SecretRow): SecretView => ({
  name,
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
});
const find = async (ports: Pick<Ports, 'table'>, tenant: string, name: string): Promise<SecretRow | undefined> => {
  const item = isSecretName(name) ? await ports.table.get(secretKey(tenant, name)) : undefined;
  return item && asSecret(item);
};

export async function listSecrets(
  ports: Pick<Ports, 'table'>,
  caller: Caller,
  page: PageRequest,
): Promise<Outcome<PageOf<SecretView>>> {
  return paging(async () => {
    const found = await ports.table.query({ pk: tenantKey(caller.tenant).pk, prefix: SECRET_PREFIX, ...page });
    return ok({
      items: found.items.map(asSecret).map(view),
      ...(found.cursor !== undefined && { nextCursor: found.cursor }),
    });
  });
}

export async function getSecret(
  ports: Pick<Ports, 'table'>,
  caller: Caller,
  name: string,
): Promise<Outcome<SecretView>> {
  const row = await find(ports, caller.tenant, name);
  return row ? ok(view(row)) : noSecret(name);
}

export async function putSecret(
  ports: Ports,
  caller: Caller,
  name: string,
  value: string,
): Promise<Outcome<SecretView>> {
  const { tenant } = caller;
  if (!isSecretName(name)) return noSecret(name);
  const before = await find(ports, tenant, name);
  if (before === undefined && (await count(ports, tenant)) >= SECRETS_MAX)
    return refuse(409, 'Too many secrets', `tenant ${tenant} has ${String(SECRETS_MAX)} secrets: delete some`);
  await ports.secrets.write(tenant, name, value);
  const now = ports.clock.now();
  const row: SecretRow = {
    ...secretKey(tenant, name),
    kind: 'secret',
    tenant,
    name,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  };
  await ports.table.put(asItem(row));
  return ok(view(row));
}

async function count(ports: Ports, tenant: string): Promise<number> {
  const { items } = await ports.table.query({ pk: tenantKey(tenant).pk, prefix: SECRET_PREFIX, limit: SECRETS_MAX });
  return items.length;
}

/** Runs that name it are refused from now on; those under way stop within a minute (`stopReason: secretMissing`). */
export async function deleteSecret(ports: Ports, caller: Caller, name: string): Promise<Outcome<void>> {
  const row = await find(ports, caller.tenant, name);
  if (row === undefined) return noSecret(name);
  await ports.secrets.delete(caller.tenant, name);
  await ports.table.delete(secretKey(caller.tenant, name));
  return ok(undefined);
}
