/** What the pre-flight says of accounts that lack something, on mocked clients. */
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STAGES } from '#lib/stage.ts';
import { preflight, principalOf } from '../../bin/preflight.ts';

const place = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const clients = { sts: new STSClient(place), lambda: new LambdaClient(place), ssm: new SSMClient(place), iam: new IAMClient(place) }; // prettier-ignore
const [sts, lambda, ssm, iam] = [mockClient(clients.sts), mockClient(clients.lambda), mockClient(clients.ssm), mockClient(clients.iam)]; // prettier-ignore

beforeEach(() => {
  sts.on(GetCallerIdentityCommand).resolves({ Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/dev' });
  lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 900 } }); // prettier-ignore
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: '30' } });
  iam.on(SimulatePrincipalPolicyCommand).resolves({ EvaluationResults: [{ EvalActionName: 'sts:AssumeRole', EvalDecision: 'allowed' }] }); // prettier-ignore
});
afterEach(() => [sts, lambda, ssm, iam].forEach((mock) => mock.reset()));

const check = async (stage: keyof typeof STAGES = 'prod') => {
  const findings = await preflight(clients, 'eu-central-1', STAGES[stage]);
  return Object.fromEntries(findings.map(({ what, state, says }) => [what, `${state}: ${says}`]));
};
const failing = (name: string): Error => Object.assign(new Error('no'), { name });

it('finds nothing missing in a good account', async () => {
  const findings = await preflight(clients, 'eu-central-1', STAGES.prod);
  expect(findings.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);
  const { args } = iam.commandCalls(SimulatePrincipalPolicyCommand)[0] ?? { args: [] };
  expect(args[0]?.input.ResourceArns?.[0]).toBe('arn:aws:iam::111122223333:role/cdk-hnb659fds-deploy-role-111122223333-eu-central-1'); // prettier-ignore
});

it('asks nothing else without credentials', async () => {
  sts.on(GetCallerIdentityCommand).rejects(failing('CredentialsProviderError'));
  expect(await check()).toEqual({ credentials: 'missing: CredentialsProviderError: no' });
  expect(lambda.calls()).toHaveLength(0);
});

describe('names', () => {
  it.each([
    ['prod', 900, 150, /^missing: .*prod wants 220: raise quota L-B99A9384/],
    ['dev', 10, 10, /^missing: .*reserves one for the sweep/],
    ['dev', 1_000, 900, /^ok: /],
  ] as const)('the concurrency that %s lacks with %i, %i free', async (stage, all, free, says) => {
    lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: all, UnreservedConcurrentExecutions: free } }); // prettier-ignore
    expect((await check(stage))['concurrency of Lambda']).toMatch(says);
  });

  it('a bootstrap that is not there, and one that is too old', async () => {
    ssm.on(GetParameterCommand).rejects(failing('ParameterNotFound'));
    expect((await check())['bootstrap of CDK']).toBe('missing: there is none in eu-central-1; run: npx cdk bootstrap aws://111122223333/eu-central-1'); // prettier-ignore
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: '4' } });
    expect((await check())['bootstrap of CDK']).toMatch(/^missing: version 4, at least 6/);
  });

  it('the roles that may not be taken', async () => {
    iam.on(SimulatePrincipalPolicyCommand).resolves({ EvaluationResults: [{ EvalActionName: 'sts:AssumeRole', EvalDecision: 'implicitDeny', EvalResourceName: 'arn:aws:iam::1:role/cdk-x' }] }); // prettier-ignore
    expect((await check())['right to deploy']).toBe('missing: sts:AssumeRole on arn:aws:iam::1:role/cdk-x');
  });

  it('what it could not find out as unknown', async () => {
    iam.on(SimulatePrincipalPolicyCommand).rejects(failing('AccessDenied'));
    expect((await check())['right to deploy']).toBe('unknown: AccessDenied: no');
  });
});

it('asks of a session after its role', () => {
  expect(principalOf('arn:aws:sts::1:assumed-role/Admin/me')).toBe('arn:aws:iam::1:role/Admin');
  expect(principalOf('arn:aws-cn:iam::1:user/me')).toBe('arn:aws-cn:iam::1:user/me');
});
