/** Bytes by key: what an object store gives. `LineObjects` makes the core's `Objects` of it. */
export interface Blobs {
  /** Overwrites; the chunks may be of any length and together larger than memory. */
  put(key: string, chunks: AsyncIterable<Uint8Array>, contentType: string): Promise<void>;
  /** `ObjectMissing` when there is none. */
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  exists(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** See `Objects`. */
  list(prefix: string, max: number): Promise<string[]>;
  readUrl(key: string, seconds: number): Promise<string>;
  writeUrl(key: string, seconds: number): Promise<string>;
  getForeign(bucket: string, key: string): Promise<AsyncIterable<Uint8Array>>;
}
