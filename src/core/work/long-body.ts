/** Shorter ones are left to the garbage collector. */
const LONG_BYTES_MIN = 2 ** 15;
const BODY_BYTES_MIN = 2 ** 12;

/**
 * Gives the memory of a body that was read back. One that came in a single read shares it with its headers alone; what is shared with more,
 * as in Node's pool for short buffers, each has less than half of.
 */
export function letGoOfBody({ buffer, byteLength }: Uint8Array): void {
  const isOwn = buffer instanceof ArrayBuffer && 2 * byteLength > buffer.byteLength;
  if (isOwn && byteLength >= BODY_BYTES_MIN) buffer.transfer(0);
}

/**
 * Gives the memory of a long record back: nobody may read it any more. To the garbage collector 50 MB are one small object
 * among many, and half a dozen of them would lie about before it looks. Short records share memory, so one that does is left.
 */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (isWhole && byteLength >= LONG_BYTES_MIN) buffer.transfer(0);
}
