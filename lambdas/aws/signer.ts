/** The stage's signing key, made of its signing secret. */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { signerOf } from '#core/signing.ts';
import type { Signature, Signer } from '#core/ports.ts';
import { StageSecret } from './stage-secret.ts';

export class SecretSigner implements Signer {
  readonly #secret: StageSecret;
  #signer: Signer | undefined;

  constructor(client: SecretsManagerClient, secretId: string) {
    this.#secret = new StageSecret(client, secretId, 'the signing secret');
  }

  async sign(bytes: Uint8Array): Promise<Signature> {
    this.#signer ??= signerOf(await this.#secret.text());
    return this.#signer.sign(bytes);
  }
}
