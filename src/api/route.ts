/** What a route is: one declaration from which dispatch, checks and the OpenAPI document all come. */
import { createHash } from 'node:crypto';
import type * as z from 'zod';
import type { AnswerName } from './answers.ts';
import type { BodyName } from './body-schemas.ts';
import type { Caller, Once, Operations, Outcome, Scope } from '#core/operations.ts';
import type { HttpRequest } from './http.ts';
import { matchesWeakly, parseCondition } from './conditions.ts';
import { problemOf } from './problems.ts';
import type { Problem, ProblemKind } from './problems.ts';
import type { FieldError } from './refusals.ts';

export interface Service {
  operations: Operations;
  version: string;
  region: string;
  /** Made once: it depends on the version alone. */
  openApi: () => Promise<object>;
}

export interface Context<Q, B> {
  service: Service;
  /** Of the routes without authentication: a caller without a tenant that may do nothing. */
  caller: Caller;
  params: Record<string, string>;
  query: Q;
  body: B;
  headers: HttpRequest['headers'];
  /** Of a POST that carried an Idempotency-Key. */
  once?: Once;
}

export type Reply =
  | {
      status: number;
      headers?: Record<string, string>;
      body?: unknown;
      /** What a repetition of the request gets instead, where the body holds what is shown once. */
      repeated?: unknown;
      problem?: never;
    }
  | { problem: Problem };

export type BodyRead<B> = { ok: true; value: B } | { ok: false; errors: FieldError[] };
/** How a body is judged after it was parsed as JSON or YAML. */
export interface BodyReader<B> {
  /** By its name in the OpenAPI document. */
  schema: BodyName;
  required: boolean;
  /** YAML is taken too. */
  yaml: boolean;
  example?: unknown;
  /** `input` is undefined when there was no body. */
  read(input: unknown): Promise<BodyRead<B>>;
}

export interface Answer {
  status: 200 | 201 | 202 | 204 | 304;
  description: string;
  /** Absent: no body. */
  schema?: AnswerName;
  headers?: readonly ('location' | 'etag')[];
}

export interface Route<Q = unknown, B = unknown> {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for a segment. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  /** What the key must allow; `none` = no key needed. */
  scope: Scope | 'none';
  query?: z.ZodObject & z.ZodType<Q>;
  body?: BodyReader<B>;
  /** Of the request, besides `Authorization` and `Idempotency-Key`. */
  headers?: readonly ('if-match' | 'if-none-match')[];
  answers: readonly Answer[];
  /** Besides those that every route may give. */
  problems?: readonly ProblemKind[];
  /** Written as a method, so that routes of all types stand in one table; `defineRoute` has checked them. */
  handle(context: Context<Q, B>): Promise<Reply>;
}

export function defineRoute<Q = Record<string, never>, B = undefined>(route: Route<Q, B>): Route {
  return route;
}

/** A route of the contract that no release has brought yet: answers 501 to whoever may use it. */
export interface LaterRoute {
  method: Route['method'];
  path: string;
  scope: Scope;
}

/** A value becomes an answer, a refusal a problem. */
export function replyTo<T>(outcome: Outcome<T>, answer: (value: T) => Reply): Reply {
  return outcome.ok ? answer(outcome.value) : { problem: problemOf(outcome.refusal) };
}

export const okWith = (body: unknown): Reply => ({ status: 200, body });

/** Like `okWith`, with a validator of the answer itself: whoever watches is told in a few bytes that nothing has changed. */
export function watchedWith(headers: HttpRequest['headers']): (body: unknown) => Reply {
  return (body) => {
    const etag = `W/"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)}"`;
    const condition = parseCondition(headers['if-none-match'] ?? '');
    const unchanged = condition !== undefined && matchesWeakly(condition, etag);
    return unchanged ? { status: 304, headers: { etag } } : { status: 200, headers: { etag }, body };
  };
}
/** The answer of a route that uses it. */
export const UNCHANGED = { status: 304, description: 'Still what If-None-Match names', headers: ['etag'] } as const;

export const pathNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');

/**
 * The values of a template's names in a path, decoded; undefined when it does not match.
 * A segment that is not valid percent-encoding matches nothing.
 */
export function matchPath(template: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [template.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, want] of wanted.entries()) {
    const have = decode(given[index] ?? '');
    if (have === undefined) return undefined;
    const name = pathNames(want)[0];
    if (name === undefined ? want !== have : have === '') return undefined;
    if (name !== undefined) params[name] = have;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
