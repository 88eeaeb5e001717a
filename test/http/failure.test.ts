import { expect, it } from 'vitest';
import { errors } from 'undici';
import { failureOf, isDisconnect } from '#http/failure.ts';
import { BlockedAddressError } from '#http/guard.ts';

const coded = (code: string): Error => Object.assign(new Error('https://user:pw@secret.example/?token=1'), { code });

it.each<[unknown, string]>([
  [coded('ENOTFOUND'), 'dns'],
  [coded('EAI_AGAIN'), 'dns'],
  [coded('ECONNREFUSED'), 'connect'],
  [coded('EHOSTUNREACH'), 'connect'],
  [coded('ETIMEDOUT'), 'timeout'],
  [coded('CERT_HAS_EXPIRED'), 'tls'],
  [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'tls'],
  [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'tls'],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'tls'],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'tls'],
  [coded('EPROTO'), 'tls'],
  [new errors.ConnectTimeoutError('x'), 'timeout'],
  [new errors.HeadersTimeoutError('x'), 'timeout'],
  [new errors.BodyTimeoutError('x'), 'timeout'],
  [new errors.SocketError('x'), 'connect'],
  [new errors.HeadersOverflowError('x'), 'tooLarge'],
  [new BlockedAddressError('10.0.0.1'), 'blockedAddress'],
  [new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')]), 'connect'],
  [new Error('wrapped', { cause: coded('ENOTFOUND') }), 'dns'],
  [coded('__proto__'), 'connect'],
  ['no error at all', 'connect'],
])('%s → %s', (error, reason) => {
  const failure = failureOf(error);
  expect(failure.reason).toBe(reason);
  expect(failure.detail).not.toMatch(/secret|token|pw/);
});

it('only ended connections look stale', () => {
  expect(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].map((code) => isDisconnect(coded(code)))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_HEADERS_TIMEOUT'].some((code) => isDisconnect(coded(code)))).toBe(
    false,
  );
});
