/** RFC 9457 problems: every answer that is not a success. The `type` is stable, the words are for people. */
import type { Refusal } from '#core/operations.ts';
import type { FieldError } from './refusals.ts';

export interface Problem {
  kind: ProblemKind;
  detail: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
  /** Other than the kind's own. */
  title?: string;
}

const KINDS = {
  validation: [400, 'The request is not valid'],
  unauthenticated: [401, 'An API key is needed'],
  forbidden: [403, 'The API key does not allow this'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'This method does not apply here'],
  conflict: [409, 'The present state does not allow this'],
  'precondition-failed': [412, 'It has changed meanwhile'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'This kind of body is not taken'],
  unprocessable: [422, 'This cannot be done'],
  'idempotency-key-reused': [422, 'The idempotency key belongs to another request'],
  'answer-too-large': [422, 'The answer is too large'],
  'too-many-requests': [429, 'Too many requests'],
  'head-too-large': [431, 'The headers of the request are too large'],
  internal: [500, 'Something went wrong on our side'],
  'not-available-yet': [501, 'Not available yet'],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemKind = keyof typeof KINDS;

export const statusOf = (kind: ProblemKind): number => KINDS[kind][0];
export const titleOf = (kind: ProblemKind): string => KINDS[kind][1];

const BY_STATUS: Record<Refusal['status'], ProblemKind> = {
  400: 'validation',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  412: 'precondition-failed',
  413: 'too-large',
  422: 'unprocessable',
  429: 'too-many-requests',
};

/** An operation's "no". */
export function problemOf(refusal: Refusal): Problem {
  const { status, title, detail, errors } = refusal;
  return { kind: BY_STATUS[status], title, detail, ...(errors ? { errors } : {}) };
}

export function validation(errors: FieldError[]): Problem {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${String(errors.length - 1)} more)` : '';
  const detail =
    first === undefined ? 'not valid' : `${first.path === '' ? '' : `${first.path}: `}${first.message}${more}`;
  return { kind: 'validation', detail, errors };
}

/** @param requestId becomes `instance`, by which a log line is found. */
export function problemBody(problem: Problem, requestId: string): Record<string, unknown> {
  return {
    type: `urn:gleaner:problem:${problem.kind}`,
    title: problem.title ?? titleOf(problem.kind),
    status: statusOf(problem.kind),
    detail: problem.detail,
    instance: requestId,
    ...(problem.errors ? { errors: problem.errors } : {}),
  };
}
