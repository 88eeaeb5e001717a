/** The stage's signing key from Secrets Manager: read when it is first needed, kept for the life of the sandbox. */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { signerOf } from '#core/signing.ts';
import type { Signature, Signer } from '#core/ports.ts';

export class SecretSigner implements Signer {
  readonly #client: SecretsManagerClient;
  readonly #secretId: string;
  #signer: Promise<Signer> | undefined;

  constructor(client: SecretsManagerClient, secretId: string) {
    this.#client = client;
    this.#secretId = secretId;
  }

  async sign(bytes: Uint8Array): Promise<Signature> {
    this.#signer ??= this.#read();
    try {
      return await (await this.#signer).sign(bytes);
    } catch (error) {
      this.#signer = undefined; // the next manifest asks again
      throw error;
    }
  }

  async #read(): Promise<Signer> {
    const { SecretString } = await this.#client.send(new GetSecretValueCommand({ SecretId: this.#secretId }));
    if (SecretString === undefined) throw new Error('the signing secret holds no text');
    return signerOf(SecretString);
  }
}
