/** What nearly every call begins with, so it is there from the start. */
import type { Context } from '#core/context.ts';
import { billing } from '../billing.ts';
import { dynamoClient } from '../clients/dynamo.ts';
import { DynamoTable } from '../table.ts';

export function tables(env: { CONTROL_TABLE: string; PACE_TABLE: string }): Pick<Context, 'table' | 'pace'> {
  const client = billing.watch(dynamoClient());
  return { table: new DynamoTable(client, env.CONTROL_TABLE), pace: new DynamoTable(client, env.PACE_TABLE) };
}
export const controlTable = (env: { CONTROL_TABLE: string }): Pick<Context, 'table'> => ({
  table: new DynamoTable(billing.watch(dynamoClient()), env.CONTROL_TABLE),
});
