import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Json } from '#core/json.ts';
import { readAssembly } from '#local/assembly.ts';
import { readBlueprint } from '#local/blueprint.ts';
import type { Blueprint } from '#local/blueprint.ts';
import { lambdaResource, tempDir, writeAssembly } from './fixture.ts';

function read(resources: Record<string, Json>): Blueprint {
  const dir = writeAssembly(join(tempDir(), 'cdk.out'), {
    resources,
    code: { abc: 'export const handler = () => 1;' },
  });
  const assembly = readAssembly(dir);
  return readBlueprint(assembly, {
    account: '000000000000',
    region: 'us-east-1',
    stackName: 'test',
    queueUrlBase: 'http://127.0.0.1:9',
  });
}

describe('blueprint', () => {
  it('reads a queue with its dead letters and a function that knows its URL', () => {
    const { queues, functions } = read({
      Dead: { Type: 'AWS::SQS::Queue', Properties: {} },
      Work: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          VisibilityTimeout: '30',
          RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 },
        },
      },
      Fn: lambdaResource('abc', { Environment: { Variables: { URL: { Ref: 'Work' } } } }),
    });
    expect(queues[1]).toEqual({
      logicalId: 'Work',
      name: 'test-Work',
      arn: 'arn:aws:sqs:us-east-1:000000000000:test-Work',
      url: 'http://127.0.0.1:9/000000000000/test-Work',
      attributes: {
        VisibilityTimeout: '30',
        RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:test-Dead","maxReceiveCount":3}',
      },
    });
    expect(functions[0]?.environment).toEqual({ URL: 'http://127.0.0.1:9/000000000000/test-Work' });
    expect(functions[0]?.codeDir).toMatch(/asset\.abc$/);
  });

  it('reads a secret that is made up, and who is told where it is', () => {
    const { secrets, functions } = read({
      Key: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true } } }, // prettier-ignore
      Fn: lambdaResource('abc', { Environment: { Variables: { SECRET: { Ref: 'Key' } } } }),
    });
    const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:test-Key';
    expect(secrets).toEqual([{ logicalId: 'Key', name: 'test-Key', arn, characters: 64 }]);
    expect(functions[0]?.environment).toEqual({ SECRET: arn });
  });

  it('sends an alias to its function', () => {
    const { rules } = read({
      Fn: lambdaResource('abc'),
      Live: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Fn' }, Name: 'live' } },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: { ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'a', Arn: { Ref: 'Live' } }] },
      },
    });
    expect(rules[0]?.targets[0]?.functionArn).toBe('arn:aws:lambda:us-east-1:000000000000:function:test-Fn');
  });

  it('passes over what has no meaning on one machine', () => {
    const nothing = read({
      Role: { Type: 'AWS::IAM::Role' },
      Logs: { Type: 'AWS::Logs::LogGroup' },
      Meta: { Type: 'AWS::CDK::Metadata' },
    });
    expect(Object.values(nothing).flat()).toEqual([]);
  });

  const route = (more: Record<string, Json>): Record<string, Json> => ({
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: { RouteKey: '$default', Target: 'integrations/Int', ...more },
    },
    Int: { Type: 'AWS::ApiGatewayV2::Integration', Properties: { IntegrationType: 'HTTP_PROXY', IntegrationUri: 'x' } },
  });
  it.each<[string, Record<string, Json>, string]>([
    [
      'an unknown type',
      { Topic: { Type: 'AWS::Kinesis::Stream' } },
      'Topic: the local world does not play AWS::Kinesis::Stream',
    ],
    [
      'a secret whose value the template holds',
      { K: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: 'x' } } },
      'K.SecretString',
    ],
    ['a FIFO queue', { Q: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } } }, 'Q.FifoQueue'],
    [
      'a Python function',
      { F: lambdaResource('abc', { Runtime: 'python3.13' }) },
      'F: the local world runs nodejs functions',
    ],
    ['layers', { F: lambdaResource('abc', { Layers: ['x'] }) }, 'F.Layers'],
    ['missing code', { F: lambdaResource('nothing') }, 'asset nothing.zip is not in the assembly'],
    ['an event rule', { R: { Type: 'AWS::Events::Rule', Properties: { EventPattern: {} } } }, 'R.EventPattern'],
    [
      'a stream mapping',
      {
        M: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { EventSourceArn: 'arn:aws:kinesis:x', FunctionName: 'f' },
        },
      },
      'M: the local world polls queues only',
    ],
    ['an authorizer', route({ AuthorizationType: 'JWT' }), 'Route: the local world has no JWT authorizer'],
    ['a proxy to elsewhere', route({}), 'Int: the local world plays Lambda proxies'],
    [
      'an express machine',
      {
        S: {
          Type: 'AWS::StepFunctions::StateMachine',
          Properties: { StateMachineType: 'EXPRESS', DefinitionString: '{}' },
        },
      },
      'S: the local world runs standard',
    ],
    [
      'a named stage',
      { S: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { StageName: 'v1' } } },
      'serves only the stage $default',
    ],
  ])('refuses %s by name', (_, resources, message) => {
    expect(() => read(resources)).toThrow(message);
  });

  it('refuses what is no assembly, and an assembly without the stack', () => {
    const dir = tempDir();
    expect(() => readAssembly(dir)).toThrow('is no cloud assembly');
    writeAssembly(dir, { resources: {} });
    expect(() => readAssembly(dir, 'other')).toThrow('expected one stack named other, found test');
  });

  it('takes account and region from the stack where it has them', () => {
    const dir = writeAssembly(tempDir(), { resources: {}, environment: 'aws://111122223333/eu-west-1' });
    expect(readAssembly(dir)).toMatchObject({ account: '111122223333', region: 'eu-west-1' });
    expect(readAssembly(writeAssembly(tempDir(), { resources: {} }))).toMatchObject({
      account: undefined,
      region: undefined,
    });
  });
});
