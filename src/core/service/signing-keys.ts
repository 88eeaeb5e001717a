/** The public halves of the keys that have signed manifests: `finish` leaves each one with the first that it signs. */
import { SIGNING_PK } from '../names.ts';
import { asSigningKey } from '../rows.ts';
import { pages } from '../store.ts';
import type { SigningKeyView } from '../operations.ts';
import type { Table } from '../ports.ts';

export async function signingKeys({ table }: { table: Table }): Promise<SigningKeyView[]> {
  const keys: SigningKeyView[] = [];
  for await (const item of pages((cursor) =>
    table.query({ pk: SIGNING_PK, ...(cursor !== undefined && { cursor }) }),
  )) {
    const { algorithm, keyId, publicKey } = asSigningKey(item);
    keys.push({ algorithm, keyId, publicKey });
  }
  return keys;
}
