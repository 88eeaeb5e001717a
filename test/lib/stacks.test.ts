/** Facts about what is deployed. Built-in validation and cdk-nag run over every stage; a finding that nobody acknowledged fails. */
import { App, Validations } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readFileSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FUNCTIONS, DUE_INDEX, LIST_INDEX, environment, machineName, type FunctionName } from '#lambdas/contract.ts';
import { bundleInto } from '../../lib/bundles.ts';
import { gleanerStacks, type StackInputs } from '../../lib/gleaner-stacks.ts';
import { WORK_RECEIVES_MAX, WORK_VISIBILITY_SECONDS } from '#core/limits.ts';

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
}
const settings = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };
const out = mkdtempSync(join(tmpdir(), 'gleaner-synth-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** The same for every stage. */
const bundles = await bundleInto(join(out, 'bundles'));

function synthesise(
  stage: string,
  regions?: string,
): { templates: Record<string, { Resources: Record<string, Resource> }>; dir: string } {
  const dir = join(out, `${stage}-${regions ?? 'any'}`);
  const app = new App({ context: settings.context, outdir: dir });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stacks = gleanerStacks(app, bundles, {
    stage,
    regions,
    listBuckets: 'my-lists',
    mailFrom: 'alerts@example.org',
    alarmEmails: 'a@example.org,b@example.org',
  });
  app.synth();
  return {
    templates: Object.fromEntries(
      stacks.map((stack) => [stack.stackName, Template.fromStack(stack).toJSON() as never]),
    ),
    dir,
  };
}

describe.each(['local', 'dev', 'prod'])('stage %s', (stage) => {
  let resources: [string, Resource][];
  let dir: string;
  const of = (type: string): [string, Resource][] => resources.filter(([, resource]) => resource.Type === type);
  beforeAll(() => {
    const made = synthesise(stage);
    dir = made.dir;
    resources = Object.values(made.templates).flatMap(({ Resources }) => Object.entries(Resources));
  });

  it('passes validation and cdk-nag, or says why not beside the construct', () => {
    // Synthesis itself throws on findings that are errors; what is left in the report must be none.
    const report = join(dir, 'validation-report.json');
    const findings = existsSync(report) ? readFileSync(report, 'utf8') : '';
    expect(findings).not.toMatch(/"conclusion":\s*"failure"/);
  });

  it('gives every function its environment, its log group with retention, Node 24 on arm64', () => {
    const functions = of('AWS::Lambda::Function');
    expect(functions).toHaveLength(FUNCTIONS.length);
    for (const [, { Properties: p }] of functions) {
      const variables = (p.Environment as { Variables: Record<string, string> }).Variables;
      const name = FUNCTIONS.find((each) => String(variables.POWERTOOLS_SERVICE_NAME).includes(each)) as FunctionName;
      expect(() => environment(name, { ...variables })).not.toThrow();
      expect(p).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(p.LoggingConfig).toMatchObject({ LogGroup: expect.anything() });
    }
    for (const [, { Properties: p }] of of('AWS::Logs::LogGroup')) expect(p.RetentionInDays).toBeGreaterThan(0);
  });

  it('mails from one address of a verified domain, and tells operators by a topic that takes TLS alone', () => {
    const statements = of('AWS::IAM::Policy').flatMap(([, { Properties: p }]) => (p.PolicyDocument as { Statement: Record<string, unknown>[] }).Statement); // prettier-ignore
    const sending = statements.filter(({ Action }) => Action === 'ses:SendEmail');
    expect(sending).toMatchObject([{ Condition: { StringEquals: { 'ses:FromAddress': 'alerts@example.org' } } }]);
    expect(JSON.stringify(sending[0]?.['Resource'])).toContain(':identity/example.org');
    if (stage === 'local') return expect(of('AWS::SNS::Topic')).toEqual([]);
    expect(of('AWS::SNS::Topic')).toHaveLength(1);
    expect(of('AWS::SNS::Subscription').map(([, { Properties: p }]) => [p.Protocol, p.Endpoint])).toEqual([
      ['email', 'a@example.org'],
      ['email', 'b@example.org'],
    ]);
    const [[, { Properties: policy }] = ['', { Properties: {} as Record<string, unknown> }]] =
      of('AWS::SNS::TopicPolicy');
    expect(policy.PolicyDocument).toMatchObject({
      Statement: [
        { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        { Effect: 'Allow', Action: 'sns:Publish', Principal: { Service: 'cloudwatch.amazonaws.com' } },
      ],
    });
    const [[, { Properties: page }] = ['', { Properties: {} as Record<string, unknown> }]] = of(
      'AWS::CloudWatch::CompositeAlarm',
    );
    expect(page.AlarmActions).toHaveLength(1);
    expect(page.OKActions).toEqual(page.AlarmActions);
  });

  it('gives the queue dead letters and a visibility of six time-outs of its worker', () => {
    const queues = of('AWS::SQS::Queue');
    // Shards, their dead letters, and Scheduler's.
    expect(queues).toHaveLength(3);
    const [shards] = queues.filter(([, { Properties: p }]) => p.RedrivePolicy !== undefined);
    expect(shards?.[1].Properties).toMatchObject({
      VisibilityTimeout: WORK_VISIBILITY_SECONDS,
      RedrivePolicy: { maxReceiveCount: WORK_RECEIVES_MAX },
    });
    const [mapping] = of('AWS::Lambda::EventSourceMapping');
    expect(mapping?.[1].Properties).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
    expect(mapping?.[1].Properties.ScalingConfig).toBeDefined();
  });

  it('has both tables, with the indexes the handlers ask', () => {
    const tables = of('AWS::DynamoDB::GlobalTable');
    expect(tables).toHaveLength(2);
    const indexes = tables.flatMap(
      ([, { Properties: p }]) => (p.GlobalSecondaryIndexes ?? []) as { IndexName: string }[],
    );
    expect(indexes.map(({ IndexName }) => IndexName).sort()).toEqual([DUE_INDEX.name, LIST_INDEX.name].sort());
    if (stage === 'prod') expect(tables.every(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')).toBe(true);
  });

  it('names actions and resources in every grant', () => {
    for (const [id, { Properties: p }] of of('AWS::IAM::Policy')) {
      const { Statement } = p.PolicyDocument as {
        Statement: { Action: string | string[]; Resource: unknown; Effect: string }[];
      };
      for (const { Action, Resource, Effect } of Statement) {
        // A denial grants nothing: the wider it is, the better.
        if (Effect === 'Deny') continue;
        for (const action of [Action].flat()) expect(action, id).not.toMatch(/^\*$|:\*$/);
        // What has no resource to name: log delivery of the state machine, X-Ray.
        if (Resource === '*')
          expect(
            [Action].flat().every((action) => /^(logs|xray):/.test(action)),
            `${id} ${String(Action)}`,
          ).toBe(true);
      }
    }
  });

  it('lets Scheduler call fire and nothing else, for the schedules of its own group, made by api and sweep', () => {
    const [group] = of('AWS::Scheduler::ScheduleGroup');
    expect(group?.[1].Properties.Name).toBe(`gleaner-${stage}`);
    const [role] = of('AWS::IAM::Role').filter(([id]) => id.startsWith('SchedulesRole'));
    expect(JSON.stringify(role?.[1].Properties.AssumeRolePolicyDocument)).toMatch(
      /aws:SourceArn.*scheduler.amazonaws.com/,
    );
    const statements = (id: RegExp): { Action: string | string[]; Resource: unknown; Condition?: unknown }[] =>
      of('AWS::IAM::Policy')
        .filter(([name]) => id.test(name))
        .flatMap(([, { Properties: p }]) => (p.PolicyDocument as { Statement: never[] }).Statement);
    const calls = statements(/^SchedulesRole/);
    expect(calls.map(({ Action }) => Action)).toEqual(['sqs:SendMessage', 'lambda:InvokeFunction']);
    expect(JSON.stringify(calls[1]?.Resource)).toMatch(/Fire/);
    const passing = of('AWS::IAM::Policy').filter(([, resource]) => JSON.stringify(resource).includes('iam:PassRole'));
    expect(passing.map(([id]) => id.replace(/Role.*/, '')).sort()).toEqual(['FunctionsApi', 'FunctionsSweep']);
    for (const [id] of passing)
      expect(statements(new RegExp(`^${id}$`)).find(({ Action }) => Action === 'iam:PassRole')).toMatchObject({
        Resource: { 'Fn::GetAtt': [role?.[0], 'Arn'] },
        Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      });
  });

  it('keeps the signing secret for finish, and the dead messages for the sweep', () => {
    const secrets = of('AWS::SecretsManager::Secret');
    const [secretId, secret] = secrets.find(([id]) => id.startsWith('Signing')) ?? ['', undefined];
    expect(secret?.Properties.GenerateSecretString).toMatchObject({ PasswordLength: 64, ExcludePunctuation: true });
    expect(secret?.DeletionPolicy).toBe(stage === 'prod' ? 'Retain' : 'Delete');
    const dead = of('AWS::SQS::Queue').find(([, { Properties: p }]) => p.RedrivePolicy === undefined)?.[0] ?? '';
    /** Roles whose grants name the action on the resource, by the names of their functions. */
    const granted = (action: string, resource: string): string[] => grantedOn(action, `"${resource}"`);
    const grantedOn = (action: string, part: string): string[] =>
      of('AWS::IAM::Policy')
        .filter(([, { Properties: p }]) => {
          const { Statement } = p.PolicyDocument as { Statement: { Action: string | string[]; Resource: unknown }[] };
          return Statement.some(
            ({ Action, Resource }) => [Action].flat().includes(action) && JSON.stringify(Resource).includes(part),
          );
        })
        .map(([id]) => id);
    expect(granted('secretsmanager:GetSecretValue', secretId)).toEqual([expect.stringMatching(/finish/i)]);
    // Webhooks: who signs them, and who shows a tenant's admins their key.
    const webhooks = secrets.find(([id]) => id.startsWith('Events'))?.[0] ?? '';
    expect(granted('secretsmanager:GetSecretValue', webhooks)).toEqual([
      expect.stringMatching(/api/i),
      expect.stringMatching(/notify/i),
    ]);
    for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage'])
      expect(granted(action, dead)).toEqual([expect.stringMatching(/sweep/i)]);
    // Tenants' secrets: whoever answers people can write them and not read them.
    expect(grantedOn('secretsmanager:GetSecretValue', `secret:gleaner/${stage}/t/*`)).toEqual([
      expect.stringMatching(/plan/i),
      expect.stringMatching(/work/i),
    ]);
    for (const action of ['CreateSecret', 'PutSecretValue', 'DeleteSecret'])
      expect(grantedOn(`secretsmanager:${action}`, `secret:gleaner/${stage}/t/*`)).toEqual([
        expect.stringMatching(/api/i),
      ]);
    // No other way to the secret: in no environment but that of finish, and nothing may do everything with it.
    const knowing = of('AWS::Lambda::Function').filter(([, { Properties: p }]) =>
      JSON.stringify(p.Environment).includes(`"${secretId}"`),
    );
    expect(knowing.map(([id]) => id)).toEqual([expect.stringMatching(/finish/i)]);
  });

  it('catches the failure of every task of the machine and names it after its stage', () => {
    const [machine] = of('AWS::StepFunctions::StateMachine');
    expect(machine?.[1].Properties.StateMachineName).toBe(machineName(stage));
    const text = JSON.stringify(machine?.[1].Properties.DefinitionString);
    for (const state of ['Plan', 'Dispatch', 'Await', 'Merge', 'Finish']) expect(text).toContain(state);
    expect(text).toContain('waitForTaskToken');
    expect(text).toContain('States.Timeout');
  });

  it('keeps the bucket closed, encrypted and for TLS alone', () => {
    const buckets = of('AWS::S3::Bucket');
    expect(buckets.length).toBeGreaterThan(0);
    for (const [, { Properties: p }] of buckets)
      expect(p.PublicAccessBlockConfiguration).toMatchObject({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    expect(JSON.stringify(of('AWS::S3::BucketPolicy'))).toContain('aws:SecureTransport');
  });
});

it('two regions of a stage are two stacks with the same shape', () => {
  const { templates } = synthesise('dev', 'eu-central-1,us-east-1');
  expect(Object.keys(templates)).toEqual(['gleaner-dev-eu-central-1', 'gleaner-dev-us-east-1']);
});

it('refuses a stage and a region that are none', () => {
  const stacks = (inputs: StackInputs) => () => gleanerStacks(new App(), () => '', inputs);
  expect(stacks({ stage: 'nope' })).toThrow(/expected one of/);
  expect(stacks({ stage: 'dev', regions: 'europe' })).toThrow(/regions/);
});
