/** What is kept in Secrets Manager. */
import type { Context } from '#core/context.ts';
import { secretsPrefix } from '../../contract.ts';
import { onFirstUse } from '../first-use.ts';
import { clock } from '../clock.ts';

export const signer = (env: { SIGNING_SECRET_ARN: string }): Pick<Context, 'signer'> => ({
  signer: onFirstUse(async () => {
    const [{ SecretSigner }, { secretsClient }] = await Promise.all([
      import('../signer.ts'),
      import('../clients/secrets.ts'),
    ]);
    return new SecretSigner(secretsClient(), env.SIGNING_SECRET_ARN);
  }),
});
export const tenantSecrets = (env: { GLEANER_STAGE: string }): Pick<Context, 'secrets'> => ({
  secrets: onFirstUse(async () => {
    const [{ ManagedSecrets }, { secretsClient }] = await Promise.all([
      import('../secrets.ts'),
      import('../clients/secrets.ts'),
    ]);
    return new ManagedSecrets(secretsClient(), secretsPrefix(env.GLEANER_STAGE), clock);
  }),
});
export const webhookKeys = (env: { WEBHOOK_SECRET_ARN: string }): Pick<Context, 'webhookKeys'> => ({
  webhookKeys: onFirstUse(async () => {
    const [{ StageSecret, webhookKeysOf }, { secretsClient }] = await Promise.all([
      import('../stage-secret.ts'),
      import('../clients/secrets.ts'),
    ]);
    return webhookKeysOf(new StageSecret(secretsClient(), env.WEBHOOK_SECRET_ARN, 'the webhook secret'));
  }),
});
