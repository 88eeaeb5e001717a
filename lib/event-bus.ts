import { EventBus } from 'aws-cdk-lib/aws-events';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { busName } from '../lambdas/contract.ts';
import { acknowledge } from './acknowledged.ts';
import type { StageSettings } from './stage.ts';

/** Far more than the 256 bits of the keys that are made of it. */
const CHARACTERS = 64;

/** Where the stage tells what happens, for rules of the account's own; and what its webhooks are signed with. */
export class Events extends Construct {
  readonly bus: EventBus;
  /** `notify` signs with what is made of it, `api` shows a tenant's admins theirs. */
  readonly webhookSecret: Secret;

  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { eventBusName: busName(stage.name) });
    this.webhookSecret = new Secret(this, 'Webhooks', {
      description: `Gleaner ${stage.name}: the seed of the keys that webhooks are signed with`,
      generateSecretString: { passwordLength: CHARACTERS, excludePunctuation: true },
      // Without it every receiver would have to be given another secret.
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(this.webhookSecret, {
      'AwsSolutions-SMG4':
        'Changed by the calendar it would break every receiver at once. Each tenant changes its own key by API, with a day in which both sign.',
    });
  }
}
