import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StageSettings } from './stage.ts';

/**
 * Tells people that the paging alarm rings, and that it has stopped. Not encrypted at rest: CloudWatch cannot use the key that
 * AWS manages, one of our own costs a dollar a month, and an alarm says what is in the runbook.
 */
export class AlarmMail extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { stage: StageSettings; page: CompositeAlarm; addresses: readonly string[] },
  ) {
    super(scope, id);
    const { stage, page, addresses } = props;
    const topic = new Topic(this, 'Topic', { topicName: `gleaner-${stage.name}-alarms`, enforceSSL: true });
    for (const address of addresses) topic.addSubscription(new EmailSubscription(address));
    // The policy that asks for TLS takes the place of the default one, by which alarms of this account might publish.
    const { account } = Stack.of(this);
    topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': account } } })); // prettier-ignore
    const tell = new SnsAction(topic);
    page.addAlarmAction(tell);
    page.addOkAction(tell);
  }
}
