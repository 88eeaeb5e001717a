import type { Json, JsonObject } from '#core/json.ts';
import { isObject } from './properties.ts';

/** Items looked at in one pass over one table: a pass takes milliseconds, and the next one goes on where it ended. */
const ITEMS_PER_PASS = 500;

export interface Sweep {
  call: (operation: string, input: JsonObject) => Promise<JsonObject>;
  table: string;
  /** Holds seconds since 1970, as TTL does. */
  attribute: string;
  nowMs: number;
  /** Where the next pass over each table begins; kept by the caller. */
  cursors: Map<string, JsonObject>;
}

/**
 * Deletes items past their time among the next `ITEMS_PER_PASS`. As in AWS an expired item may still be read for a while.
 * The deletion repeats the condition, so an item that was renewed in between stays.
 * @returns how many were deleted.
 */
export async function sweepExpired({ call, table, attribute, nowMs, cursors }: Sweep): Promise<number> {
  const condition = {
    ExpressionAttributeNames: { '#ttl': attribute },
    ExpressionAttributeValues: { ':now': { N: String(Math.floor(nowMs / 1000)) } },
  };
  const cursor = cursors.get(table);
  const page = await call('Scan', {
    TableName: table,
    Limit: ITEMS_PER_PASS,
    FilterExpression: 'attribute_exists(#ttl) AND #ttl < :now',
    ...condition,
    ...(cursor === undefined ? {} : { ExclusiveStartKey: cursor }),
  });
  const next = page['LastEvaluatedKey'];
  if (isObject(next)) cursors.set(table, next);
  else cursors.delete(table);
  const items = Array.isArray(page['Items']) ? page['Items'].filter(isObject) : [];
  const keys = items.length === 0 ? [] : await keyNames(call, table);
  let deleted = 0;
  for (const item of items) {
    const key = Object.fromEntries(keys.map((name) => [name, item[name] ?? null]));
    const input = { TableName: table, Key: key, ConditionExpression: '#ttl < :now', ...condition };
    deleted += await call('DeleteItem', input).then(
      () => 1,
      () => 0,
    );
  }
  return deleted;
}

async function keyNames(call: Sweep['call'], table: string): Promise<string[]> {
  const described: Json | undefined = (await call('DescribeTable', { TableName: table }))['Table'];
  const schema = isObject(described) && Array.isArray(described['KeySchema']) ? described['KeySchema'] : [];
  return schema.flatMap((part) => (isObject(part) ? [String(part['AttributeName'])] : []));
}
