/**
 * The signature of a manifest: Ed25519 over its canonical JSON without the signature itself. Whoever holds the directory
 * can check it offline with the key in it, and by the key's id that it is the stage's.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { Json } from './json.ts';
import type { Manifest } from './operations.ts';
import type { Signature, Signer } from './ports.ts';

/** DER around a raw Ed25519 key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

const keyIdOf = (publicKey: Uint8Array): string => createHash('sha256').update(publicKey).digest('hex').slice(0, 16);

/**
 * A signer from the stage's secret: any text of high entropy, since its SHA-256 is the key's seed.
 * @throws RangeError when the secret is too short to be one.
 */
export function signerOf(secret: string): Signer & { publicKey: Pick<Signature, 'algorithm' | 'keyId' | 'publicKey'> } {
  if (secret.length < 32) throw new RangeError('signing secret: at least 32 characters');
  const seed = createHash('sha256').update(secret).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const raw = rawPublicKey(key);
  const publicKey = { algorithm: 'Ed25519' as const, keyId: keyIdOf(raw), publicKey: raw.toString('base64url') };
  return {
    publicKey,
    sign: (bytes) => Promise.resolve({ ...publicKey, value: sign(null, bytes, key).toString('base64url') }),
  };
}

function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

/** The bytes that are signed: keys sorted by code unit, no white space, UTF-8 (RFC 8785 for what a manifest holds). */
export function signedBytes({ signature: _, ...manifest }: Manifest): Uint8Array {
  return new TextEncoder().encode(canonical(manifest as unknown as Json));
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`;
}

/** Does the manifest carry a signature that its own key confirms? Undefined: it does; else what is wrong. */
export function signatureProblem(manifest: Manifest): string | undefined {
  const { signature } = manifest;
  if (signature === undefined) return 'is not signed';
  // What arrives is only said to be of its type.
  if ((signature.algorithm as string) !== 'Ed25519') return 'is signed by an unknown algorithm';
  for (const text of [signature.publicKey, signature.value])
    if (Buffer.from(text, 'base64url').toString('base64url') !== text)
      return 'the signature is not written in base64url';
  const raw = Buffer.from(signature.publicKey, 'base64url');
  if (raw.length !== 32 || keyIdOf(raw) !== signature.keyId)
    return 'the signing key does not have the id that is given';
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  const fits = verify(null, signedBytes(manifest), key, Buffer.from(signature.value, 'base64url'));
  return fits ? undefined : 'was changed after it was signed: the signature does not fit';
}
