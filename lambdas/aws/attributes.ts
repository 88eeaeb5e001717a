/** Attributes to DynamoDB's typed values and back. Numbers keep JavaScript's precision; there are no sets. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Attr, Item } from '#core/ports.ts';

export function encode(value: Attr): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  if (Array.isArray(value)) return { L: value.map(encode) };
  return { M: encodeItem(value) };
}

export const encodeItem = (item: { [name: string]: Attr }): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, encode(value)]));

function decode(value: AttributeValue): Attr {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.B !== undefined) return value.B;
  if (value.L !== undefined) return value.L.map(decode);
  if (value.M !== undefined) return decodeItem(value.M);
  if (value.NULL !== undefined) return null;
  throw new TypeError(`unexpected attribute type ${Object.keys(value).join()}`);
}

export const decodeItem = (item: Record<string, AttributeValue>): Item =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, decode(value)])) as Item;
