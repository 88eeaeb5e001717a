/** Which targets of a shard have an end: one bit each, least significant first. */
export const emptyBitmap = (size: number): Uint8Array => new Uint8Array(Math.ceil(size / 8));
export const isSet = (bits: Uint8Array, index: number): boolean => (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;

/** A copy with these bits set, long enough to hold the highest. */
export function withSet(bits: Uint8Array, indexes: Iterable<number>): Uint8Array {
  const wanted = [...indexes];
  const copy = new Uint8Array(Math.max(bits.length, Math.ceil((Math.max(-1, ...wanted) + 1) / 8)));
  copy.set(bits);
  for (const index of wanted) copy[index >> 3] = (copy[index >> 3] ?? 0) | (1 << (index & 7));
  return copy;
}

/** A copy with these bits cleared. */
export function withCleared(bits: Uint8Array, indexes: Iterable<number>): Uint8Array {
  const copy = bits.slice();
  for (const index of indexes) copy[index >> 3] = (copy[index >> 3] ?? 0) & ~(1 << (index & 7));
  return copy;
}
