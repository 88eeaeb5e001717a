/** The operator's document, on what plays AppConfig in the local world: given out when it changed, a session for each sandbox. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { appConfigClient } from '#lambdas/aws/clients/app-config.ts';
import { AppConfigOperator } from '#lambdas/aws/operator-config.ts';
import { startAppConfig } from '#local/appconfig.ts';
import type { Gate } from '#local/iam-gate.ts';
import { tempDir } from '../local/fixture.ts';

const arn = 'arn:aws:appconfig:us-east-1:000000000000:application/gleaner-test';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

async function open(gate: Gate = () => undefined) {
  const path = join(tempDir(), 'operator.json');
  const server = await startAppConfig({ path, applications: [{ name: 'gleaner-test', arn }], gate, log: () => undefined }); // prettier-ignore
  const client = appConfigClient({ endpoint: server.url, region: 'us-east-1', credentials });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  return { path, operator: (names = 'gleaner-test/test/switches') => new AppConfigOperator(client, names) };
}

it('is empty without a file, told once, and told again when the file changes', async () => {
  const { path, operator } = await open();
  const mine = operator();
  expect(mine.isOpen).toBe(false);
  expect(await mine.latest()).toBe('{}');
  expect(mine.isOpen).toBe(true);
  expect(await mine.latest()).toBeUndefined();
  writeFileSync(path, '{"cacheOnly":true}');
  expect(await mine.latest()).toBe('{"cacheOnly":true}');
  expect(await mine.latest()).toBeUndefined();
  // Another sandbox has its own session.
  expect(await operator().latest()).toBe('{"cacheOnly":true}');
});

it('asks in the name of its function, for its own application', async () => {
  const needs: unknown[] = [];
  const { operator } = await open((_, need) => void needs.push(need));
  await operator().latest();
  const resource = `${arn}/environment/test/configuration/switches`;
  expect(needs).toEqual([
    { action: 'appconfig:StartConfigurationSession', resource },
    { action: 'appconfig:GetLatestConfiguration', resource },
  ]);
});

it('says what failed, and begins a new session after it', async () => {
  const denied = { kind: 'denied' as const, message: 'User: work is not authorized to perform this' };
  let refused = true;
  const { operator } = await open(() => (refused ? denied : undefined));
  const mine = operator();
  await expect(mine.latest()).rejects.toThrow(
    /^AppConfig StartConfigurationSession: AccessDeniedException: User: work/,
  );
  await expect(operator('other/test/switches').latest()).rejects.toThrow(/ResourceNotFoundException/);
  refused = false;
  expect(await mine.latest()).toBe('{}');
  refused = true;
  await expect(mine.latest()).rejects.toThrow(/^AppConfig GetLatestConfiguration/);
  expect(mine.isOpen).toBe(false);
});
