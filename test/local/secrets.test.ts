import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManagedSecrets } from '#lambdas/aws/secrets.ts';
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

describe('tenants secrets', () => {
  const open2 = async (path: string) => {
    const { client, close } = await open(path);
    const clock = { now: () => 0, sleep: () => Promise.resolve() };
    return { secrets: new ManagedSecrets(client, 'gleaner/local/', clock), close };
  };

  it('are made, replaced, read for a minute from memory, and deleted', async () => {
    const { secrets } = await open2(join(tempDir(), 'secrets.json'));
    const other = await open2(join(tempDir(), 'other.json'));
    expect(await secrets.read('acme', 'token')).toBeUndefined();
    await secrets.write('acme', 'token', 'one');
    expect(await secrets.read('acme', 'token')).toBe('one');
    expect(await secrets.read('other', 'token')).toBeUndefined();
    expect(await other.secrets.read('acme', 'token')).toBeUndefined();
    await secrets.write('acme', 'token', 'two');
    expect(await secrets.read('acme', 'token')).toBe('two');
    await secrets.delete('acme', 'token');
    expect(await secrets.read('acme', 'token')).toBeUndefined();
    await secrets.delete('acme', 'token');
  });

  it('that another sandbox replaces or deletes are noticed within a minute', async () => {
    const path = join(tempDir(), 'secrets.json');
    const { client } = await open(path);
    let now = 0;
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const [one, two] = [1, 2].map(() => new ManagedSecrets(client, 'gleaner/local/', clock));
    await one?.write('acme', 'token', 'old');
    expect(await two?.read('acme', 'token')).toBe('old');
    await one?.write('acme', 'token', 'new');
    expect(await two?.read('acme', 'token')).toBe('old');
    now += 60_000;
    expect(await two?.read('acme', 'token')).toBe('new');
  });

  it('lie encrypted in a file, under a key for its owner alone, and survive a restart', async () => {
    const path = join(tempDir(), 'secrets.json');
    const first = await open2(path);
    await first.secrets.write('acme', 'token', 'Bearer s3cret-value');
    await first.close();
    expect(readFileSync(path, 'utf8')).not.toMatch(/s3cret|Bearer/);
    for (const file of [path, `${path}.key`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = await open2(path);
    expect(await second.secrets.read('acme', 'token')).toBe('Bearer s3cret-value');
    await second.close();
    writeFileSync(`${path}.key`, Buffer.alloc(32).toString('base64'));
    await expect(open(path)).rejects.toThrow(/not encrypted with the key in/);
  });

  it('of a release that kept them in the clear are encrypted at the first start', async () => {
    const path = join(tempDir(), 'secrets.json');
    writeFileSync(path, JSON.stringify({ [spec.name]: 'a value in the clear' }));
    const { client } = await open(path);
    expect((await client.send(new GetSecretValueCommand({ SecretId: spec.arn }))).SecretString).toBe(
      'a value in the clear',
    );
    expect(readFileSync(path, 'utf8')).not.toContain('in the clear');
  });
});
