/** How a release and the operator's document are given out: in steps, watched by alarms, checked before they count. */
import { describe, expect, it } from 'vitest';
import { OPERATOR_PROFILE, operatorApplication } from '#lambdas/contract.ts';
import { SWITCHES_SCHEMA } from '#core/switches.ts';
import { STAGES, type StageName } from '#lib/stage.ts';
import { resourcesOf, type Resource } from '../../bench/idle-cost.ts';

const stages = Object.fromEntries(Object.entries(STAGES).map(([name, stage]) => [name, resourcesOf(stage)]));
const of = (stage: StageName, type: string): Record<string, unknown>[] =>
  (stages[stage] as Resource[]).filter(({ Type }) => Type === type).map(({ Properties = {} }) => Properties);

describe.each(['dev', 'prod'] as const)('stage %s', (stage) => {
  it('gives a release of api to a tenth first, and takes it back on an alarm', () => {
    const [group, ...more] = of(stage, 'AWS::CodeDeploy::DeploymentGroup');
    expect(more).toEqual([]);
    expect(group).toMatchObject({
      DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
      AutoRollbackConfiguration: { Enabled: true, Events: expect.arrayContaining(['DEPLOYMENT_STOP_ON_ALARM']) },
      AlarmConfiguration: { Enabled: true },
    });
    const alarms = JSON.stringify(group?.['AlarmConfiguration']);
    for (const name of ['ApiErrors', 'WorkErrors']) expect(alarms).toContain(`Alarms${name}`);
    const [alias] = of(stage, 'AWS::Lambda::Alias');
    expect(alias).toMatchObject({ Name: 'live' });
    // Callers come through the alias, or the canary would be a release that nobody asks.
    expect(JSON.stringify(of(stage, 'AWS::ApiGatewayV2::Integration'))).toContain('LiveAlias');
  });

  it('gives out the switches by schema, in steps, and takes them back on an alarm', () => {
    expect(of(stage, 'AWS::AppConfig::Application')).toMatchObject([{ Name: operatorApplication(stage) }]);
    const [profile] = of(stage, 'AWS::AppConfig::ConfigurationProfile') as { Name: string; Validators: { Content: string; Type: string }[] }[]; // prettier-ignore
    expect(profile).toMatchObject({ Name: OPERATOR_PROFILE, Validators: [{ Type: 'JSON_SCHEMA' }] });
    expect(JSON.parse(profile?.Validators[0]?.Content ?? '')).toEqual(SWITCHES_SCHEMA);
    const [environment] = of(stage, 'AWS::AppConfig::Environment') as { Name: string; Monitors: unknown[] }[];
    expect(environment).toMatchObject({ Name: stage });
    expect(environment?.Monitors).toHaveLength(2);
    const strategies = of(stage, 'AWS::AppConfig::DeploymentStrategy');
    expect(strategies.map(({ Name, DeploymentDurationInMinutes, GrowthFactor, FinalBakeTimeInMinutes }) => [Name, DeploymentDurationInMinutes, GrowthFactor, FinalBakeTimeInMinutes])).toEqual([
      [`gleaner-${stage}-gradual`, 4, 25, 5],
      [`gleaner-${stage}-at-once`, 0, 100, 5],
    ]); // prettier-ignore
  });
});

it('the local stage has the document, and neither canary nor watchers', () => {
  expect(of('local', 'AWS::AppConfig::Application')).toHaveLength(1);
  expect(of('local', 'AWS::CodeDeploy::DeploymentGroup')).toEqual([]);
  expect(of('local', 'AWS::AppConfig::Environment')[0]?.['Monitors'] ?? []).toEqual([]);
});
