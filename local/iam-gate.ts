/** What an emulator says of a request to learn whether its sender may make it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { CallContext } from './iam-condition.ts';

export interface Need {
  /** Such as `dynamodb:GetItem`. */
  action: string;
  /** ARN, or what of it follows region and account: `table/NAME`. */
  resource: string;
  context?: CallContext;
}

export interface Refusal {
  kind: 'unknownKey' | 'denied';
  /** As AWS words it: who, what, on what, and why not. */
  message: string;
}

/** @returns why the owner of the access key may not; undefined when it may. */
export type Gate = (accessKey: string | undefined, need: Need) => Refusal | undefined;

/**
 * The access key that a request names, in its header or (presigned) in its query. Signatures are not checked: every key
 * of the local world is public, and who holds which is what matters here.
 */
export function accessKeyOf(headers: IncomingHttpHeaders, query?: URLSearchParams): string | undefined {
  const signed = /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
  return signed ?? query?.get('X-Amz-Credential')?.split('/')[0];
}

/** The body and status of a refusal in the JSON protocols. */
export const refusedJson = (refusal: Refusal): { __type: string; message: string } => ({
  __type: `com.amazon.coral.service#${refusal.kind === 'denied' ? 'AccessDeniedException' : 'UnrecognizedClientException'}`,
  message: refusal.message,
});

/** The first need that is refused. */
export function firstRefusal(gate: Gate, accessKey: string | undefined, needs: readonly Need[]): Refusal | undefined {
  for (const need of needs) {
    const refusal = gate(accessKey, need);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
