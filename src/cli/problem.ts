/** What an API said when it did not do what was asked: an RFC 9457 document where there is one, else what can be said of the answer. */
import { Failure } from './failure.ts';
import { printable } from './terminal.ts';

export interface Problem {
  title: string;
  detail?: string;
  errors: { path: string; message: string }[];
}

/** A request that was answered with a refusal. `status` is the HTTP status. */
export class ApiRefusal extends Failure {
  override readonly name = 'ApiRefusal';
  readonly status: number;
  readonly problem: Problem;
  constructor(status: number, problem: Problem) {
    super(describe(status, problem));
    this.status = status;
    this.problem = problem;
  }
}

/** A request that got no usable answer, after all retries. */
export class ApiUnreachable extends Failure {
  override readonly name = 'ApiUnreachable';
}

/** @param text the body of the answer, of whatever kind. */
export function problemOf(status: number, text: string): Problem {
  const body = objectIn(text);
  // API Gateway itself answers {message}.
  const title = stringIn(body, 'title') ?? stringIn(body, 'message') ?? `HTTP ${String(status)}`;
  const detail = stringIn(body, 'detail');
  const list: unknown = body?.errors;
  const errors = (Array.isArray(list) ? (list as unknown[]) : []).flatMap((entry) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { path, message } = entry as Record<string, unknown>;
    return [{ path: typeof path === 'string' ? path : '', message: typeof message === 'string' ? message : '' }];
  });
  return { title, ...(detail !== undefined && { detail }), errors };
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const stringIn = (body: Record<string, unknown> | undefined, name: string): string | undefined => {
  const value = body?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

function describe(status: number, { title, detail, errors }: Problem): string {
  const head = detail === undefined || detail === title ? title : `${title}: ${detail}`;
  const lines = [`${printable(head)} (HTTP ${String(status)})`];
  for (const { path, message } of errors) lines.push(`  ${printable(path === '' ? message : `${path}: ${message}`)}`);
  if (status === 401) lines.push('  set GLEANER_KEY, or store a key with: gleaner login --api URL --key KEY');
  return lines.join('\n');
}
