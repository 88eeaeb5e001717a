/**
 * The CDK app. Inputs, all optional: `-c stage=local|dev|prod` (default dev), `-c regions=eu-central-1,eu-west-1` (one
 * stack each; default one stack for whatever region the caller's credentials name), `-c listBuckets=a,b` (buckets that
 * tasks may read lists from), `-c mailFrom=alerts@example.org` (whom alerts are mailed from; its domain is a verified
 * identity of SES) and `-c alarmEmails=a@example.org` (who is written to when the paging alarm rings). Synthesis needs
 * neither an account nor a network.
 *
 * Runs under the CDK command line, or by itself: `node bin/app.ts -c stage=local --output DIR`. A wrong input ends it with
 * a message that says what was expected.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { App } from 'aws-cdk-lib/core';
import { buildConsole } from '../console/build.ts';
import { withBundles } from '../lib/bundles.ts';
import { gleanerStacks } from '../lib/gleaner-stacks.ts';

const { values: options } = parseArgs({
  options: { context: { type: 'string', short: 'c', multiple: true }, output: { type: 'string', short: 'o' } },
});

/**
 * The feature flags of `cdk.json`, below what the command line or another caller passes on (`CDK_CONTEXT_JSON`), below
 * the options: the template is the same whoever synthesises.
 */
function context(): Record<string, unknown> {
  const settings = JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as { context: object };
  const given = (options.context ?? []).map((pair): [string, string] => {
    const [name = '', ...value] = pair.split('=');
    return [name, value.join('=')];
  });
  const passed = JSON.parse(process.env['CDK_CONTEXT_JSON'] ?? '{}') as object;
  return { ...settings.context, ...passed, ...Object.fromEntries(given) };
}

const inputs = context();
const input = (name: string): string | undefined => {
  const value: unknown = inputs[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new Error(`${name}: expected text, got ${JSON.stringify(value)}`);
};
const stage = input('stage');

const app = new App({
  context: inputs,
  // CDK's anonymous usage data: nothing of a user's deployment is sent anywhere that they did not ask for.
  analyticsReporting: false,
  // Three quarters of the time of a synthesis. What is played on one machine is never sent to CloudFormation, and the
  // tests validate it.
  builtinCloudFormationValidation: stage !== 'local',
  ...(options.output === undefined ? {} : { outdir: options.output }),
});
// The embedded stack serves the files itself.
const consoleFiles =
  stage === 'local' ? undefined : await buildConsole((line) => void process.stderr.write(`${line}\n`));
await withBundles((bundles) =>
  gleanerStacks(app, bundles, {
    stage,
    regions: input('regions'),
    listBuckets: input('listBuckets'),
    mailFrom: input('mailFrom'),
    alarmEmails: input('alarmEmails'),
    consoleFiles,
  }),
);
app.synth();
