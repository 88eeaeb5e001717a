import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { secretsPrefix } from '../lambdas/contract.ts';
import { AlarmMail } from './alarm-mail.ts';
import { Alarms } from './alarms.ts';
import type { Bundles } from './bundles.ts';
import { Canary, LiveAlias } from './canary.ts';
import { Dashboard } from './dashboard.ts';
import { Events } from './event-bus.ts';
import { Functions } from './functions.ts';
import { HttpEntry } from './http-entry.ts';
import { LogQueries } from './log-queries.ts';
import { OperatorApplication, OperatorConfig } from './operator-config.ts';
import { ResultsBucket } from './results-bucket.ts';
import { machineArns, RunMachine } from './run-machine.ts';
import { ShardQueue } from './shard-queue.ts';
import { SigningSecret } from './signing-secret.ts';
import type { StageSettings } from './stage.ts';
import { EveryMinute } from './every-minute.ts';
import { Tables } from './tables.ts';
import { TaskSchedules } from './task-schedules.ts';

export interface GleanerStackProps extends StackProps {
  readonly stage: StageSettings;
  /** Buckets of this account that tasks may read lists from (`list: s3://…`); default none. */
  readonly listBuckets?: readonly string[];
  /** Whom alerts are mailed from, an address whose domain is a verified identity of SES; default: no mail. */
  readonly mailFrom?: string | undefined;
  /** Who is written to when the paging alarm rings; default: nobody. */
  readonly alarmEmails?: readonly string[];
  readonly bundles: Bundles;
}

/** All of one stage in one region. */
export class GleanerStack extends Stack {
  readonly apiUrl: string;

  constructor(scope: Construct, id: string, props: GleanerStackProps) {
    super(scope, id, props);
    const { stage, bundles, listBuckets = [], mailFrom, alarmEmails = [] } = props;
    const tables = new Tables(this, 'Tables', stage);
    const { bucket } = new ResultsBucket(this, 'Results', stage);
    const { queue, deadLetters } = new ShardQueue(this, 'Shards', stage);
    const { secret: signingSecret } = new SigningSecret(this, 'Signing', stage);
    const events = new Events(this, 'Events', stage);
    const schedules = new TaskSchedules(this, 'Schedules', stage);
    const { application } = new OperatorApplication(this, 'Operator', stage);
    const { machineArn, executionsArn } = machineArns(this, stage);
    const listBucketArns = listBuckets.map((name) =>
      this.formatArn({ service: 's3', region: '', account: '', resource: name }),
    );
    const { byName } = new Functions(this, 'Functions', {
      stage,
      bundles,
      listBuckets,
      mailFrom,
      surroundings: {
        control: tables.control,
        pace: tables.pace,
        bucket,
        queue,
        deadLetters,
        signingSecret,
        tenantSecretsArn: this.formatArn({
          service: 'secretsmanager',
          resource: 'secret',
          resourceName: `${secretsPrefix(stage.name)}t/*`,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
        schedules,
        events,
        operatorConfigArn: this.formatArn({
          service: 'appconfig',
          resource: 'application',
          resourceName: `${application.applicationId}/environment/*/configuration/*`,
        }),
        machineArn,
        executionsArn,
        listBucketArns,
        mail:
          mailFrom === undefined
            ? undefined
            : {
                from: mailFrom,
                identityArn: this.formatArn({
                  service: 'ses',
                  resource: 'identity',
                  resourceName: mailFrom.slice(mailFrom.lastIndexOf('@') + 1),
                }),
              },
      },
    });
    schedules.mayCall(byName.fire.function);
    const { machine } = new RunMachine(this, 'Run', {
      stage,
      functions: {
        plan: byName.plan.function,
        dispatch: byName.dispatch.function,
        await: byName.await.function,
        merge: byName.merge.function,
        finish: byName.finish.function,
      },
    });
    const live = stage.canary ? new LiveAlias(this, 'Live', byName.api.function).alias : undefined;
    const entry = new HttpEntry(this, 'Http', { stage, handler: (live ?? byName.api.function) as IFunction });
    this.apiUrl = entry.url;
    new EveryMinute(this, 'Sweep', byName.sweep.function, 'find and mend what was lost');
    new EveryMinute(this, 'Notify', byName.notify.function, 'tell what happened');
    const guards: Alarm[] = [];
    if (stage.alarms) {
      const { control, pace } = tables;
      const scheduleDeadLetters = schedules.deadLetters;
      const watched = {
        stage,
        queue,
        deadLetters,
        scheduleDeadLetters,
        control,
        pace,
        byName,
        machine,
        api: entry.api,
      };
      const alarms = new Alarms(this, 'Alarms', watched);
      guards.push(...alarms.guards);
      if (alarmEmails.length > 0)
        new AlarmMail(this, 'AlarmMail', { stage, page: alarms.page, addresses: alarmEmails });
      new Dashboard(this, 'Dashboard', watched);
      new LogQueries(this, 'LogQueries', watched);
    }
    if (live !== undefined) new Canary(this, 'Canary', { alias: live, alarms: guards });
    const operator = new OperatorConfig(this, 'OperatorConfig', { stage, application, guards });
    Tags.of(this).add('gleaner:stage', stage.name);
    this.#outputs({
      ApiUrl: entry.url,
      ResultsBucket: bucket.bucketName,
      ControlTable: tables.control.tableName,
      FirstKey: `node bin/key.ts --table ${tables.control.tableName} --tenant ops --operator --region ${this.region}`,
      ShardQueueUrl: queue.queueUrl,
      DeadLettersUrl: deadLetters.queueUrl,
      RunMachineArn: machine.stateMachineArn,
      OperatorApplication: application.applicationId,
      ...operator.ids,
    });
  }

  #outputs(values: Record<string, string>): void {
    for (const [name, value] of Object.entries(values)) new CfnOutput(this, name, { value });
  }
}
