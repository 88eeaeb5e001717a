import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, QueryLanguage, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { machineName } from '../lambdas/contract.ts';
import { acknowledge } from './acknowledged.ts';
import { allow, logGroupProps } from './handler-function.ts';
import { runDefinition, type StateFunctions } from './run-definition.ts';
import type { StageSettings } from './stage.ts';

/**
 * ARNs of the machine and of its executions, from its name alone: functions inside the machine are granted to answer its
 * tokens, and it to call them, so one of the two must be known before the other exists.
 */
export function machineArns(scope: Construct, stage: StageSettings): { machineArn: string; executionsArn: string } {
  const arn = (resource: string, resourceName: string): string =>
    Stack.of(scope).formatArn({
      service: 'states',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  const name = machineName(stage.name);
  return { machineArn: arn('stateMachine', name), executionsArn: arn('execution', `${name}:*`) };
}

/** The state machine of a run, one execution per run and attempt. */
export class RunMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: { stage: StageSettings; functions: StateFunctions }) {
    super(scope, id);
    const { stage, functions } = props;
    const logGroup = new LogGroup(this, 'Log', logGroupProps(stage));
    const role = this.#role(stage, functions);
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: machineName(stage.name),
      stateMachineType: StateMachineType.STANDARD,
      queryLanguage: QueryLanguage.JSONATA,
      definitionBody: DefinitionBody.fromChainable(runDefinition(this, functions)),
      comment: 'A run of Gleaner: plan, dispatch, await, merge, next round or finish',
      // CDK would also grant every version of each function.
      role: role.withoutPolicyUpdates(),
      // Executions keep their own history for 90 days; the log is for finding the failed ones.
      logs: { destination: logGroup, level: LogLevel.ERROR, includeExecutionData: false },
      tracingEnabled: stage.tracing,
    });
    acknowledge(this.machine, {
      'AwsSolutions-SF1':
        'Step Functions keeps every event of an execution for 90 days; logging ALL would pay for a second copy.',
      'AwsSolutions-SF2': 'Tracing is a setting of the stage.',
    });
  }

  #role(stage: StageSettings, functions: StateFunctions): Role {
    const statements = [
      allow(
        ['lambda:InvokeFunction'],
        Object.values(functions).map((f) => f.functionArn),
      ),
      // Delivery of logs is set up by account-wide calls that know no resource.
      allow(
        [
          'logs:CreateLogDelivery',
          'logs:GetLogDelivery',
          'logs:UpdateLogDelivery',
          'logs:DeleteLogDelivery',
          'logs:ListLogDeliveries',
          'logs:PutResourcePolicy',
          'logs:DescribeResourcePolicies',
          'logs:DescribeLogGroups',
        ],
        ['*'],
      ),
      ...(stage.tracing ? [TRACING] : []),
    ];
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `Gleaner ${stage.name}: state machine of runs`,
      // Inline, so that the machine never exists with a role that may not call its functions.
      inlinePolicies: { run: new PolicyDocument({ statements }) },
    });
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]': 'Log delivery (and tracing, where it is on) takes no resource.',
    });
    return role;
  }
}

const TRACING = new PolicyStatement({
  effect: Effect.ALLOW,
  actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets'],
  resources: ['*'],
});
