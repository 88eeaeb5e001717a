#!/usr/bin/env node
/**
 * Says what is missing in an account and region before a stage is deployed there: `node bin/preflight.ts --region REGION [--stage dev]`. Reads
 * only. Exit 0 when nothing is missing, 1 otherwise; what could not be found out is said, and is no failure.
 */
import { parseArgs } from 'node:util';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { stageSettings, type StageSettings } from '#lib/stage.ts';

export interface Finding {
  what: string;
  state: 'ok' | 'missing' | 'unknown';
  /** What was found, and what to do where something is missing. */
  says: string;
}
export interface Clients {
  sts: STSClient;
  lambda: LambdaClient;
  ssm: SSMClient;
  iam: IAMClient;
}

/** AWS keeps this much of an account's concurrency for functions without a reservation. */
const UNRESERVED_MIN = 100;
/** The API, the states of runs and the sweep beside the workers. */
const BESIDE_WORKERS = 20;
/** Of the bootstrap stack, that the stage's templates ask for (CDK's rule CheckBootstrapVersion). */
const BOOTSTRAP_MIN = 6;
const QUALIFIER = 'hnb659fds';
const PATIENCE = { maxAttempts: 3, requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true } }; // prettier-ignore

export const clientsOf = (region: string): Clients => ({
  sts: new STSClient({ ...PATIENCE, region }),
  lambda: new LambdaClient({ ...PATIENCE, region }),
  ssm: new SSMClient({ ...PATIENCE, region }),
  iam: new IAMClient({ ...PATIENCE, region }),
});

/** Every check, whatever became of the others; without an identity there is nothing else to ask. */
export async function preflight(clients: Clients, region: string, stage: StageSettings): Promise<Finding[]> {
  const identity = await found('credentials', async () => {
    const { Account: account, Arn: arn } = await clients.sts.send(new GetCallerIdentityCommand({}));
    if (account === undefined || arn === undefined) throw new Error('an answer without an account');
    return { finding: ok('credentials', `account ${account} as ${arn}`), account, arn };
  });
  if (!('account' in identity)) return [{ ...identity, state: 'missing' }];
  const { account, arn, finding } = identity;
  const rest = [
    found('concurrency of Lambda', () => concurrency(clients.lambda, stage)),
    found('bootstrap of CDK', () => bootstrap(clients.ssm, account, region)),
    found('right to deploy', () => deployRights(clients.iam, arn, account, region)),
  ];
  return [finding, ...(await Promise.all(rest))];
}

const ok = (what: string, says: string): Finding => ({ what, state: 'ok', says });
const missing = (what: string, says: string): Finding => ({ what, state: 'missing', says });

/** What cannot be asked is not known: a caller may lack the right to look. */
async function found<T>(what: string, ask: () => Promise<T>): Promise<T | Finding> {
  try {
    return await ask();
  } catch (error) {
    const { name, message } = error as Error;
    return { what, state: 'unknown', says: `${name}: ${message}` };
  }
}

async function concurrency(lambda: LambdaClient, stage: StageSettings): Promise<Finding> {
  const what = 'concurrency of Lambda';
  const { AccountLimit: limit } = await lambda.send(new GetAccountSettingsCommand({}));
  const all = limit?.ConcurrentExecutions ?? 0;
  const free = limit?.UnreservedConcurrentExecutions ?? 0;
  const wanted = stage.workConcurrencyMax + BESIDE_WORKERS;
  const says = `${String(all)} in all, ${String(free)} not reserved; stage ${stage.name} wants ${String(wanted)}`;
  if (stage.reservesSweep && free <= UNRESERVED_MIN)
    return missing(what, `${says}, and reserves one for the sweep, which AWS allows only while more than ${String(UNRESERVED_MIN)} are left: raise quota L-B99A9384 of Lambda, or set reservesSweep to false in lib/stage.ts`); // prettier-ignore
  if (free < wanted)
    return missing(what, `${says}: raise quota L-B99A9384 of Lambda, or lower workConcurrencyMax in lib/stage.ts`);
  return ok(what, says);
}

async function bootstrap(ssm: SSMClient, account: string, region: string): Promise<Finding> {
  const what = 'bootstrap of CDK';
  const mend = `run: npx cdk bootstrap aws://${account}/${region}`;
  try {
    const { Parameter: found } = await ssm.send(new GetParameterCommand({ Name: `/cdk-bootstrap/${QUALIFIER}/version` })); // prettier-ignore
    const version = Number(found?.Value);
    if (version >= BOOTSTRAP_MIN) return ok(what, `version ${String(version)}`);
    return missing(what, `version ${String(found?.Value)}, at least ${String(BOOTSTRAP_MIN)} is needed; ${mend}`);
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return missing(what, `there is none in ${region}; ${mend}`);
    throw error;
  }
}

/** Whoever deploys needs to be one of CDK's roles for a while, and nothing else. */
async function deployRights(iam: IAMClient, arn: string, account: string, region: string): Promise<Finding> {
  const what = 'right to deploy';
  const partition = arn.split(':')[1] ?? 'aws';
  const roles = ['deploy-role', 'file-publishing-role', 'lookup-role'].map(
    (role) => `arn:${partition}:iam::${account}:role/cdk-${QUALIFIER}-${role}-${account}-${region}`,
  );
  const answer = await iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: principalOf(arn),
      ActionNames: ['sts:AssumeRole'],
      ResourceArns: roles,
    }),
  );
  const denied = (answer.EvaluationResults ?? []).flatMap(({ EvalDecision, EvalResourceName }) =>
    EvalDecision === 'allowed' ? [] : [EvalResourceName ?? 'a role of CDK'],
  );
  if (denied.length > 0) return missing(what, `sts:AssumeRole on ${denied.join(', ')}`);
  return ok(what, `sts:AssumeRole on cdk-${QUALIFIER}-{deploy,file-publishing,lookup}-role`);
}

/** Of an assumed role the role; IAM simulates no sessions. */
export function principalOf(arn: string): string {
  const session = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn);
  if (session === null) return arn;
  const [, partition = '', account = '', role = ''] = session;
  return `arn:${partition}:iam::${account}:role/${role}`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { region: { type: 'string' }, stage: { type: 'string' } } });
  const { region, stage = 'dev' } = values;
  if (region === undefined) {
    process.stderr.write('usage: node bin/preflight.ts --region REGION [--stage dev|prod]\n');
    process.exit(1);
  }
  const findings = await preflight(clientsOf(region), region, stageSettings(stage));
  for (const { what, state, says } of findings) process.stdout.write(`${state.padEnd(8)} ${what.padEnd(22)} ${says}\n`);
  process.exitCode = findings.some(({ state }) => state === 'missing') ? 1 : 0;
}
