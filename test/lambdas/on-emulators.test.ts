/** Dead messages and the signature, on what plays SQS and Secrets Manager in the local world. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { secretsClient } from '#lambdas/aws/clients/secrets.ts';
import { sqsClient } from '#lambdas/aws/clients/sqs.ts';
import { SqsDeadMessages } from '#lambdas/aws/dead-messages.ts';
import { SecretSigner } from '#lambdas/aws/signer.ts';
import { startSecrets } from '#local/secrets.ts';
import { openSqsS3, ownerGate } from '../local/emulators.ts';
import { tempDir } from '../local/fixture.ts';

const place = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

it('a dead message is hidden once it was received, and gone once it was dropped', async () => {
  const sqsS3 = await openSqsS3(tempDir());
  const url = `${sqsS3.url}/000000000000/dead`;
  sqsS3.putQueue('dead', 'arn:aws:sqs:us-east-1:000000000000:dead', { VisibilityTimeout: '0' });
  const client = sqsClient(place(sqsS3.url));
  onTestFinished(() => client.destroy());
  const before = Date.now();
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'poison' }));
  const dead = new SqsDeadMessages(client, url);
  const [message] = await dead.receive();
  expect(message).toMatchObject({ body: 'poison', id: expect.stringMatching(/./) as string });
  expect(message?.sentAt).toBeGreaterThanOrEqual(before - 1000);
  expect(await dead.receive()).toEqual([]);
  await dead.drop(message?.receipt ?? '');
  expect(await dead.receive()).toEqual([]);
});

it('signs with the key of the secret, the same in every sandbox', async () => {
  const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:key';
  const server = await startSecrets({
    path: join(tempDir(), 'secrets.json'),
    specs: [{ logicalId: 'Key', name: 'key', arn, characters: 64 }],
    gate: ownerGate,
    log: () => undefined,
  });
  const client = secretsClient(place(server.url));
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const bytes = Buffer.from('a manifest');
  const signature = await new SecretSigner(client, arn).sign(bytes);
  expect(await new SecretSigner(client, arn).sign(bytes)).toEqual(signature);
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: signature.publicKey } });
  expect(verify(null, bytes, key, Buffer.from(signature.value, 'base64url'))).toBe(true);
});
