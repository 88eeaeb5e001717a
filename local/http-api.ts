/** The HTTP API's front door: routes of the template to functions, with the gateway's own limits and answers. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json } from '#core/json.ts';
import type { Clock } from '#core/ports.ts';
import type { RouteSpec } from './blueprint.ts';
import { answerOf, eventOf, plainAnswer } from './http-event.ts';
import type { HttpAnswer } from './http-event.ts';
import { matchRoute } from './http-routes.ts';
import type { Invocation } from './lambda.ts';
import { readBody } from './loopback.ts';

/** An HTTP API takes bodies up to 10 MB and waits 30 s for an integration. */
export const BODY_BYTES_MAX = 10 * 1024 * 1024;
export const ANSWER_MS_MAX = 30_000;

export interface HttpApiOptions {
  routes: RouteSpec[];
  invoke: (route: RouteSpec, event: Json) => Promise<Invocation>;
  clock: Clock;
}

export function httpApi(options: HttpApiOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request, BODY_BYTES_MAX);
    if (body === 'aborted') return;
    const answer =
      body === 'tooLarge' ? plainAnswer(413, 'Request Entity Too Large') : await answerTo(options, request, body);
    if (response.destroyed) return;
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...headers } = answer.headers;
    response.writeHead(answer.status, {
      ...headers,
      ...(answer.cookies.length === 0 ? {} : { 'set-cookie': answer.cookies }),
      'content-length': answer.body.length,
    });
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  };
}

async function answerTo(options: HttpApiOptions, request: IncomingMessage, body: Buffer): Promise<HttpAnswer> {
  const { method = 'GET', url = '/', headers } = request;
  const match = matchRoute(options.routes, method, url.split('?')[0] ?? '/');
  if (match === undefined) return plainAnswer(404, 'Not Found');
  const event = eventOf({
    method,
    url,
    headers,
    body,
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
    nowMs: options.clock.now(),
    requestId: randomUUID(),
    routeKey: match.route.key,
    pathParameters: match.pathParameters,
  });
  const answered = new AbortController();
  const late = options.clock.sleep(ANSWER_MS_MAX, answered.signal).then(() => 'late' as const);
  const invocation = await Promise.race([options.invoke(match.route, event), late]);
  answered.abort();
  if (invocation === 'late') return plainAnswer(503, 'Service Unavailable');
  if (invocation.kind === 'ok') return answerOf(invocation.payload);
  if (invocation.kind === 'functionError') return plainAnswer(500, 'Internal Server Error');
  if (invocation.name === 'RequestTooLargeException') return plainAnswer(413, 'Request Entity Too Large');
  return invocation.name === 'TooManyRequestsException'
    ? plainAnswer(503, 'Service Unavailable')
    : plainAnswer(500, 'Internal Server Error');
}
