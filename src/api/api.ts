/**
 * The HTTP face of Gleaner: finds the route, checks key, scope, query and body, asks the operations, folds the answer.
 * Knows HTTP as plain values only (`http.ts`).
 */
import type { Caller, Once, Operations } from '#core/operations.ts';
import { authenticate, lackOfScope } from './authentication.ts';
import { ANSWER_BYTES_MAX } from './http.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { idempotencyKey, once } from './idempotency.ts';
import type { Acted } from './idempotency.ts';
import { PATH_PARAMETERS } from './parameters.ts';
import { problemBody, statusOf } from './problems.ts';
import type { Problem } from './problems.ts';
import { readBody } from './request-body.ts';
import { HEAD_BYTES_MAX, headTooLarge } from './request-head.ts';
import { readQuery } from './request-query.ts';
import type { Context, LaterRoute, Reply, Route, Service } from './route.ts';
import { findRoute, isAvailable } from './route-table.ts';

export interface RequestInfo {
  requestId: string;
  method: string;
  /** The template, `/v1/runs/{runId}`: of low cardinality; `unmatched` when there is none. */
  route: string;
  status: number;
  ms: number;
  /** Once the caller is known. */
  tenant?: string;
}

export interface ApiOptions {
  operations: Operations;
  version: string;
  region: string;
  /** UTC milliseconds. */
  now: () => number;
  newRequestId: () => string;
  /** Told after every request; for logs and metrics. */
  onRequest?: (info: RequestInfo) => void;
  /** Told of every unexpected exception; the client sees only the request id. */
  onError?: (error: unknown, requestId: string) => void;
}
export type Api = (request: HttpRequest) => Promise<HttpResponse>;

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** Who asks a route that needs no key. */
const NOBODY: Caller = { tenant: '', keyId: '', scopes: [] };

interface Trace {
  requestId: string;
  route: string;
  tenant?: string;
  /** What every answer carries. */
  headers?: Record<string, string>;
}

/** @returns a function that answers every request and never rejects. */
export function createApi(options: ApiOptions): Api {
  const { operations, version, region } = options;
  let document: Promise<object> | undefined;
  const service: Service = { operations, version, region, openApi: () => (document ??= openApi(version)) };
  const onError = options.onError ?? (() => undefined);

  return async (request) => {
    const start = options.now();
    const trace: Trace = { requestId: options.newRequestId(), route: 'unmatched' };
    const report = (error: unknown): void => {
      onError(error, trace.requestId);
    };
    let response: HttpResponse;
    try {
      response = await answer(service, request, trace, report);
    } catch (error) {
      report(error);
      response = problemResponse({ kind: 'internal', detail: 'name the request id when you ask for help' }, trace);
    }
    const { route, tenant, requestId } = trace;
    const ms = options.now() - start;
    options.onRequest?.({
      requestId,
      method: request.method,
      route,
      status: response.status,
      ms,
      ...(tenant === undefined ? {} : { tenant }),
    });
    const headers = { ...response.headers, ...trace.headers, ...SECURITY_HEADERS, 'x-request-id': requestId };
    return { status: response.status, headers, body: request.method === 'HEAD' ? '' : response.body };
  };
}

type Report = (error: unknown) => void;

async function answer(service: Service, request: HttpRequest, trace: Trace, report: Report): Promise<HttpResponse> {
  const fail = (problem: Problem): HttpResponse => problemResponse(problem, trace);
  if ((request.headBytes ?? 0) > HEAD_BYTES_MAX) return fail(headTooLarge(request.headBytes));
  const found = findRoute(request.method, request.path);
  if (found.kind === 'none') return fail({ kind: 'not-found', detail: 'there is nothing at this path' });
  if (found.kind === 'method') {
    const allow = found.allow.join(', ');
    return fail({ kind: 'method-not-allowed', detail: `this path takes ${allow}`, headers: { allow } });
  }
  const { route, params } = found;
  trace.route = route.path;

  const permitted = await permit(service, request, route, trace);
  if ('problem' in permitted) return fail(permitted.problem);
  if (!isAvailable(route)) return fail({ kind: 'not-available-yet', detail: 'no release has brought this route yet' });
  const context = await prepare(service, request, route, params, permitted.caller);
  if ('problem' in context) return fail(context.problem);
  const key = idempotencyKey(request);
  if (!key.ok) return fail(key.problem);

  if (key.value === undefined) return respond(await route.handle(context), trace);
  const act = async (first: Once): Promise<Acted> => {
    const reply = await route.handle({ ...context, once: first });
    const response = respond(reply, trace);
    const isSecret = reply.problem === undefined && reply.repeated !== undefined;
    return { response, kept: isSecret ? respond({ ...reply, body: reply.repeated }, trace) : response };
  };
  const done = await once(service.operations, permitted.caller, key.value, request, act, report);
  return 'problem' in done ? fail(done.problem) : done.response;
}

async function permit(
  service: Service,
  request: HttpRequest,
  route: Route | LaterRoute,
  trace: Trace,
): Promise<{ caller: Caller } | { problem: Problem }> {
  if (route.scope === 'none') return { caller: NOBODY };
  const caller = await authenticate(request.headers, service.operations);
  if (!caller.ok) return { problem: caller.problem };
  trace.tenant = caller.value.tenant;
  const over = await spend(service, caller.value, trace);
  if (over !== undefined) return { problem: over };
  const lack = lackOfScope(caller.value, route.scope);
  return lack === undefined ? { caller: caller.value } : { problem: lack };
}

/** One request off the tenant's quota; every answer says what is left of it. */
async function spend({ operations }: Service, caller: Caller, trace: Trace): Promise<Problem | undefined> {
  const allowance = await operations.allowance(caller);
  if (allowance.limit === undefined) return undefined;
  const { isOver, limit, remaining, resetSeconds } = allowance;
  trace.headers = {
    'ratelimit-policy': `"requestsPerMinute";q=${String(limit)};w=60`,
    ratelimit: `"requestsPerMinute";r=${String(remaining)};t=${String(resetSeconds)}`,
  };
  if (!isOver) return undefined;
  const detail = `the tenant's quota requestsPerMinute (${String(limit)}) is used up; it begins anew in ${String(resetSeconds)} s`;
  return { kind: 'too-many-requests', detail, headers: { 'retry-after': String(resetSeconds) } };
}

/** The schemas of the answers are a third of all, and nobody but the document asks for them. */
const openApi = async (version: string): Promise<object> => (await import('./openapi.ts')).openApiDocument(version);

/** Ids, query and body, each by the route's declaration. */
async function prepare(
  service: Service,
  request: HttpRequest,
  route: Route,
  params: Record<string, string>,
  caller: Caller,
): Promise<Context<unknown, unknown> | { problem: Problem }> {
  for (const [name, value] of Object.entries(params)) {
    const { holds, noun = name.replace(/Id$/, '') } = PATH_PARAMETERS[name] ?? {};
    if (holds?.(value) === false) return { problem: { kind: 'not-found', detail: `there is no ${noun} with this id` } };
  }
  const query = readQuery(request.query, route.query);
  if (!query.ok) return { problem: query.problem };
  const body = await readBody(request, route.body);
  if (!body.ok) return { problem: body.problem };
  return { service, caller, params, query: query.value, body: body.value, headers: request.headers };
}

function respond(reply: Reply, trace: Trace): HttpResponse {
  if (reply.problem !== undefined) return problemResponse(reply.problem, trace);
  const { status, headers = {}, body } = reply;
  if (body === undefined) return { status, headers, body: '' };
  const text = JSON.stringify(body);
  const bytes = Buffer.byteLength(text);
  if (bytes > ANSWER_BYTES_MAX) {
    const detail = `the answer has ${String(bytes)} bytes, one answer carries ${String(ANSWER_BYTES_MAX)}; ask for a smaller page`;
    return problemResponse({ kind: 'answer-too-large', detail }, trace);
  }
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: text };
}

function problemResponse(problem: Problem, trace: Trace): HttpResponse {
  return {
    status: statusOf(problem.kind),
    headers: { 'content-type': 'application/problem+json', ...problem.headers },
    body: JSON.stringify(problemBody(problem, trace.requestId)),
  };
}
