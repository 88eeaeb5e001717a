import { BlockPublicAccess, Bucket, BucketEncryption, type LifecycleRule, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import type { StageSettings } from './stage.ts';

/** Every key of the bucket starts with this; a tenant follows. */
export const OBJECTS_PATTERN = 't/*';

/**
 * Targets, parts, ledgers, manifests and uploads. Where nothing is kept, the bucket goes with its stack only when it has
 * been emptied before: CloudFormation does not delete a bucket that holds objects.
 */
export class ResultsBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, stage: StageSettings) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // Replication to another region needs versions; they also bring back what was deleted by mistake.
      versioned: stage.keepsData,
      lifecycleRules: lifecycle(stage),
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(this.bucket, {
      'AwsSolutions-S1':
        'Objects are reached by the functions and by URLs that the API signs and logs; a line of access log for each of millions of small parts would cost more than it tells. CloudTrail data events can be turned on where an audit asks for them.',
    });
  }
}

/** Rules see prefixes and ages only, and keys start with the tenant: what a run left behind cannot be told apart here. */
function lifecycle(stage: StageSettings): LifecycleRule[] {
  const abandoned: LifecycleRule = {
    id: 'abort-incomplete-uploads',
    // No function lives longer than 15 minutes and no signed URL longer than an hour: after two days nobody comes back.
    abortIncompleteMultipartUploadAfter: Duration.days(2),
  };
  if (!stage.keepsData) return [abandoned];
  return [
    abandoned,
    { id: 'drop-old-versions', noncurrentVersionExpiration: Duration.days(30), expiredObjectDeleteMarker: true },
  ];
}
