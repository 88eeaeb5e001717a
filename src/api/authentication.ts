/** Who asks, and whether they may. */
import type { Caller, Operations, Scope } from '#core/operations.ts';
import type { HttpRequest } from './http.ts';
import type { Problem } from './problems.ts';
import type { Read } from './request-body.ts';

/** `write` includes reading what was written, `admin` includes both. */
const GRANTS: Record<Scope, readonly Scope[]> = {
  read: ['read'],
  write: ['read', 'write'],
  admin: ['read', 'write', 'admin'],
};
/** Longer than any key this service makes; keeps junk from the table. */
const KEY_CHARS_MAX = 512;

/** The caller behind the Authorization header (RFC 6750), or the problem 401. */
export async function authenticate(headers: HttpRequest['headers'], operations: Operations): Promise<Read<Caller>> {
  const given = headers.authorization;
  if (given === undefined) return denied('send Authorization: Bearer with an API key', '');
  const key = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(given)?.[1];
  const caller = key === undefined || key.length > KEY_CHARS_MAX ? undefined : await operations.authenticate(key);
  if (caller === undefined) return denied('the API key is unknown, expired or revoked', ', error="invalid_token"');
  return { ok: true, value: caller };
}

const denied = (detail: string, error: string): { ok: false; problem: Problem } => ({
  ok: false,
  problem: { kind: 'unauthenticated', detail, headers: { 'www-authenticate': `Bearer realm="gleaner"${error}` } },
});

/** The problem 403 when the caller's key lacks the scope. */
export function lackOfScope(caller: Caller, scope: Scope): Problem | undefined {
  if (caller.scopes.some((has) => GRANTS[has].includes(scope))) return undefined;
  return {
    kind: 'forbidden',
    detail: `this needs a key with the scope ${scope}`,
    headers: { 'www-authenticate': `Bearer realm="gleaner", error="insufficient_scope", scope="${scope}"` },
  };
}
