#!/usr/bin/env node
/** Makes a tenant (if there is none) and an API key for it in a deployed stage's control table; prints the key once. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { tenantKey, isTenantId } from '#core/names.ts';
import { newApiKey, putApiKey, putTenant } from '#core/service/tenants.ts';
import { dynamoClient } from '#lambdas/aws/clients.ts';
import { clock } from '#lambdas/aws/runtime.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';

const { values } = parseArgs({
  options: { table: { type: 'string' }, tenant: { type: 'string' }, region: { type: 'string' } },
});
const { table: name, tenant, region } = values;
if (name === undefined || tenant === undefined || !isTenantId(tenant)) {
  process.stderr.write('usage: node bin/key.ts --table CONTROL_TABLE --tenant ID [--region REGION]\n');
  process.exit(1);
}
const ports = { table: new DynamoTable(dynamoClient(region === undefined ? {} : { region }), name), clock };
if ((await ports.table.get(tenantKey(tenant))) === undefined)
  await putTenant(ports, { tenant, allowAddresses: [], permissions: [] });
const key = newApiKey(tenant, randomBytes(32));
await putApiKey(ports, key, ['read', 'write', 'admin']);
process.stdout.write(`${key}\n`);
