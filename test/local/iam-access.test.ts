/** Calls of functions on the emulators, with the rights of a role: what is refused, in whose words, and what is noted. */
import { GetItemCommand, QueryCommand, BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Json } from '#core/json.ts';
import { readTemplate } from '#local/blueprint.ts';
import { Access, accessKeyIdOf, actorOf, serviceActor } from '#local/iam-access.ts';
import { readPolicies, roleFor } from '#local/iam-template.ts';
import { noteUses, readUses } from '#local/iam-uses.ts';
import type { Grant } from '#local/iam-policy.ts';
import { dynamoClient, openDynamo, openSqsS3, s3Client, sqsClient } from './emulators.ts';
import { functionSpec, tempDir } from './fixture.ts';

const place = { account: '000000000000', region: 'us-east-1', stackName: 's', queueUrlBase: 'http://127.0.0.1:9' };
const trust = (service: string): Json => ({
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
});

function admitted(statements: Json[], more: Record<string, Json> = {}) {
  const resources: Record<string, Json> = {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust('lambda.amazonaws.com') } },
    Policy: {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyDocument: { Statement: statements }, Roles: [{ Ref: 'Role' }] },
    },
    ...more,
  };
  const template = readTemplate({ stackName: 's', template: { Resources: resources }, account: undefined, region: undefined, assetDir: String }, place); // prettier-ignore
  const policies = readPolicies(template);
  const used: Grant[] = [];
  const refused: string[] = [];
  const access = new Access({
    ...place,
    used: (grant) => used.push(grant),
    refused: (message) => refused.push(message),
  });
  const spec = functionSpec(tempDir(), 'work', '', { roleArn: 'arn:aws:iam::000000000000:role/s-Role' });
  access.admit(policies, [spec]);
  return { access, policies, spec, used, refused };
}
const asFunction = { credentials: { accessKeyId: accessKeyIdOf({ logicalId: 'work' }), secretAccessKey: 'x' } };
const allow = (Action: Json, Resource: Json): Json => ({ Effect: 'Allow', Action, Resource });
const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/things';
const WHO = 'arn:aws:sts::000000000000:assumed-role/s-Role/work';

describe('DynamoDB', () => {
  it('refuses with role, action and resource, and asks for the index by itself', async () => {
    const { access, refused } = admitted([allow('dynamodb:GetItem', TABLE), allow('dynamodb:Query', TABLE)]);
    const { url } = await openDynamo(tempDir(), undefined, access.gate);
    const client = dynamoClient(url, asFunction);
    const Key = { pk: { S: 'a' } };
    // Granted: it is the table that is missing.
    await expect(client.send(new GetItemCommand({ TableName: 'things', Key }))).rejects.toMatchObject({ name: 'ResourceNotFoundException' }); // prettier-ignore
    const query = {
      TableName: 'things',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'a' } },
    };
    await expect(client.send(new QueryCommand(query))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(client.send(new QueryCommand({ ...query, IndexName: 'due' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
      message: `User: ${WHO} is not authorized to perform: dynamodb:Query on resource: ${TABLE}/index/due because no identity-based policy allows the dynamodb:Query action`,
    });
    const batch = new BatchGetItemCommand({ RequestItems: { things: { Keys: [Key] } } });
    await expect(client.send(batch)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(refused).toHaveLength(2);
  });

  it('knows no stranger', async () => {
    const { access } = admitted([allow('*', '*')]);
    const { url } = await openDynamo(tempDir(), undefined, access.gate);
    const client = dynamoClient(url, { credentials: { accessKeyId: 'stranger', secretAccessKey: 'x' } });
    await expect(client.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'a' } } }))).rejects.toMatchObject({ name: 'UnrecognizedClientException' }); // prettier-ignore
  });
});

it('SQS: a batch needs the right of the single call', async () => {
  const url = async (statements: Json[]) => {
    const { access } = admitted(statements);
    const emulator = await openSqsS3(tempDir(), undefined, access.gate);
    emulator.putQueue('q', 'arn:aws:sqs:us-east-1:000000000000:q', {});
    return emulator.url;
  };
  const send = (endpoint: string) =>
    sqsClient(endpoint, asFunction).send(
      new SendMessageBatchCommand({
        QueueUrl: `${endpoint}/000000000000/q`,
        Entries: [{ Id: '0', MessageBody: 'hi' }],
      }),
    );
  expect((await send(await url([allow('sqs:SendMessage', 'arn:aws:sqs:us-east-1:000000000000:q')]))).Successful).toHaveLength(1); // prettier-ignore
  await expect(send(await url([allow('sqs:SendMessage', 'arn:aws:sqs:us-east-1:000000000000:p')]))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 }, message: expect.stringContaining('sqs:SendMessage on resource: arn:aws:sqs:us-east-1:000000000000:q') as string }); // prettier-ignore
});

describe('S3', () => {
  async function open(statements: Json[]): Promise<{ mine: S3Client; owner: S3Client; used: Grant[] }> {
    const { access, used } = admitted(statements);
    const emulator = await openSqsS3(tempDir(), undefined, access.gate);
    emulator.putBucket('results');
    return { mine: s3Client(emulator.url, asFunction), owner: s3Client(emulator.url), used };
  }
  const OBJECTS = 'arn:aws:s3:::results/t/*';
  const at = { Bucket: 'results', Key: 't/a' };

  it('tells a missing object from a hidden one only to whoever may list', async () => {
    const blind = await open([allow('s3:GetObject', OBJECTS)]);
    await expect(blind.mine.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 }, message: expect.stringContaining('s3:ListBucket') as string }); // prettier-ignore
    await expect(blind.mine.send(new HeadObjectCommand(at))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } }); // prettier-ignore
    const seeing = await open([allow('s3:GetObject', OBJECTS), allow('s3:ListBucket', 'arn:aws:s3:::results')]);
    await expect(seeing.mine.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: 'NoSuchKey' });
    await seeing.owner.send(new PutObjectCommand({ ...at, Body: 'x' }));
    expect((await seeing.mine.send(new GetObjectCommand(at))).ContentLength).toBe(1);
  });

  it('keeps to the prefix', async () => {
    const { mine } = await open([allow('s3:PutObject', OBJECTS)]);
    await mine.send(new PutObjectCommand({ ...at, Body: 'x' }));
    await expect(mine.send(new PutObjectCommand({ ...at, Key: 'u/a', Body: 'x' }))).rejects.toMatchObject({ name: 'AccessDenied' }); // prettier-ignore
    await expect(mine.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('lets a signed URL do what its signer may', async () => {
    const { mine, owner, used } = await open([allow('s3:GetObject', OBJECTS)]);
    await owner.send(new PutObjectCommand({ ...at, Body: 'hello' }));
    const read = await fetch(await getSignedUrl(mine, new GetObjectCommand(at), { expiresIn: 60 }));
    expect([read.status, await read.text()]).toEqual([200, 'hello']);
    const write = await fetch(await getSignedUrl(mine, new PutObjectCommand(at), { expiresIn: 60 }), { method: 'PUT', body: 'x' }); // prettier-ignore
    expect([write.status, await write.text()]).toEqual([403, expect.stringContaining('s3:PutObject')]);
    expect(used).toEqual([{ holder: 'Role', action: 's3:GetObject', resource: OBJECTS }]);
    const url = await getSignedUrl(mine, new GetObjectCommand(at), { expiresIn: 60 });
    expect((await fetch(url.split('?')[0] ?? '')).status).toBe(403);
  });
});

describe('services', () => {
  const permission: Json = {
    Type: 'AWS::Lambda::Permission',
    Properties: { Action: 'lambda:InvokeFunction', FunctionName: 'f', Principal: 'events.amazonaws.com', SourceArn: 'arn:rule:a:b:c:d' },
  }; // prettier-ignore
  const call = { action: 'lambda:InvokeFunction', resource: 'function:f' };

  it('call a function that names them and where they come from', () => {
    const { access } = admitted([], { Permission: permission });
    const from = (source: string) => ({ ...call, context: { 'aws:sourcearn': [source] } });
    expect(access.refusal(serviceActor('events.amazonaws.com'), from('arn:rule:a:b:c:d'))).toBeUndefined();
    expect(access.refusal(serviceActor('events.amazonaws.com'), from('arn:rule:a:b:c:e'))?.message).toContain('resource-based'); // prettier-ignore
    expect(access.refusal(serviceActor('sns.amazonaws.com'), from('arn:rule:a:b:c:d'))).toBeDefined();
  });

  it('act by a role only when it trusts them', () => {
    const { policies, access } = admitted([allow('lambda:InvokeFunction', 'arn:aws:lambda:us-east-1:000000000000:function:f')]); // prettier-ignore
    const arn = 'arn:aws:iam::000000000000:role/s-Role';
    expect(() => roleFor(policies, arn, 'states.amazonaws.com', 'Machine')).toThrow('Machine: states.amazonaws.com may not act as role Role'); // prettier-ignore
    expect(() => roleFor(policies, 'arn:none', 'lambda.amazonaws.com', 'F')).toThrow('F: role "arn:none" is not in the template'); // prettier-ignore
    const actor = actorOf(roleFor(policies, arn, 'lambda.amazonaws.com', 'F'), 'x');
    expect(access.refusal(actor, call)).toBeUndefined();
    expect(access.refusal(actor, { ...call, resource: 'function:g' })).toBeDefined();
  });
});

it('a denial of the resource stops what the role grants', () => {
  const tls: Json = {
    Type: 'AWS::S3::BucketPolicy',
    Properties: { Bucket: 'b', PolicyDocument: { Statement: [{ Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:*', Resource: 'arn:aws:s3:::b/*', Condition: { Bool: { 'aws:SecureTransport': 'true' } } }] } },
  }; // prettier-ignore
  const { access } = admitted([allow('s3:GetObject', '*')], { Tls: tls });
  const need = (bucket: string) => ({ action: 's3:GetObject', resource: `arn:aws:s3:::${bucket}/k` });
  expect(access.gate('function.work', need('b'))?.message).toContain('with an explicit deny in Tls');
  expect(access.gate('function.work', need('c'))).toBeUndefined();
});

it("refuses AWS's own policies, whose text nobody here has", () => {
  const role: Json = {
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: trust('lambda.amazonaws.com'), ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
  }; // prettier-ignore
  expect(() => admitted([], { Other: role })).toThrow('Other: the local world does not know arn:aws:iam::aws:policy/');
});

it('notes each used grant once, and a call that two grants allow for neither', () => {
  const dir = join(tempDir(), 'uses');
  const note = noteUses(dir);
  const grant = { holder: 'R', action: 's3:GetObject', resource: 'arn:x' };
  for (const one of [grant, grant, { ...grant, holder: 'Q' }]) note(one);
  expect([...readUses(dir)].sort()).toEqual(['Q s3:GetObject arn:x', 'R s3:GetObject arn:x']);
  expect(readdirSync(dir)).toHaveLength(1);
  const { access, used } = admitted([allow('s3:GetObject', 'arn:aws:s3:::b/*'), allow('s3:*', 'arn:aws:s3:::b/*')]);
  expect(access.gate('function.work', { action: 's3:GetObject', resource: 'arn:aws:s3:::b/k' })).toBeUndefined();
  expect(used).toEqual([]);
  access.gate('function.work', { action: 's3:PutObject', resource: 'arn:aws:s3:::b/k' });
  expect(used).toEqual([{ holder: 'Role', action: 's3:*', resource: 'arn:aws:s3:::b/*' }]);
});
