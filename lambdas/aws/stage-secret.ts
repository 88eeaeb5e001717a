/** A secret of the stage from Secrets Manager: read when it is first needed, kept for the life of the sandbox. */
import {
  GetSecretValueCommand,
  SecretsManagerServiceException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { webhookKey } from '#core/alerts/webhook.ts';
import type { WebhookKeys } from '#core/ports.ts';
import { CallFailed, failed } from './call.ts';

export class StageSecret {
  readonly #client: SecretsManagerClient;
  readonly #secretId: string;
  readonly #what: string;
  #text: Promise<string> | undefined;

  /** @param name for people: `the signing secret`. */
  constructor(client: SecretsManagerClient, secretId: string, name: string) {
    this.#client = client;
    this.#secretId = secretId;
    this.#what = `Secrets Manager GetSecretValue, ${name}`;
  }

  async text(): Promise<string> {
    this.#text ??= this.#read();
    try {
      return await this.#text;
    } catch (error) {
      this.#text = undefined; // whoever comes next asks again
      throw error;
    }
  }

  async #read(): Promise<string> {
    try {
      const { SecretString } = await this.#client.send(new GetSecretValueCommand({ SecretId: this.#secretId }));
      if (SecretString !== undefined) return SecretString;
    } catch (error) {
      if (error instanceof SecretsManagerServiceException) throw failed(this.#what, error);
      // What failed may have been the reading of the answer, and then the error quotes the secret: its name must do.
      const { name, code } = error as Error & { code?: string };
      throw new CallFailed(`${this.#what}: ${name}${code === undefined ? '' : ` (${code})`}`);
    }
    throw new CallFailed(`${this.#what}: it holds no text`);
  }
}

export const webhookKeysOf = (secret: StageSecret): WebhookKeys => ({
  of: async (tenant, generation) => webhookKey(await secret.text(), tenant, generation),
});
