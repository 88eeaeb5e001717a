/** Shorter ones are left to the garbage collector: they are of one read, and share their memory with the headers. */
const LONG_BYTES_MIN = 2 ** 15;

/**
 * Gives the memory of a long body, or of a record of it, back: nobody may read it any more. To the garbage collector 50 MB are one small object
 * among many, and half a dozen of them would lie about before it looks.
 */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (isWhole && byteLength >= LONG_BYTES_MIN) buffer.transfer(0);
}
