import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy';
import { Alias, type Function, type IVersion } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';

/** The alias that callers name; CodeDeploy moves it from release to release. */
export class LiveAlias extends Construct {
  readonly alias: Alias;

  constructor(scope: Construct, id: string, handler: Function) {
    super(scope, id);
    // CDK's classes say `role: undefined` where its interfaces leave it out.
    this.alias = new Alias(this, 'Alias', { aliasName: 'live', version: handler.currentVersion as IVersion });
  }
}

/**
 * A new release of a function gets a tenth of the calls for five minutes, then all; when an alarm goes off meanwhile, or
 * the deployment fails, the old one gets them all back and the stack rolls back.
 *
 * For what is called through an alias by people, which is `api`. Workers are fed by an event source and the states of a run by
 * the machine: each call of theirs may be repeated by any release (docs/deploy.md, "Compatibility").
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, { alias, alarms }: { alias: Alias; alarms: readonly Alarm[] }) {
    super(scope, id);
    const group = new LambdaDeploymentGroup(this, 'Group', {
      application: new LambdaApplication(this, 'Application'),
      alias,
      alarms: [...alarms],
      deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    });
    acknowledge(group, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]':
        "AWS keeps this policy for CodeDeploy's own role; it names what a deployment calls.",
      'AwsSolutions-IAM4[Policy::arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]':
        "AWS keeps this policy for CodeDeploy's own role; it names what a deployment calls.",
    });
  }
}
