import {
  Application,
  ConfigurationContent,
  ConfigurationType,
  DeploymentStrategy,
  Environment,
  HostedConfiguration,
  JsonSchemaValidator,
  Monitor,
  RolloutStrategy,
} from 'aws-cdk-lib/aws-appconfig';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { OPERATOR_PROFILE, operatorApplication, SWITCHES_SCHEMA } from '../lambdas/contract.ts';
import { acknowledge } from './acknowledged.ts';
import type { StageSettings } from './stage.ts';

/** What functions are granted to read from; made before them, and what watches them after them. */
export class OperatorApplication extends Construct {
  readonly application: Application;

  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id);
    this.application = new Application(this, 'Application', {
      applicationName: operatorApplication(stage.name),
      description: `Gleaner ${stage.name}: what the operator has switched off`,
    });
  }
}

/**
 * The operator's document: hosted by AppConfig, checked by a schema before it counts, given out in steps, taken back when
 * an alarm of the release guards goes off. `AtOnce` is for emergencies: given out in a moment, watched for five minutes.
 */
export class OperatorConfig extends Construct {
  /** What the command line of AWS asks for. */
  readonly ids: Readonly<Record<'OperatorEnvironment' | 'SwitchAtOnce' | 'SwitchGradually', string>>;

  constructor(
    scope: Construct,
    id: string,
    { stage, application, guards }: { stage: StageSettings; application: Application; guards: readonly Alarm[] },
  ) {
    super(scope, id);
    const environment = new Environment(this, 'Environment', {
      application,
      environmentName: stage.name,
      monitors: guards.map((alarm) => Monitor.fromCloudWatchAlarm(alarm)),
    });
    acknowledge(environment, {
      'AwsSolutions-IAM5[Resource::*]':
        'Of the role that looks at alarms: cloudwatch:DescribeAlarms takes no resource.',
    });
    const gradual = new DeploymentStrategy(this, 'Gradual', {
      deploymentStrategyName: `gleaner-${stage.name}-gradual`,
      rolloutStrategy: RolloutStrategy.linear({
        growthFactor: 25,
        deploymentDuration: Duration.minutes(4),
        finalBakeTime: Duration.minutes(5),
      }),
    });
    const atOnce = new DeploymentStrategy(this, 'AtOnce', {
      deploymentStrategyName: `gleaner-${stage.name}-at-once`,
      rolloutStrategy: RolloutStrategy.linear({
        growthFactor: 100,
        deploymentDuration: Duration.minutes(0),
        finalBakeTime: Duration.minutes(5),
      }),
    });
    new HostedConfiguration(this, 'Switches', {
      application,
      name: OPERATOR_PROFILE,
      type: ConfigurationType.FREEFORM,
      content: ConfigurationContent.fromInlineJson('{}'),
      validators: [JsonSchemaValidator.fromInline(JSON.stringify(SWITCHES_SCHEMA))],
      deployTo: [environment],
      // Of the empty document, which a deployment of the stack need not wait for.
      deploymentStrategy: atOnce,
    });
    this.ids = {
      OperatorEnvironment: environment.environmentId,
      SwitchAtOnce: atOnce.deploymentStrategyId,
      SwitchGradually: gradual.deploymentStrategyId,
    };
  }
}
