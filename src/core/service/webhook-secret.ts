/** The secret that a tenant's webhooks are signed with: shown to its admins, changed with a day in which both sign. */
import { webhookSecret } from '../alerts/webhook.ts';
import { WEBHOOK_OVERLAP_MS } from '../limits.ts';
import { webhookRowKey } from '../names.ts';
import { asItem, asWebhook, type WebhookRow } from '../rows.ts';
import { iso, ok, refuse } from './outcome.ts';
import type { Context } from '../context.ts';
import type { Caller, Once, Outcome, WebhookSecretView } from '../operations.ts';

type Ports = Pick<Context, 'table' | 'clock' | 'webhookKeys'>;

const read = async (ports: Ports, tenant: string): Promise<WebhookRow | undefined> => {
  const item = await ports.table.get(webhookRowKey(tenant));
  return item && asWebhook(item);
};

export async function getWebhookSecret(ports: Ports, { tenant }: Caller): Promise<Outcome<WebhookSecretView>> {
  return ok(await view(ports, tenant, await read(ports, tenant)));
}

export async function rotateWebhookSecret(
  ports: Ports,
  { tenant }: Caller,
  once?: Once,
): Promise<Outcome<WebhookSecretView>> {
  const old = await read(ports, tenant);
  if (old !== undefined && once !== undefined && old.by === once.seed) return ok(await view(ports, tenant, old));
  const row: WebhookRow = {
    ...webhookRowKey(tenant),
    kind: 'webhook',
    generation: (old?.generation ?? 0) + 1,
    rotatedAt: ports.clock.now(),
    ...(once && { by: once.seed }),
  };
  const write = await ports.table.put(asItem(row), old ? { eq: ['generation', old.generation] } : { absent: 'pk' });
  if (write.ok) return ok(await view(ports, tenant, row));
  return refuse(409, 'Changed meanwhile', 'the secret was changed by another request at the same time');
}

async function view(ports: Ports, tenant: string, row: WebhookRow | undefined): Promise<WebhookSecretView> {
  const secretOf = async (generation: number): Promise<string> =>
    webhookSecret(await ports.webhookKeys.of(tenant, generation));
  if (row === undefined) return { secret: await secretOf(0) };
  const until = row.rotatedAt + WEBHOOK_OVERLAP_MS;
  return {
    secret: await secretOf(row.generation),
    rotatedAt: iso(row.rotatedAt),
    ...(ports.clock.now() < until && { previous: await secretOf(row.generation - 1), previousUntil: iso(until) }),
  };
}
