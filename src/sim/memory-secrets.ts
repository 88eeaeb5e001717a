/** Secrets in memory. */
import type { Secrets } from '#core/ports.ts';
import { secretPath } from '#core/names.ts';

export class MemorySecrets implements Secrets {
  readonly #values = new Map<string, string>();

  read(tenant: string, name: string): Promise<string | undefined> {
    return Promise.resolve(this.#values.get(secretPath(tenant, name)));
  }
  write(tenant: string, name: string, value: string): Promise<void> {
    this.#values.set(secretPath(tenant, name), value);
    return Promise.resolve();
  }
  delete(tenant: string, name: string): Promise<void> {
    this.#values.delete(secretPath(tenant, name));
    return Promise.resolve();
  }
}
