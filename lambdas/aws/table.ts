/** The `Table` port on DynamoDB: single-item conditional writes, consistent reads, two sparse indexes. */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  BadCursor,
  type Change,
  type Condition,
  type Item,
  type Key,
  type Page,
  type Query,
  type Table,
  type Write,
} from '#core/ports.ts';
import { DUE_INDEX, LIST_INDEX } from '../contract.ts';
import { decodeItem, encode, encodeItem } from './attributes.ts';
import { call } from './call.ts';
import { Expression } from './expression.ts';

export class DynamoTable implements Table {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async get(key: Key): Promise<Item | undefined> {
    const answer = await call(this.#what('GetItem'), () =>
      this.#client.send(new GetItemCommand({ TableName: this.#name, Key: encodeKey(key), ConsistentRead: true })),
    );
    return answer.Item && decodeItem(answer.Item);
  }

  async put(item: Item, condition?: Condition): Promise<Write> {
    const expression = new Expression();
    const input = {
      TableName: this.#name,
      Item: encodeItem(item),
      ...expression.condition(condition),
      ...expression.names(),
    };
    return this.#write('PutItem', item, async () => {
      await this.#client.send(new PutItemCommand({ ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
      return item;
    });
  }

  async update(key: Key, change: Change, condition?: Condition): Promise<Write> {
    const expression = new Expression();
    const input = {
      TableName: this.#name,
      Key: encodeKey(key),
      ...expression.update(change),
      ...expression.condition(condition),
      ...expression.names(),
    };
    return this.#write('UpdateItem', key, async () => {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({ ...input, ReturnValues: 'ALL_NEW', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
      );
      if (Attributes === undefined) throw new Error('an answer without the item as it is now');
      return decodeItem(Attributes);
    });
  }

  async delete(key: Key, condition?: Condition): Promise<{ ok: boolean }> {
    const expression = new Expression();
    const input = {
      TableName: this.#name,
      Key: encodeKey(key),
      ...expression.condition(condition),
      ...expression.names(),
    };
    const write = await this.#write('DeleteItem', key, async () => {
      await this.#client.send(new DeleteItemCommand({ ...input, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
      return key as Item;
    });
    return { ok: write.ok };
  }

  async query({ pk, prefix, range, limit, cursor, reverse }: Query): Promise<Page> {
    const values: Record<string, AttributeValue> = { ':pk': { S: pk } };
    let condition = 'pk = :pk';
    if (prefix !== undefined) {
      condition += ' AND begins_with(sk, :prefix)';
      values[':prefix'] = { S: prefix };
    } else if (range) {
      condition += ' AND sk BETWEEN :from AND :to';
      values[':from'] = { S: range[0] };
      values[':to'] = { S: range[1] };
    }
    return this.#page(
      {
        TableName: this.#name,
        KeyConditionExpression: condition,
        ExpressionAttributeValues: values,
        ConsistentRead: true,
        ScanIndexForward: !reverse,
        ...(limit !== undefined && { Limit: limit }),
      },
      cursor,
      ([sk]) => ({ pk: { S: pk }, sk: { S: sk } }),
      ({ sk }) => [sk],
    );
  }

  async due(pk: string, until: number, limit: number): Promise<Item[]> {
    const answer = await call(this.#what(`Query of ${DUE_INDEX.name}`), () =>
      this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          IndexName: DUE_INDEX.name,
          KeyConditionExpression: `${DUE_INDEX.partition} = :pk AND ${DUE_INDEX.sort} <= :until`,
          ExpressionAttributeValues: { ':pk': { S: pk }, ':until': { N: String(until) } },
          Limit: limit,
        }),
      ),
    );
    return (answer.Items ?? []).map(decodeItem);
  }

  async list(pk: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<Page> {
    return this.#page(
      {
        TableName: this.#name,
        IndexName: LIST_INDEX.name,
        KeyConditionExpression: `${LIST_INDEX.partition} = :pk`,
        ExpressionAttributeValues: { ':pk': { S: pk } },
        ScanIndexForward: false,
        Limit: limit,
      },
      cursor,
      ([listSk, itemPk, itemSk]) => ({
        [LIST_INDEX.partition]: { S: pk },
        [LIST_INDEX.sort]: { S: listSk },
        pk: { S: itemPk },
        sk: { S: itemSk },
      }),
      (key) => [String(key[LIST_INDEX.sort]), key.pk, key.sk],
    );
  }

  /** A cursor carries what of the last key the query itself does not fix; DynamoDB refuses one of another partition. */
  async #page(
    input: QueryCommandInput,
    cursor: string | undefined,
    toKey: (parts: [string, string, string]) => Record<string, AttributeValue>,
    fromKey: (key: Item) => string[],
  ): Promise<Page> {
    const start = cursor === undefined ? {} : { ExclusiveStartKey: toKey(decodeCursor(cursor)) };
    const answer = await call(
      this.#what(input.IndexName === undefined ? 'Query' : `Query of ${input.IndexName}`),
      () => this.#client.send(new QueryCommand({ ...input, ...start })),
      (error) => {
        if (cursor !== undefined && (error as Error).name === 'ValidationException')
          throw new BadCursor(cursor.slice(0, 80));
        return undefined;
      },
    );
    const items = (answer.Items ?? []).map(decodeItem);
    if (answer.LastEvaluatedKey === undefined) return { items };
    return { items, cursor: encodeCursor(fromKey(decodeItem(answer.LastEvaluatedKey))) };
  }

  /** A lost condition is an answer. Where the service did not return the item that won, it is read. */
  async #write(operation: string, key: Key, send: () => Promise<Item>): Promise<Write> {
    const written = await call<Item | ConditionalCheckFailedException>(this.#what(operation), send, (error) =>
      error instanceof ConditionalCheckFailedException ? error : undefined,
    );
    if (!(written instanceof ConditionalCheckFailedException)) return { ok: true, item: written };
    return { ok: false, item: written.Item ? decodeItem(written.Item) : await this.get(key) };
  }

  #what(operation: string): string {
    return `DynamoDB ${operation}, table ${this.#name}`;
  }
}

const encodeKey = ({ pk, sk }: Key): Record<string, AttributeValue> => ({ pk: encode(pk), sk: encode(sk) });

const encodeCursor = (parts: string[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
function decodeCursor(cursor: string): [string, string, string] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.every((part) => typeof part === 'string'))
      return [parts[0] ?? '', parts[1] ?? '', parts[2] ?? ''];
  } catch {
    // falls through to the refusal
  }
  throw new BadCursor(cursor.slice(0, 80));
}
