/** Who may do what in each stage: no wildcard without a reason, nothing without TLS, nothing unencrypted, nothing public, nothing kept for ever. */
import { App } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import { GleanerStack } from '#lib/gleaner-stack.ts';
import { STAGES, type StageName } from '#lib/stage.ts';
import type { Assembly } from '#local/assembly.ts';
import { readTemplate } from '#local/blueprint.ts';
import { grantsOf } from '#local/iam-grants.ts';
import { decide, type Principal } from '#local/iam-policy.ts';
import { readPolicies } from '#local/iam-template.ts';
import { placeOf, referent } from '#local/physical.ts';

const settings = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };

/** The template of a stage; its functions hold no code, which grants nothing. */
function assemblyOf(stage: StageName): Assembly {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-policies-'));
  try {
    const code = join(dir, 'code');
    mkdirSync(code);
    writeFileSync(join(code, 'index.js'), '');
    const app = new App({
      context: settings.context,
      builtinCloudFormationValidation: false,
      outdir: join(dir, 'out'),
    });
    const stack = new GleanerStack(app, 'stack', { stage: STAGES[stage], bundles: () => code, listBuckets: ['lists'] });
    const template = Template.fromStack(stack).toJSON();
    return { stackName: 's', template, account: undefined, region: undefined, assetDir: String };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const names = Object.keys(STAGES) as StageName[];
const assemblies = Object.fromEntries(names.map((name) => [name, assemblyOf(name)])) as Record<StageName, Assembly>;

/** Every resource of a grant that ends in a wildcard or is one, and why it must. */
const WILDCARDS: [resource: RegExp, action: RegExp, reason: string][] = [
  [/^\*$/, /^logs:(\w*LogDeliver(y|ies)|\w*ResourcePolic(y|ies)|DescribeLogGroups)$/, 'account-wide calls that set up a log know no resource'],
  [/^arn:aws:logs:[^*]+:log-group:[^*]+:\*$/, /^logs:/, 'the streams of one log group'],
  [/^arn:aws:s3:::s-resultsbucket[a-z0-9]+\/t\/\*$/, /^s3:\w+Object|^s3:AbortMultipartUpload$/, 'objects of all tenants'],
  [/^arn:aws:s3:::lists\/\*$/, /^s3:GetObject$/, 'a bucket that the operator opened for lists'],
  [/^arn:aws:states:[^*]+:execution:gleaner-\w+-run:\*$/, /^states:DescribeExecution$/, 'executions of one machine'],
  [/^arn:aws:secretsmanager:[^*]+:secret:gleaner\/\w+\/t\/\*$/, /^secretsmanager:/, 'secrets that tenants make'],
  [/^arn:aws:scheduler:[^*]+:schedule\/gleaner-\w+\/\*$/, /^scheduler:\w+Schedule$/, 'schedules of one group'],
  [/^arn:aws:appconfig:[^*]+:application\/gleaner-\w+\/environment\/\*\/configuration\/\*$/, /^appconfig:/, 'the configuration of one application'],
]; // prettier-ignore
/** What CloudFormation's services do by themselves where there is an AWS: roll a release or a configuration out, and back on alarm. */
const ROLL_OUT = /^(OperatorConfigEnvironmentRole|CanaryGroupServiceRole)/;

describe.each(names)('stage %s', (stage) => {
  const assembly = assemblies[stage];
  const template = readTemplate(assembly, placeOf(assembly));
  const policies = readPolicies(template);
  const grants = grantsOf(assembly);
  const arnsOf = (type: string): string[] =>
    template.resources
      .filter((r) => r.type === type)
      .map((r) => referent(r, placeOf(assembly)).attributes['Arn'] ?? '');
  const resources = Object.entries(assembly.template['Resources'] as Record<string, { Type: string; Properties?: JsonObject; DeletionPolicy?: string; UpdateReplacePolicy?: string }>); // prettier-ignore
  const of = (type: string) => resources.filter(([, { Type }]) => Type === type).map(([, resource]) => resource);

  it('names every action in full, and every resource or the reason why not', () => {
    expect(grants.length).toBeGreaterThan(80);
    const seen = new Set<string>();
    for (const { action, resource, holder } of grants) {
      expect(action, holder).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
      if (!/[*?]/.test(resource)) continue;
      // Alarms are described without a resource.
      if (ROLL_OUT.test(holder) && action === 'cloudwatch:DescribeAlarms') continue;
      const reason = WILDCARDS.find(([r, a]) => r.test(resource) && a.test(action));
      expect(reason, `${holder} ${action} ${resource}`).toBeDefined();
      if (reason) seen.add(reason[2]);
    }
    // A reason that nothing needs any more goes.
    expect([...seen].sort()).toEqual(WILDCARDS.map(([, , reason]) => reason).sort());
  });

  it('gives every role to one service, and every function a role of its own', () => {
    const roles = of('AWS::Lambda::Function').map(({ Properties }) => JSON.stringify(Properties?.['Role']));
    expect(new Set(roles).size).toBe(roles.length);
    const services = ['lambda', 'states', 'scheduler', 'events', 'ec2', 'codedeploy', 'appconfig'].map(
      (name) => `${name}.amazonaws.com`,
    );
    // Scheduler says for which group of which account it asks.
    const [group = ''] = arnsOf('AWS::Scheduler::ScheduleGroup');
    const asked = { 'aws:sourceaccount': ['000000000000'], 'aws:sourcearn': [group] };
    for (const role of policies.roles) {
      expect(services.filter((service) => role.trusts({ service }, asked)), role.logicalId).toHaveLength(1); // prettier-ignore
      expect(role.trusts({ service: 'scheduler.amazonaws.com' }, { ...asked, 'aws:sourcearn': ['arn:other'] })).toBe(
        false,
      );
      expect(role.trusts({ role: 'arn:aws:iam::000000000000:role/other' })).toBe(false);
    }
  });

  /** Would the call be stopped by a Deny, whatever else is granted? */
  const denied = (principal: Principal, action: string, resource: string, secure: boolean): boolean => {
    const own = policies.roles.flatMap((role) =>
      'role' in principal && role.arn === principal.role ? role.statements : [],
    );
    const context = { 'aws:securetransport': [String(secure)] };
    const decision = decide([...own, ...policies.resources], { principal, action, resource, context });
    return !decision.allowed && decision.denied === 'by a statement';
  };
  const stranger: Principal = { role: 'arn:aws:iam::000000000000:role/administrator' };

  it('lets nobody to buckets and queues without TLS', () => {
    const calls = [
      ...arnsOf('AWS::S3::Bucket').flatMap((arn): [string, string][] => [
        ['s3:ListBucket', arn],
        ['s3:GetObject', `${arn}/t/a`],
        ['s3:PutObject', `${arn}/x`],
      ]),
      ...arnsOf('AWS::SQS::Queue').flatMap((arn): [string, string][] => [
        ['sqs:SendMessage', arn],
        ['sqs:ReceiveMessage', arn],
      ]),
    ];
    expect(calls.length).toBeGreaterThanOrEqual(7);
    for (const [action, arn] of calls)
      expect([arn, denied(stranger, action, arn, false), denied(stranger, action, arn, true)]).toEqual([
        arn,
        true,
        false,
      ]);
  });

  it('lets no function to anything without TLS', () => {
    const functions = policies.roles.filter((role) => role.trusts({ service: 'lambda.amazonaws.com' }));
    expect(functions).toHaveLength(of('AWS::Lambda::Function').length);
    for (const { arn: role, logicalId } of functions)
      for (const { action, resource } of grants.filter(({ holder }) => holder === logicalId)) {
        const call = [action, resource.replaceAll('*', 'x')] as const;
        expect([call, denied({ role }, ...call, false), denied({ role }, ...call, true)]).toEqual([call, true, false]);
      }
  });

  it('lets nobody of another account or of none to anything', () => {
    const foreign = grantsOf(assembly).filter(({ holder }) => !policies.roles.some((r) => r.logicalId === holder));
    // What resources grant by themselves: services of this account may call functions.
    for (const { action } of foreign) expect(action).toBe('lambda:InvokeFunction');
    for (const { Properties } of of('AWS::Lambda::Permission')) {
      expect(Properties?.['Principal']).toMatch(/^(apigateway|events|scheduler)\.amazonaws\.com$/);
      expect(Properties?.['SourceArn']).toBeDefined();
    }
    for (const { Properties } of of('AWS::DynamoDB::GlobalTable'))
      expect(JSON.stringify(Properties)).not.toContain('ResourcePolicy');
  });

  it('encrypts at rest and blocks the public', () => {
    for (const { Properties } of of('AWS::S3::Bucket'))
      expect(Properties).toMatchObject({
        BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: expect.anything() as object }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }); // prettier-ignore
    for (const { Properties } of of('AWS::SQS::Queue')) expect(Properties?.['SqsManagedSseEnabled']).toBe(true);
    // Tables are always encrypted; only a key of the customer's own would be named here.
    for (const { Properties } of of('AWS::DynamoDB::GlobalTable'))
      expect(Properties?.['SSESpecification']).toBeUndefined();
  });

  it('keeps nothing for ever by oversight, and in prod nothing that matters goes with the stack', () => {
    const days = stage === 'prod' ? 30 : 7;
    for (const { Properties } of of('AWS::Logs::LogGroup')) expect(Properties?.['RetentionInDays']).toBe(days);
    for (const { Properties } of of('AWS::SQS::Queue'))
      expect(Properties?.['MessageRetentionPeriod']).toBe(14 * 24 * 3600);
    for (const { Properties } of of('AWS::S3::Bucket'))
      expect(JSON.stringify(Properties?.['LifecycleConfiguration'])).toContain('AbortIncompleteMultipartUpload');
    for (const { Properties } of of('AWS::DynamoDB::GlobalTable'))
      expect(Properties?.['TimeToLiveSpecification']).toMatchObject({ AttributeName: 'expiresAt', Enabled: true });
    const kept = ['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::DynamoDB::GlobalTable', 'AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup']; // prettier-ignore
    const policy = stage === 'prod' ? 'Retain' : 'Delete';
    for (const type of kept) {
      expect(of(type).length).toBeGreaterThan(0);
      for (const { DeletionPolicy, UpdateReplacePolicy } of of(type))
        expect([type, DeletionPolicy, UpdateReplacePolicy]).toEqual([type, policy, policy]);
    }
    for (const { Properties } of of('AWS::DynamoDB::GlobalTable')) {
      const [replica] = Properties?.['Replicas'] as JsonObject[];
      expect(replica).toMatchObject({
        DeletionProtectionEnabled: stage === 'prod',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: stage === 'prod' },
      });
    }
  });
});

it('grants the same in every stage, so that what the embedded stack shows holds for the others', () => {
  const plain = (stage: StageName): string[] =>
    grantsOf(assemblies[stage])
      .filter(({ holder }) => !ROLL_OUT.test(holder))
      .map(
        ({ holder, action, resource }) =>
          `${holder} ${action} ${resource.replaceAll(`gleaner-${stage}`, 'gleaner').replaceAll(`gleaner/${stage}`, 'gleaner')}`,
      ) // prettier-ignore
      .sort();
  expect(plain('dev')).toEqual(plain('local'));
  expect(plain('prod')).toEqual(plain('local'));
});
