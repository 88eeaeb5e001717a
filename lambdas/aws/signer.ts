/** The stage's signing key from Secrets Manager: read when it is first needed, kept for the life of the sandbox. */
import {
  GetSecretValueCommand,
  SecretsManagerServiceException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { signerOf } from '#core/signing.ts';
import type { Signature, Signer } from '#core/ports.ts';
import { CallFailed, failed } from './call.ts';

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
    const what = 'Secrets Manager GetSecretValue, the signing secret';
    let secret: string | undefined;
    try {
      const answer = await this.#client.send(new GetSecretValueCommand({ SecretId: this.#secretId }));
      secret = answer.SecretString;
    } catch (error) {
      if (error instanceof SecretsManagerServiceException) throw failed(what, error);
      // What failed may have been the reading of the answer, and then the error quotes the secret: its name must do.
      const { name, code } = error as Error & { code?: string };
      throw new CallFailed(`${what}: ${name}${code === undefined ? '' : ` (${code})`}`);
    }
    if (secret === undefined) throw new CallFailed(`${what}: it holds no text`);
    return signerOf(secret);
  }
}
