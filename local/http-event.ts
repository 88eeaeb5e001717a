/** API Gateway HTTP API, payload format 2.0: a request becomes an event, the function's answer becomes a response. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Json, JsonObject } from '#core/json.ts';
import { isObject } from './properties.ts';

export interface HttpCall {
  method: string;
  /** As it came, path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  sourceIp: string;
  nowMs: number;
  requestId: string;
  /** Of the route that took it. */
  routeKey: string;
  pathParameters: Record<string, string>;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  cookies: string[];
  body: Buffer;
}

const TEXT_TYPE = /^\s*(text\/|application\/(json|xml|javascript|[^;]*\+(json|xml))\s*(;|$))/i;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Common log format, which the gateway uses for `requestContext.time`. */
function clfTime(ms: number): string {
  const d = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, '0');
  const date = `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()] ?? ''}/${d.getUTCFullYear()}`;
  return `${date}:${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`;
}

function joinedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && name !== 'cookie') joined[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return joined;
}

function queryParameters(rawQuery: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    const before = parameters[name];
    parameters[name] = before === undefined ? value : `${before},${value}`;
  }
  return parameters;
}

function bodyOf(body: Buffer, type: string | undefined): JsonObject {
  if (body.length === 0) return { isBase64Encoded: false };
  const text = type === undefined ? Buffer.from(body.toString('utf8')).equals(body) : TEXT_TYPE.test(type);
  return { body: body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text };
}

export function eventOf(call: HttpCall): JsonObject {
  const [path = '/', ...rest] = call.url.split('?');
  const rawQueryString = rest.join('?');
  const query = queryParameters(rawQueryString);
  const cookies = call.headers.cookie?.split(/;\s*/) ?? [];
  const host = call.headers.host ?? '';
  return {
    version: '2.0',
    routeKey: call.routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: joinedHeaders(call.headers),
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    ...(Object.keys(call.pathParameters).length === 0 ? {} : { pathParameters: call.pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: host,
      domainPrefix: 'local',
      http: {
        method: call.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: call.sourceIp,
        userAgent: call.headers['user-agent'] ?? '',
      },
      requestId: call.requestId,
      routeKey: call.routeKey,
      stage: '$default',
      time: clfTime(call.nowMs),
      timeEpoch: call.nowMs,
    },
    ...bodyOf(call.body, call.headers['content-type']),
  };
}

export const plainAnswer = (status: number, message: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  cookies: [],
  body: Buffer.from(JSON.stringify({ message })),
});

/** A result without `statusCode` is the body itself (200, JSON); one that cannot be sent is a 500, as in the gateway. */
export function answerOf(payload: string): HttpAnswer {
  const result = JSON.parse(payload) as Json;
  if (!isObject(result) || result['statusCode'] === undefined) {
    const body = Buffer.from(typeof result === 'string' ? result : payload);
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body };
  }
  const status = Number(result['statusCode']);
  const body = result['body'] ?? '';
  if (!Number.isInteger(status) || status < 200 || status > 599 || typeof body !== 'string') {
    return plainAnswer(500, 'Internal Server Error');
  }
  const given = isObject(result['headers']) ? result['headers'] : {};
  const headers: Record<string, string> = { 'content-type': 'text/plain;charset=UTF-8' };
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = String(value);
  const cookies = Array.isArray(result['cookies']) ? result['cookies'].map(String) : [];
  return { status, headers, cookies, body: Buffer.from(body, result['isBase64Encoded'] === true ? 'base64' : 'utf8') };
}
