/** Alarms have their place in the runbook, dashboards stay free, metrics stay few, and a stage at rest is cheap. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS, METRICS, METRICS_NAMESPACE } from '#lambdas/contract.ts';
import { telling } from '#lambdas/aws/runtime.ts';
import { STAGES } from '#lib/stage.ts';
import { idleCost, IDLE_USD_MAX, resourcesOf, type Resource } from '../../bench/idle-cost.ts';

const prod = resourcesOf(STAGES.prod);
const of = (type: string): Record<string, unknown>[] =>
  prod.filter(({ Type }) => Type === type).map(({ Properties = {} }) => Properties);
const sections = [...readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (.+)$/gm)].map(([, title]) => title);

describe('alarms', () => {
  const alarms = [...of('AWS::CloudWatch::Alarm'), ...of('AWS::CloudWatch::CompositeAlarm')];
  const nameOf = (alarm: Record<string, unknown>): string =>
    String(alarm['AlarmName'] ?? alarm['CompositeAlarmName']).replace('gleaner-prod-', '');

  it('each have a section in the runbook, to which their description leads', () => {
    expect(alarms.length).toBeGreaterThan(10);
    for (const alarm of alarms) {
      expect(sections).toContain(nameOf(alarm));
      expect(alarm['AlarmDescription']).toMatch(new RegExp(`\\. docs/runbook\\.md#${nameOf(alarm).toLowerCase()}$`));
    }
  });

  it.each([
    ['SweepSilent', 'Invocations', 'breaching'],
    ['QueueAge', 'ApproximateAgeOfOldestMessage', 'notBreaching'],
    ['DeadLettersPile', 'ApproximateNumberOfMessagesVisible', 'notBreaching'],
    ['ApiErrors', '5xx', 'notBreaching'],
    ['WorkThrottles', 'Throttles', 'notBreaching'],
    ['LeaseLosses', METRICS.commitsLost, 'notBreaching'],
    ['RunsFailed', METRICS.runsFailed, 'notBreaching'],
    ['ControlThrottles', 'WriteThrottleEvents', 'notBreaching'],
    ['RunsMissed', METRICS.runsMissed, 'notBreaching'],
    ['NoticesGivenUp', METRICS.noticesGivenUp, 'notBreaching'],
    ['ScheduleDeadLetters', 'ApproximateNumberOfMessagesVisible', 'notBreaching'],
  ])('%s looks at %s', (name, MetricName, TreatMissingData) => {
    expect(alarms.find((alarm) => nameOf(alarm) === name)).toMatchObject({ MetricName, TreatMissingData });
  });

  it('page for what cannot wait, and for nothing else', () => {
    const [page] = of('AWS::CloudWatch::CompositeAlarm');
    const rule = JSON.stringify(page?.['AlarmRule']);
    const named = ['SweepSilent', 'SweepErrors', 'WorkErrors', 'ApiErrors', 'QueueAge', 'RunsFailed'].filter((name) =>
      rule.includes(`Alarms${name}`),
    );
    expect(named).toEqual(['SweepSilent', 'SweepErrors', 'WorkErrors', 'ApiErrors']);
  });
});

it('the dashboard has its four sections, and no more metrics than a free one may have', () => {
  const boards = of('AWS::CloudWatch::Dashboard').map(({ DashboardBody }) => JSON.stringify(DashboardBody));
  expect(boards).toHaveLength(1);
  for (const section of ['Business', 'Functions', 'Performance', 'Errors'])
    expect(boards[0]).toContain(`## ${section}`);
  const metrics = [...(boards[0] ?? '').matchAll(/\[\\+"(AWS\/\w+|Gleaner)\\+"/g)];
  expect(metrics.length).toBeGreaterThan(30);
  expect(metrics.length).toBeLessThanOrEqual(50);
});

it('the saved queries are those that the runbook names', () => {
  const names = of('AWS::Logs::QueryDefinition').map(({ Name }) => String(Name).replace('gleaner/prod/', ''));
  const runbook = readFileSync('docs/runbook.md', 'utf8');
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) expect(runbook).toContain(`\`${name}\``);
});

it('metrics have two dimensions, stage and function, and are few', () => {
  const { metrics, meter } = telling('prod');
  meter.count(METRICS.records, 1);
  const written = metrics.serializeMetrics() as unknown as {
    _aws: { CloudWatchMetrics: { Dimensions: string[][] }[] };
  };
  expect(written._aws.CloudWatchMetrics.map(({ Dimensions }) => Dimensions.map((names) => [...names].sort()))).toEqual([
    [['service', 'stage']],
  ]);
  // Nobody may add one elsewhere: a tenant, run or host as a dimension costs 0.30 US dollars a month for each value.
  for (const file of globSync('{lambdas,src}/**/*.ts'))
    expect(readFileSync(file, 'utf8'), file).not.toMatch(/addDimension|setDefaultDimensions|singleMetric|addMetadata/);
  expect(Object.keys(METRICS).length * FUNCTIONS.length).toBeLessThan(500);
  for (const { Namespace, Dimensions } of of('AWS::CloudWatch::Alarm') as {
    Namespace?: string;
    Dimensions?: { Name: string }[];
  }[])
    // prettier-ignore
    if (Namespace === METRICS_NAMESPACE) expect(Dimensions?.map(({ Name }) => Name).sort()).toEqual(['service', 'stage']);
});

describe('a stage at rest', () => {
  it.each(['dev', 'prod'] as const)('%s costs less than 5 US dollars a month', (stage) => {
    const lines = idleCost(stage === 'prod' ? prod : resourcesOf(STAGES[stage]));
    const total = lines.reduce((sum, { usd }) => sum + usd, 0);
    expect(lines.find(({ what }) => what === 'alarm metrics')?.count).toBeGreaterThan(10);
    expect(lines.find(({ what }) => what === 'calls by schedule')?.count).toBeGreaterThan(40_000);
    expect(total).toBeGreaterThan(1);
    expect(total).toBeLessThan(IDLE_USD_MAX);
  });
  it('holds nothing that costs by the hour', () => {
    // A NAT gateway, an endpoint, a cluster or provisioned concurrency would cost more than all the rest.
    for (const { Type, Properties } of prod) {
      expect(Type).not.toMatch(/^AWS::(EC2|RDS|DocDB|ECS|ElastiCache|OpenSearch)/);
      expect(JSON.stringify(Properties ?? {})).not.toContain('ProvisionedConcurrent');
    }
  });
});

describe('traces', () => {
  const functionsOf = (all: Resource[]) => all.filter(({ Type }) => Type === 'AWS::Lambda::Function');
  it('are off unless the stage says so', () => {
    for (const { Properties } of functionsOf(prod)) expect(Properties).not.toHaveProperty('Layers');
  });
  it('come from the OpenTelemetry layer around the handler', () => {
    const traced = functionsOf(resourcesOf({ ...STAGES.dev, name: 'traced', tracing: true }));
    expect(traced).toHaveLength(FUNCTIONS.length);
    for (const { Properties } of traced) {
      expect(Properties).toMatchObject({
        TracingConfig: { Mode: 'Active' },
        Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/otel-handler' } },
      });
      expect(Properties?.['Layers']).toHaveLength(1);
    }
  });
});
