import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  OriginRequestPolicy,
  OriginProtocolPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { CONSOLE_HEADERS } from '../lambdas/contract.ts';
import { acknowledge, acknowledgePattern } from './acknowledged.ts';
import { logGroupProps } from './handler-function.ts';
import type { StageSettings } from './stage.ts';

export interface ConsoleStackProps extends StackProps {
  readonly stage: StageSettings;
  /** Of the API, as its own stack prints it. */
  readonly apiUrl: string;
  /** Directory of the console's files. */
  readonly files: string;
}

/**
 * The console: files in a bucket that CloudFront alone reads, and the API below `/v1` of the same address, so that the page
 * needs no permission to speak to another origin. A stack of its own: taking it down touches nothing that collects.
 */
export class ConsoleStack extends Stack {
  constructor(scope: Construct, id: string, props: ConsoleStackProps) {
    super(scope, id, props);
    const { stage, apiUrl, files } = props;
    const bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // Every release brings all files anew.
      removalPolicy: RemovalPolicy.DESTROY,
      lifecycleRules: [{ id: 'abort-incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(2) }],
    });
    const headers = new ResponseHeadersPolicy(this, 'Headers', {
      comment: `Gleaner ${stage.name}: console`,
      securityHeadersBehavior: {
        contentSecurityPolicy: {
          contentSecurityPolicy: CONSOLE_HEADERS['content-security-policy'],
          override: true,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
        strictTransportSecurity: { accessControlMaxAge: Duration.days(365), includeSubdomains: true, override: true },
      },
    });
    const distribution = new Distribution(this, 'Distribution', {
      comment: `Gleaner ${stage.name}: console and API`,
      defaultRootObject: 'index.html',
      priceClass: PriceClass.PRICE_CLASS_ALL,
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(bucket as IBucket),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: headers,
        compress: true,
      },
      additionalBehaviors: {
        '/v1/*': {
          // https://ID.execute-api.REGION.amazonaws.com/
          origin: new HttpOrigin(Fn.select(2, Fn.split('/', apiUrl)), {
            protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
          }),
          viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
          allowedMethods: AllowedMethods.ALLOW_ALL,
          // Answers depend on the key in the request: none may be kept for another.
          cachePolicy: CachePolicy.CACHING_DISABLED,
          originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
          compress: false,
        },
      },
    });
    // Two uploads: names with a hash may be kept for ever, the page that names them must be asked for anew.
    const logGroup = new LogGroup(this, 'Uploads', logGroupProps(stage));
    const common = { destinationBucket: bucket as IBucket, logGroup, prune: false };
    const kept = new BucketDeployment(this, 'Assets', {
      ...common,
      sources: [Source.asset(files, { exclude: ['index.html'] })],
      cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
    });
    const page = new BucketDeployment(this, 'Page', {
      ...common,
      sources: [Source.asset(files, { exclude: ['*', '!index.html'] })],
      cacheControl: [CacheControl.noCache()],
      distribution,
      distributionPaths: ['/index.html', '/'],
    });
    page.node.addDependency(kept);
    this.#accept(bucket, distribution);
    Tags.of(this).add('gleaner:stage', stage.name);
    new CfnOutput(this, 'ConsoleUrl', { value: `https://${distribution.distributionDomainName}/` });
  }

  #accept(bucket: Bucket, distribution: Distribution): void {
    acknowledge(bucket, { 'AwsSolutions-S1': 'Public files of a release: who read them says nothing.' });
    acknowledge(distribution, {
      'AwsSolutions-CFR1': 'Operators may be anywhere; whoever wants to keep countries out adds a restriction.',
      'AwsSolutions-CFR2':
        'A web ACL costs more than the stage at rest; the API behind throttles, and checks a key on every route.',
      'AwsSolutions-CFR3': 'The API writes its own access log; reading the files says nothing.',
      'AwsSolutions-CFR4':
        'The name that CloudFront gives has its certificate; with a name of your own set minimumProtocolVersion too.',
      'AwsSolutions-CFR7': 'The bucket is read by origin access control; the other origin is the API.',
    });
    const byCdk = 'What uploads the files is made by the CDK (aws-s3-deployment) and runs at a deployment alone.';
    const assets = `cdk-hnb659fds-assets-${this.account}-${this.region}`;
    const objects = this.formatArn({ service: 's3', region: '', account: '', resource: assets, resourceName: '*' });
    for (const child of this.node.children.filter(({ node: { id } }) => id.startsWith('Custom::CDKBucketDeployment'))) {
      const basic = 'iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
      for (const partition of ['<AWS::Partition>', 'aws'])
        acknowledge(child, { [`AwsSolutions-IAM4[Policy::arn:${partition}:${basic}]`]: byCdk });
      for (const action of ['s3:GetBucket*', 's3:GetObject*', 's3:List*', 's3:Abort*', 's3:DeleteObject*'])
        acknowledge(child, { [`AwsSolutions-IAM5[Action::${action}]`]: byCdk });
      acknowledge(child, { 'AwsSolutions-L1': byCdk });
      for (const arn of [objects, bucket.arnForObjects('*'), '*']) acknowledgePattern(child, arn, byCdk);
    }
  }
}
