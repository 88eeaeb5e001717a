/** Facts about the console's stack: who reads the files, what is cached, which headers go out. */
import { App, Validations } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONSOLE_HEADERS } from '#lambdas/contract.ts';
import { ConsoleStack } from '../../lib/console-stack.ts';
import { STAGES } from '../../lib/stage.ts';

const dir = mkdtempSync(join(tmpdir(), 'gleaner-console-synth-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}
let resources: Resource[];
const of = (type: string): Resource[] => resources.filter(({ Type }) => Type === type);

beforeAll(() => {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context: Record<string, unknown> };
  const files = join(dir, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'index.html'), '<p></p>');
  const app = new App({ context, outdir: join(dir, 'out') });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const apiUrl = 'https://abc.execute-api.eu-central-1.amazonaws.com/';
  const stack = new ConsoleStack(app, 'console', { stage: STAGES.prod, apiUrl, files });
  app.synth();
  resources = Object.values((Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> }).Resources);
});

it('passes validation and cdk-nag, or says why not', () => {
  const report = join(dir, 'out', 'validation-report.json');
  expect(existsSync(report) ? readFileSync(report, 'utf8') : '').not.toMatch(/"conclusion":\s*"failure"/);
});

it('keeps the files to CloudFront, encrypted, by TLS alone', () => {
  const [bucket] = of('AWS::S3::Bucket');
  expect(bucket?.Properties.PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  expect(of('AWS::CloudFront::OriginAccessControl')).toHaveLength(1);
  const policy = JSON.stringify(of('AWS::S3::BucketPolicy')[0]?.Properties);
  expect(policy).toContain('"Service":"cloudfront.amazonaws.com"');
  expect(policy).toContain('AWS:SourceArn');
  expect(policy).toContain('aws:SecureTransport');
});

it('sends the API below /v1 on as it is, with nothing kept, and everything by HTTPS', () => {
  const [distribution] = of('AWS::CloudFront::Distribution');
  const config = distribution?.Properties.DistributionConfig as {
    DefaultRootObject: string;
    DefaultCacheBehavior: { ViewerProtocolPolicy: string; Compress: boolean };
    CacheBehaviors: Record<string, unknown>[];
    Origins: { DomainName: unknown; CustomOriginConfig?: { OriginProtocolPolicy: string } }[];
  };
  expect(config.DefaultRootObject).toBe('index.html');
  expect(config.DefaultCacheBehavior).toMatchObject({ ViewerProtocolPolicy: 'redirect-to-https', Compress: true });
  expect(config.CacheBehaviors).toMatchObject([
    {
      PathPattern: '/v1/*',
      ViewerProtocolPolicy: 'https-only',
      // AWS's ids of CachingDisabled and AllViewerExceptHostHeader.
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      AllowedMethods: expect.arrayContaining(['PUT', 'POST', 'DELETE']),
    },
  ]);
  const api = config.Origins.find(({ CustomOriginConfig }) => CustomOriginConfig);
  expect(api?.DomainName).toBe('abc.execute-api.eu-central-1.amazonaws.com');
  expect(api?.CustomOriginConfig?.OriginProtocolPolicy).toBe('https-only');
});

it('sends the headers that the embedded stack sends', () => {
  const [policy] = of('AWS::CloudFront::ResponseHeadersPolicy');
  const { SecurityHeadersConfig: sent } = policy?.Properties.ResponseHeadersPolicyConfig as {
    SecurityHeadersConfig: Record<string, Record<string, unknown>>;
  };
  expect(sent.ContentSecurityPolicy?.ContentSecurityPolicy).toBe(CONSOLE_HEADERS['content-security-policy']);
  expect(sent.FrameOptions?.FrameOption).toBe(CONSOLE_HEADERS['x-frame-options']);
  expect(sent.ReferrerPolicy?.ReferrerPolicy).toBe(CONSOLE_HEADERS['referrer-policy']);
  expect(sent.ContentTypeOptions).toBeDefined();
});

it('uploads the page last, so that it never names files which are not there', () => {
  const uploads = of('Custom::CDKBucketDeployment');
  expect(uploads).toHaveLength(2);
  expect(uploads.map(({ Properties: { SystemMetadata } }) => JSON.stringify(SystemMetadata)).sort()).toEqual([
    '{"cache-control":"no-cache"}',
    '{"cache-control":"public, max-age=31536000, immutable"}',
  ]);
});
