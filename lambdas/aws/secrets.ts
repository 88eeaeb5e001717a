/**
 * Tenants' secrets in Secrets Manager, under names that begin with the stage and the tenant. Values are kept in the sandbox
 * for a minute, so that a shard of a thousand requests reads each once; that there is none is never kept.
 */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerServiceException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SECRET_CACHE_MS } from '#core/limits.ts';
import { secretPath } from '#core/names.ts';
import type { Clock, Secrets } from '#core/ports.ts';
import { CallFailed, failed } from './call.ts';

/** More than a worker meets; the oldest goes first. */
const KEPT_MAX = 1_000;

export class ManagedSecrets implements Secrets {
  readonly #client: SecretsManagerClient;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #kept = new Map<string, { value: string; until: number }>();

  /** @param prefix of all names of the stage: ends in `/`. */
  constructor(client: SecretsManagerClient, prefix: string, clock: Clock) {
    this.#client = client;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async read(tenant: string, name: string): Promise<string | undefined> {
    const id = this.#prefix + secretPath(tenant, name);
    const kept = this.#kept.get(id);
    if (kept !== undefined && kept.until > this.#clock.now()) return kept.value;
    this.#kept.delete(id);
    const answer = await this.#call('GetSecretValue', () =>
      this.#client.send(new GetSecretValueCommand({ SecretId: id })),
    );
    const value = answer?.SecretString;
    if (value === undefined) return undefined;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(id, { value, until: this.#clock.now() + SECRET_CACHE_MS });
    return value;
  }

  async write(tenant: string, name: string, value: string): Promise<void> {
    const SecretId = this.#prefix + secretPath(tenant, name);
    const put = (): Promise<unknown> =>
      this.#call('PutSecretValue', () =>
        this.#client.send(new PutSecretValueCommand({ SecretId, SecretString: value })),
      );
    this.#kept.delete(SecretId);
    if ((await put()) !== undefined) return;
    const Description = `Gleaner: a secret of tenant ${tenant}`;
    const created = await this.#call('CreateSecret', () =>
      this.#client.send(new CreateSecretCommand({ Name: SecretId, SecretString: value, Description })),
    );
    // Made by another request in between.
    if (created === undefined && (await put()) === undefined)
      throw new CallFailed('Secrets Manager: the secret appears and disappears');
  }

  async delete(tenant: string, name: string): Promise<void> {
    const SecretId = this.#prefix + secretPath(tenant, name);
    this.#kept.delete(SecretId);
    await this.#call('DeleteSecret', () =>
      this.#client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
    );
  }

  /** Undefined = there is none, or (creating) there is one. No error tells a value, nor the message that might hold one. */
  async #call<T>(operation: string, send: () => Promise<T>): Promise<T | undefined> {
    const what = `Secrets Manager ${operation}, a tenant's secret`;
    try {
      return await send();
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      if (error instanceof SecretsManagerServiceException) {
        if (error.name === 'ResourceExistsException') return undefined;
        throw failed(what, error);
      }
      const { name, code } = error as Error & { code?: string };
      throw new CallFailed(`${what}: ${name}${code === undefined ? '' : ` (${code})`}`);
    }
  }
}
