import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { SdkDescriptions } from '../../lib/sdk-descriptions.ts';
import { bundled } from './bundled.ts';

/** Of the client's package alone. */
const client = (contents: string, { plugin }: SdkDescriptions): Promise<string> =>
  bundled(contents, plugin, { external: ['@smithy/*', '@aws-sdk/core/*', '@aws-sdk/credential-provider-node'] });

interface Program {
  ask(status: number, body: string): Promise<unknown>;
  DynamoDBServiceException: new () => Error;
}
/** All of it in one file, and run. */
async function loaded(contents: string): Promise<Program> {
  const code = await bundled(contents, new SdkDescriptions().plugin, { format: 'cjs' });
  const module = { exports: {} };
  const program = compileFunction(code, ['module', 'require']) as (...given: unknown[]) => void;
  program(module, createRequire(import.meta.url));
  return module.exports as Program;
}

describe('what a client of the SDK carries', () => {
  it('is the operations that are called', async () => {
    const program = `import { GetObjectCommand } from '@aws-sdk/client-s3'; console.log(GetObjectCommand);`;
    const code = await client(program, new SdkDescriptions());
    const names = ['GetObjectRequest', 'NoSuchKey', 'PutBucketLifecycleConfigurationRequest', 'AnalyticsConfiguration'];
    expect(names.filter((name) => code.includes(`"${name}"`))).toEqual(['GetObjectRequest', 'NoSuchKey']);
  });

  it('is the errors that a handler names, and those that may be asked again', async () => {
    const program = `import { GetItemCommand } from '@aws-sdk/client-dynamodb'; console.log(GetItemCommand);`;
    const code = await client(program, new SdkDescriptions());
    const names = ['DynamoDBServiceException', 'ConditionalCheckFailedException', 'ThrottlingException', 'BackupInUseException', 'TableInUseException']; // prettier-ignore
    expect(names.filter((name) => code.includes(`var ${name} = class`))).toEqual(names.slice(0, 2));
    expect(code.match(/\$retryable = /g)).toHaveLength(1);
  });

  it('is enough to tell every error by its name, message and status', async () => {
    const program = `
      import { DynamoDBClient, DynamoDBServiceException, GetItemCommand } from '@aws-sdk/client-dynamodb';
      import { HttpResponse } from '@smithy/core/protocols';
      export { DynamoDBServiceException };
      export const ask = (statusCode, body) => new DynamoDBClient({
        region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1,
        requestHandler: { handle: async () => ({ response: new HttpResponse({ statusCode, headers: {}, body: Buffer.from(body) }) }) },
      }).send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }));`;
    const { ask, DynamoDBServiceException } = await loaded(program);
    const told = (type: string): string =>
      JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no' });
    for (const [status, name] of [
      [400, 'TableInUseException'],
      [400, 'ConditionalCheckFailedException'],
      [500, 'InternalServerError'],
      [400, 'NeverHeardOf'],
    ] as const) {
      // prettier-ignore
      const error: unknown = await ask(status, told(name)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DynamoDBServiceException);
      expect(error).toMatchObject({ name, message: 'no', $fault: status < 500 ? 'client' : 'server', $metadata: { httpStatusCode: status } }); // prettier-ignore
    }
  });

  it('is its version, not its package', async () => {
    const descriptions = new SdkDescriptions();
    const code = await client(`import { SQSClient } from '@aws-sdk/client-sqs'; console.log(SQSClient);`, descriptions);
    expect(code).toMatch(/version: "3\.\d+\.\d+"/);
    expect(code.includes('devDependencies')).toBe(false);
    expect(() => descriptions.check()).not.toThrow();
  });

  it('has to be known: descriptions of another form fail the build', () => {
    expect(() => new SdkDescriptions().check()).toThrow('knows no key');
  });
});
