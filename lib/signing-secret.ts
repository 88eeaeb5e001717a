import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import type { StageSettings } from './stage.ts';

/** Far more than the 256 bits of the key that is made of it. */
const CHARACTERS = 64;

/** What the stage's manifests are signed with. `finish` alone may read it; the public half stands in each manifest. */
export class SigningSecret extends Construct {
  readonly secret: Secret;

  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id);
    this.secret = new Secret(this, 'Key', {
      description: `Gleaner ${stage.name}: the seed of the key that signs manifests`,
      generateSecretString: { passwordLength: CHARACTERS, excludePunctuation: true },
      // Without it no later manifest could be told to come from this stage.
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(this.secret, {
      'AwsSolutions-SMG4':
        'Manifests are checked for years with the public key that they carry: a key changed by the calendar gains nothing. It is changed by putting a new value, after which new manifests carry the new key.',
    });
  }
}
