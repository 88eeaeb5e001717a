/** Small cloud assemblies, written by hand as CDK writes them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Json, JsonObject } from '#core/json.ts';
import type { FunctionSpec } from '#local/blueprint.ts';

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-local-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export interface AssemblyFixture {
  resources: Record<string, Json>;
  /** Source of `index.mjs`, by asset id. */
  code?: Record<string, string>;
  more?: JsonObject;
  environment?: string;
}

export function writeAssembly(dir: string, { resources, code = {}, more = {}, environment }: AssemblyFixture): string {
  mkdirSync(dir, { recursive: true });
  const files: JsonObject = {};
  for (const [id, source] of Object.entries(code)) {
    mkdirSync(join(dir, `asset.${id}`), { recursive: true });
    writeFileSync(join(dir, `asset.${id}`, 'index.mjs'), source);
    files[id] = {
      source: { path: `asset.${id}`, packaging: 'zip' },
      destinations: { current: { objectKey: `${id}.zip` } },
    };
  }
  const manifest = {
    version: '48.0.0',
    artifacts: {
      'test.assets': { type: 'cdk:asset-manifest', properties: { file: 'test.assets.json' } },
      test: {
        type: 'aws:cloudformation:stack',
        environment: environment ?? 'aws://unknown-account/unknown-region',
        properties: { templateFile: 'test.template.json' },
      },
      Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
    },
  };
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(dir, 'test.assets.json'), JSON.stringify({ version: '48.0.0', files }));
  writeFileSync(join(dir, 'test.template.json'), JSON.stringify({ Resources: resources, ...more }));
  return dir;
}

export const lambdaResource = (asset: string, more: JsonObject = {}): JsonObject => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { S3Bucket: 'assets', S3Key: `${asset}.zip` },
    Role: 'arn:aws:iam::000000000000:role/test-Role',
    MemorySize: 128,
    Timeout: 10,
    ...more,
  },
});

/** A function whose code is `source`, for tests of the host alone. */
export function functionSpec(
  dir: string,
  name: string,
  source: string,
  more: Partial<FunctionSpec> = {},
): FunctionSpec {
  const codeDir = join(dir, name);
  mkdirSync(codeDir, { recursive: true });
  writeFileSync(join(codeDir, 'index.mjs'), source);
  return {
    logicalId: name,
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    handler: 'index.handler',
    codeDir,
    memoryMb: 128,
    timeoutSeconds: 10,
    environment: {},
    concurrencyMax: undefined,
    roleArn: `arn:aws:iam::000000000000:role/${name}`,
    logGroup: `/aws/lambda/${name}`,
    ...more,
  };
}
