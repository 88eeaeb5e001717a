/**
 * DynamoDB: dynalite behind a front of ours, because dynalite ends the process when a client drops in mid-request,
 * does not know TTL, and because only operations known to behave as in AWS are let through. Requests are handed to it
 * whole, inside this process; nothing else can reach it.
 *
 * It differs from AWS in being always consistent and never throttling; `ReturnValuesOnConditionCheckFailure` is taken
 * and returns no item.
 */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import { Readable } from 'node:stream';
import type { JsonObject } from '#core/json.ts';
import type { Clock } from '#core/ports.ts';
import { sweepExpired } from './dynamo-expiry.ts';
import { accessKeyOf, firstRefusal, refusedJson } from './iam-gate.ts';
import type { Gate } from './iam-gate.ts';
import { DYNAMO_NEEDS } from './iam-needs.ts';
import { listen, readBody, sendJson } from './loopback.ts';
import { isObject, parsedObject } from './properties.ts';

export interface Dynamo {
  url: string;
  /** One operation, past the allow-list. Throws `DynamoFailure` on anything but 200. */
  call(operation: string, input: JsonObject): Promise<JsonObject>;
  /** Items of the table whose attribute (seconds) lies in the past get deleted in the background. */
  expire(table: string, attribute: string): void;
  close(): Promise<void>;
}

export class DynamoFailure extends Error {
  override readonly name = 'DynamoFailure';
  /** Such as `ResourceNotFoundException`. */
  readonly type: string;
  constructor(type: string, message: string) {
    super(`${type}: ${message}`);
    this.type = type;
  }
}

/** DynamoDB takes at most 16 MB in one request (a full BatchWriteItem). */
const REQUEST_BYTES_MAX = 16 * 1024 * 1024;
const SWEEP_EVERY_MS = 60_000;
const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=local/20000101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What dynalite touches of a response; it answers exactly once, by `end`. */
class CapturedResponse {
  statusCode = 200;
  contentType = '';
  readonly #headers: Record<string, string> = {};
  readonly #done: (answer: Answer) => void;
  constructor(done: (answer: Answer) => void) {
    this.#done = done;
  }
  setHeader(name: string, value: unknown): void {
    this.#headers[name] = String(value);
  }
  end(body: unknown = ''): void {
    this.#done({ status: this.statusCode, headers: this.#headers, body: String(body) });
  }
}

function dispatch(dynalite: Server, headers: Record<string, unknown>, body: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    const request = Object.assign(Readable.from([body]), { method: 'POST', url: '/', headers });
    dynalite.emit('request', request, new CapturedResponse(resolve));
  });
}

/** dynalite opens its store with its server and closes it only if the server listens, so it listens, and drops every connection. */
async function openDynalite(path: string): Promise<Server> {
  const create = createRequire(import.meta.url)('dynalite') as (options: JsonObject) => Server;
  mkdirSync(path, { recursive: true });
  const server = create({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  server.removeAllListeners('connection');
  server.on('connection', (socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function operationOf(target: string | string[] | undefined): string {
  return typeof target === 'string' ? (/^DynamoDB_20120810\.(\w+)$/.exec(target)?.[1] ?? '') : '';
}

/** @param dir where the tables live. Persistent, also across kill -9; one process at a time. */
export async function startDynamo(options: {
  dir: string;
  gate: Gate;
  clock: Clock;
  log: (line: string) => void;
}): Promise<Dynamo> {
  const dynalite = await openDynalite(options.dir);
  const expiring = new Map<string, string>();
  const closing = new AbortController();
  let inFlight = 0;

  const run = async (headers: Record<string, unknown>, body: Buffer): Promise<Answer> => {
    if (closing.signal.aborted) throw new Error('DynamoDB is shut down');
    inFlight++;
    try {
      return await dispatch(dynalite, headers, body);
    } finally {
      inFlight--;
    }
  };
  const call = async (operation: string, input: JsonObject): Promise<JsonObject> => {
    const headers = {
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
      authorization: AUTHORIZATION,
      'x-amz-date': '20000101T000000Z',
    };
    const answer = await run(headers, Buffer.from(JSON.stringify(input)));
    const output: unknown = JSON.parse(answer.body === '' ? '{}' : answer.body);
    if (!isObject(output)) throw new Error(`dynalite answered ${answer.body.slice(0, 200)}`);
    if (answer.status === 200) return output;
    throw new DynamoFailure(
      String(output['__type']).split('#').pop() ?? '',
      String(output['message'] ?? output['Message'] ?? ''),
    );
  };

  const front = await listen(async (request, response) => {
    const body = await readBody(request, REQUEST_BYTES_MAX);
    if (body === 'aborted') return;
    if (body === 'tooLarge') return sendJson(response, 413, { message: 'request is larger than 16 MB' });
    const operation = operationOf(request.headers['x-amz-target']);
    const needs = DYNAMO_NEEDS[operation];
    if (needs === undefined) return sendJson(response, 501, unknown(operation));
    const input = parsedObject(body.toString());
    const refusal = firstRefusal(options.gate, accessKeyOf(request.headers), needs(input));
    if (refusal !== undefined) return sendJson(response, 400, refusedJson(refusal));
    if (operation.endsWith('TimeToLive')) {
      const reply = timeToLive(operation, input, expiring);
      return sendJson(response, reply === undefined ? 501 : 200, reply ?? unknown(operation));
    }
    const answer = await run(request.headers, body);
    if (response.destroyed) return;
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  }, 0, options.log); // prettier-ignore

  const sweeping = (async () => {
    const cursors = new Map<string, JsonObject>();
    while (!closing.signal.aborted) {
      await options.clock.sleep(SWEEP_EVERY_MS, closing.signal);
      for (const [table, attribute] of expiring) {
        if (closing.signal.aborted) return;
        await sweepExpired({ call, table, attribute, nowMs: options.clock.now(), cursors }).catch((error: unknown) => {
          if (!closing.signal.aborted) options.log(`expiry of ${table}: ${String(error)}`);
        });
      }
    }
  })();

  return {
    url: front.url,
    call,
    expire: (table, attribute) => void expiring.set(table, attribute),
    async close() {
      closing.abort();
      await front.close();
      await sweeping;
      // A write that has begun is let finish: item and index are written one after the other.
      for (let i = 0; inFlight > 0 && i < 100; i++) await options.clock.sleep(10);
      await new Promise((resolve) => dynalite.close(resolve));
    },
  };
}

const unknown = (operation: string): JsonObject => ({
  __type: 'com.amazon.coral.service#UnknownOperationException',
  message: `DynamoDB ${operation === '' ? 'requests without a known target are' : `${operation} is`} not offered by the local world (single-item conditional writes, queries and batches are)`,
});

function timeToLive(operation: string, input: JsonObject, expiring: Map<string, string>): JsonObject | undefined {
  const table = input['TableName'];
  if (typeof table !== 'string') return undefined;
  if (operation === 'DescribeTimeToLive') {
    const attribute = expiring.get(table);
    return {
      TimeToLiveDescription:
        attribute === undefined
          ? { TimeToLiveStatus: 'DISABLED' }
          : { TimeToLiveStatus: 'ENABLED', AttributeName: attribute },
    };
  }
  const wanted = input['TimeToLiveSpecification'];
  if (operation !== 'UpdateTimeToLive' || !isObject(wanted)) return undefined;
  if (wanted['Enabled'] === true) expiring.set(table, String(wanted['AttributeName']));
  else expiring.delete(table);
  return { TimeToLiveSpecification: wanted };
}
