/**
 * Errors of sockets, TLS, the resolver and the HTTP parser as ledger reasons. Decided by error codes alone: message
 * texts change between versions, and may quote what must not be logged.
 */
import errors from 'undici/lib/core/errors.js';
import type { FailReason } from '#core/ledger.ts';
import { BlockedAddressError } from './guard.ts';

export interface Failure {
  reason: FailReason;
  detail: string;
}

const DNS = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'ENONAME', 'EBADNAME', 'EBADRESP', 'EREFUSED', 'EFORMERR']);
/** OpenSSL's names of certificate faults that share no prefix. */
const CERTIFICATE =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|OCSP_|EPROTO$|UNSPECIFIED$|EE_KEY_|CA_KEY_|CA_MD_)/;

const KNOWN = new Map<string, Failure>(
  Object.entries({
    UND_ERR_CONNECT_TIMEOUT: { reason: 'timeout', detail: 'connect: no connection in time (DNS, TCP and TLS)' },
    ETIMEDOUT: { reason: 'timeout', detail: 'connect: no answer from the host (ETIMEDOUT)' },
    UND_ERR_HEADERS_TIMEOUT: { reason: 'timeout', detail: 'headers: the response did not begin in time' },
    UND_ERR_BODY_TIMEOUT: { reason: 'timeout', detail: 'body: the server stopped sending' },
    UND_ERR_HEADERS_OVERFLOW: { reason: 'tooLarge', detail: 'response headers are too large' },
    UND_ERR_INVALID_ARG: { reason: 'connect', detail: 'the request could not be sent: invalid method, path or header' },
    UND_ERR_NOT_SUPPORTED: { reason: 'connect', detail: 'the request could not be sent: unsupported header' },
    UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { reason: 'connect', detail: 'the body does not have the announced length' },
    UND_ERR_SOCKET: { reason: 'connect', detail: 'the server closed the connection' },
    ECONNREFUSED: { reason: 'connect', detail: 'connection refused' },
    ECONNRESET: { reason: 'connect', detail: 'connection reset' },
    EPIPE: { reason: 'connect', detail: 'connection closed while sending' },
  }),
);

/** Never quotes URLs, headers or foreign message texts; names the error's code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof BlockedAddressError) return { reason: 'blockedAddress', detail: error.message };
  if (error instanceof errors.HTTPParserError) return { reason: 'connect', detail: 'the response is not HTTP' };
  const codes = codesOf(error);
  for (const code of codes) {
    const known = KNOWN.get(code);
    if (known !== undefined) return { ...known, detail: withCode(known.detail, code) };
    if (DNS.has(code) || code.startsWith('EAI_'))
      return { reason: 'dns', detail: `the host name has no address (${code})` };
    if (CERTIFICATE.test(code)) return { reason: 'tls', detail: `TLS failed (${code})` };
  }
  return { reason: 'connect', detail: `the exchange failed (${codes[0] ?? 'no code'})` };
}

/** A connection that ended under the request, which is what a stale keep-alive socket looks like. */
export function isDisconnect(error: unknown): boolean {
  return codesOf(error).some((code) => code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE');
}

/** Codes of the error, of the attempts it sums up, and of its causes, outermost first. */
function codesOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 3) return [];
  const { code } = error as NodeJS.ErrnoException;
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [
    ...(typeof code === 'string' ? [code] : []),
    ...[...inner, error.cause].flatMap((cause) => codesOf(cause, depth + 1)),
  ];
}

const withCode = (detail: string, code: string): string => (detail.includes(code) ? detail : `${detail} (${code})`);
