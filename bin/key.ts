#!/usr/bin/env node
/**
 * The first key of a deployed stage, made by whoever may write its control table: creates the tenant if there is none and
 * prints an API key once. With `--operator` the tenant becomes an operator, whose admin keys manage all tenants.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isTenantId, tenantKey } from '#core/names.ts';
import { QUOTAS_DEFAULT, quotasOf } from '#core/quotas.ts';
import { asItem, asTenant } from '#core/rows.ts';
import { newApiKey, putApiKey } from '#core/service/api-keys.ts';
import { tenantRow } from '#core/service/tenants.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { clock } from '#lambdas/aws/clock.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { table: text, tenant: text, region: text, operator: { type: 'boolean', default: false } },
});
const { table: name, tenant, region, operator } = values;
if (name === undefined || tenant === undefined || !isTenantId(tenant)) {
  process.stderr.write('usage: node bin/key.ts --table CONTROL_TABLE --tenant ID [--operator] [--region REGION]\n');
  process.exit(1);
}
const ports = { table: new DynamoTable(dynamoClient(region === undefined ? {} : { region }), name), clock };
const found = await ports.table.get(tenantKey(tenant));
const before = found && asTenant(found);
const permissions = [...(before?.permissions ?? []), ...(operator ? (['operator'] as const) : [])];
const settings = {
  ...(before?.name !== undefined && { name: before.name }),
  permissions,
  allowAddresses: before?.allowAddresses ?? [],
  weight: before?.weight ?? 1,
  quotas: before ? quotasOf(before) : QUOTAS_DEFAULT,
};
if (before === undefined || operator) await ports.table.put(asItem(tenantRow(tenant, settings, clock.now(), before)));
const key = newApiKey(tenant, randomBytes(32));
await putApiKey(ports, key, ['read', 'write', 'admin']);
process.stdout.write(`${key}\n`);
