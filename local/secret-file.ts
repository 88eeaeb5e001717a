/**
 * Values of secrets in one file, each encrypted (AES-256-GCM, its name as associated data) under a key in a file beside it
 * that its owner alone may read: a copy of the one without the other tells nothing.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

interface Stored {
  version: 1;
  /** Name → initialisation vector, tag and text, base64 with dots between. */
  secrets: Record<string, string>;
}

const CIPHER = 'aes-256-gcm';

export class SecretFile {
  readonly #path: string;
  readonly #key: Buffer;
  readonly #values: Map<string, string>;

  /** @throws when the file cannot be decrypted with the key beside it. */
  constructor(path: string) {
    this.#path = path;
    this.#key = keyAt(`${path}.key`);
    this.#values = this.#load();
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }
  set(name: string, value: string): void {
    this.#values.set(name, value);
    this.#save();
  }
  /** False when there was none. */
  delete(name: string): boolean {
    const was = this.#values.delete(name);
    if (was) this.#save();
    return was;
  }

  #load(): Map<string, string> {
    if (!existsSync(this.#path)) return new Map();
    const stored = JSON.parse(readFileSync(this.#path, 'utf8')) as Stored | Record<string, string>;
    if (stored.version === 1) {
      const sealed = Object.entries((stored as Stored).secrets);
      return new Map(sealed.map(([name, text]) => [name, this.#opened(name, text)]));
    }
    // As releases before 0.2 left it: in the clear.
    const values = new Map(Object.entries(stored as Record<string, string>));
    this.#save(values);
    return values;
  }

  /** Whole or not at all: a value that was used once must never be lost. */
  #save(values = this.#values): void {
    const secrets = Object.fromEntries([...values].map(([name, value]) => [name, this.#sealed(name, value)]));
    const stored: Stored = { version: 1, secrets };
    writeFileSync(`${this.#path}.new`, JSON.stringify(stored), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  #sealed(name: string, value: string): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv(CIPHER, this.#key, iv).setAAD(Buffer.from(name));
    const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return [iv, cipher.getAuthTag(), text].map((part) => part.toString('base64')).join('.');
  }

  #opened(name: string, sealed: string): string {
    const [iv = '', tag = '', text = ''] = sealed.split('.');
    const decipher = createDecipheriv(CIPHER, this.#key, Buffer.from(iv, 'base64'), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(name)).setAuthTag(Buffer.from(tag, 'base64'));
    try {
      return Buffer.concat([decipher.update(Buffer.from(text, 'base64')), decipher.final()]).toString('utf8');
    } catch {
      throw new Error(`${this.#path}: not encrypted with the key in ${this.#path}.key`);
    }
  }
}

function keyAt(path: string): Buffer {
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600 });
  return Buffer.from(readFileSync(path, 'utf8'), 'base64');
}
