import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { SdkDescriptions } from '../../lib/sdk-descriptions.ts';

async function bundled(contents: string, descriptions: SdkDescriptions): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    external: ['@smithy/*', '@aws-sdk/core/*', '@aws-sdk/credential-provider-node'],
    mainFields: ['module', 'main'],
    plugins: [descriptions.plugin],
  });
  return outputFiles[0]?.text ?? '';
}

describe('what a client of the SDK carries', () => {
  it('is the operations that are called', async () => {
    const program = `import { GetObjectCommand } from '@aws-sdk/client-s3'; console.log(GetObjectCommand);`;
    const code = await bundled(program, new SdkDescriptions());
    const names = ['GetObjectRequest', 'NoSuchKey', 'PutBucketLifecycleConfigurationRequest', 'AnalyticsConfiguration'];
    expect(names.filter((name) => code.includes(`"${name}"`))).toEqual(['GetObjectRequest', 'NoSuchKey']);
  });

  it('is its version, not its package', async () => {
    const descriptions = new SdkDescriptions();
    const code = await bundled(
      `import { SQSClient } from '@aws-sdk/client-sqs'; console.log(SQSClient);`,
      descriptions,
    );
    expect(code).toMatch(/version: "3\.\d+\.\d+"/);
    expect(code.includes('devDependencies')).toBe(false);
    expect(() => descriptions.check()).not.toThrow();
  });

  it('has to be known: descriptions of another form fail the build', () => {
    expect(() => new SdkDescriptions().check()).toThrow('knows no key');
  });
});
