/** The `Objects` port in memory: no compression, no thread, so that a simulation owns every moment. Its URLs open nothing. */
import { createHash } from 'node:crypto';
import { ObjectMissing, type Objects, type Stored } from '#core/ports.ts';

export class MemoryObjects implements Objects {
  readonly stored = new Map<string, Uint8Array>();
  /** Called after each write. */
  onWrite: ((key: string) => void) | undefined;

  async writeLines(key: string, lines: Iterable<string> | AsyncIterable<string>): Promise<Stored & { lines: number }> {
    const all: string[] = [];
    for await (const line of lines) all.push(`${line}\n`);
    const stored = await this.writeBytes(key, new TextEncoder().encode(all.join('')));
    return { ...stored, lines: all.length };
  }

  writeText(key: string, pieces: readonly Uint8Array[]): Promise<Stored> {
    return this.writeBytes(key, Buffer.concat(pieces));
  }

  async *readLines(key: string): AsyncGenerator<string> {
    for await (const batch of this.readBatches(key)) yield* batch;
  }

  async *readBatches(key: string): AsyncGenerator<string[]> {
    const text = new TextDecoder().decode(await this.readBytes(key));
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    yield lines.map((line) => line.replace(/\r$/, ''));
  }

  readForeignBatches(bucket: string, key: string): AsyncGenerator<string[]> {
    return this.readBatches(`s3://${bucket}/${key}`);
  }

  writeBytes(key: string, body: Uint8Array): Promise<Stored> {
    // A copy: `slice` of a Buffer is none.
    this.stored.set(key, new Uint8Array(body));
    this.onWrite?.(key);
    return Promise.resolve({ bytes: body.byteLength, sha256: createHash('sha256').update(body).digest('hex') });
  }

  readBytes(key: string): Promise<Uint8Array> {
    const bytes = this.stored.get(key);
    return bytes === undefined ? Promise.reject(new ObjectMissing(key)) : Promise.resolve(bytes);
  }

  exists(key: string): Promise<boolean> {
    return Promise.resolve(this.stored.has(key));
  }

  delete(key: string): Promise<void> {
    this.stored.delete(key);
    return Promise.resolve();
  }

  list(prefix: string, max: number): Promise<string[]> {
    return Promise.resolve([...this.stored.keys()].filter((key) => key.startsWith(prefix)).sort().slice(0, max)); // prettier-ignore
  }

  readUrl(key: string): Promise<string> {
    return Promise.resolve(`memory:read/${key}`);
  }

  writeUrl(key: string): Promise<string> {
    return Promise.resolve(`memory:write/${key}`);
  }
}
