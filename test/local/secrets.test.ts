import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startSecrets } from '#local/secrets.ts';
import { ownerGate } from './emulators.ts';
import { tempDir } from './fixture.ts';

const spec = { logicalId: 'Key', name: 'stack-Key', arn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:stack-Key', characters: 64 }; // prettier-ignore

async function open(path: string) {
  const server = await startSecrets({ path, specs: [spec], gate: ownerGate, log: () => undefined });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SecretsManagerClient({ endpoint: server.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  return { client, close: () => server.close() };
}

it('makes a value once, by name and by ARN, for the owner of the file alone', async () => {
  const path = join(tempDir(), 'secrets.json');
  const first = await open(path);
  const value = async ({ client }: typeof first, SecretId: string): Promise<string | undefined> =>
    (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  const made = await value(first, spec.arn);
  expect(made).toMatch(/^[A-Za-z0-9]{64}$/);
  expect(await value(first, spec.name)).toBe(made);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await first.close();
  expect(await value(await open(path), spec.arn)).toBe(made);
});

it('refuses what it does not hold and does not play', async () => {
  const { client } = await open(join(tempDir(), 'secrets.json'));
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'other' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' }); // prettier-ignore
  await expect(client.send(new ListSecretsCommand({}))).rejects.toThrow('does not play ListSecrets');
});
