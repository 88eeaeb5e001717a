import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FunctionSpec } from '#local/blueprint.ts';
import { functionEnvironment, clientEnvironment } from '#local/lambda-environment.ts';
import { FunctionLog, LOG_BYTES_MAX } from '#local/lambda-log.ts';
import { PAYLOAD_BYTES_MAX, startFunctions } from '#local/lambda.ts';
import type { FunctionHost } from '#local/lambda.ts';
import { functionSpec, tempDir } from './fixture.ts';

function host(functions: FunctionSpec[], logDir = tempDir(), concurrencyMax = 2): FunctionHost {
  const clients = clientEnvironment(
    {
      dynamo: 'http://d',
      sqsS3: 'http://s',
      states: 'http://f',
      secrets: 'http://x',
      scheduler: 'http://c',
      events: 'http://e',
      mail: 'http://m',
      appConfig: 'http://a',
    },
    'eu-west-1',
    '/nowhere',
  );
  const environment = (spec: FunctionSpec) => functionEnvironment(spec, clients, { EXTRA: 'x' });
  const started = startFunctions({ functions, logDir, environment, mayLog: () => true, concurrencyMax });
  onTestFinished(() => started.close());
  return started;
}
const one = (source: string, more: Partial<FunctionSpec> = {}): FunctionHost =>
  host([functionSpec(tempDir(), 'fn', source, more)]);
const ok = (value: unknown) => ({ kind: 'ok', payload: JSON.stringify(value) });

describe('an invocation', () => {
  it('has the young generation that the function asks Node for', async () => {
    const environment = { NODE_OPTIONS: '--max-semi-space-size=8' };
    const source = `import { resourceLimits } from 'node:worker_threads';
      export const handler = () => Promise.resolve(resourceLimits.maxYoungGenerationSizeMb);`;
    expect(await one(source, { environment }).invoke('fn', {})).toEqual(ok(24));
  });
  it('gets its event, its context and its own environment only', async () => {
    process.env['SECRET_OF_THE_HOST'] = 'leaked';
    const functions = one(
      `export const handler = async (event, context) => ({
        event, name: context.functionName, left: context.getRemainingTimeInMillis(), id: context.awsRequestId.length,
        arn: context.invokedFunctionArn, env: process.env });`,
      { environment: { OWN: '1' } },
    );
    const result = await functions.invoke('fn', { a: [1] });
    const { env, left, ...rest } = JSON.parse(result.kind === 'ok' ? result.payload : '{}') as {
      env: Record<string, string>;
      left: number;
    };
    expect(rest).toEqual({
      event: { a: [1] },
      name: 'fn',
      id: 36,
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:fn',
    });
    expect(left).toBeGreaterThan(5_000);
    expect(left).toBeLessThanOrEqual(10_000);
    expect(env).toMatchObject({
      OWN: '1',
      EXTRA: 'x',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_SQS: 'http://s',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    expect(env).not.toHaveProperty('SECRET_OF_THE_HOST');
    expect(env).not.toHaveProperty('HOME');
  });

  it.each([
    ['nothing', 'export const handler = async () => {};', null],
    ['a plain value', 'export const handler = () => 7;', 7],
  ])('may return %s', async (_, source, value) => {
    expect(await one(source).invoke('fn', {})).toEqual(ok(value));
  });

  it('reuses a warm sandbox, and takes another for what comes at the same time', async () => {
    const functions = one(
      'let n = 0; export const handler = async (ms) => { await new Promise((r) => setTimeout(r, ms)); return ++n; };',
    );
    const counts = [await functions.invoke('fn', 0), await functions.invoke('fn', 0)];
    expect(counts).toEqual([ok(1), ok(2)]);
    const both = await Promise.all([functions.invoke('fn', 50), functions.invoke('fn', 50)]);
    expect(both).toEqual(expect.arrayContaining([ok(3), ok(1)]));
  });

  it('waits when all sandboxes are busy', async () => {
    const source =
      'export const handler = async () => { await new Promise((r) => setTimeout(r, 30)); return process.hrtime.bigint().toString(); };';
    const functions = host([functionSpec(tempDir(), 'fn', source)], tempDir(), 1);
    const results = await Promise.all([1, 2, 3].map(() => functions.invoke('fn', {})));
    const times = results.map((r) => BigInt(r.kind === 'ok' ? (JSON.parse(r.payload) as string) : 0));
    const [a = 0n, b = 0n, c = 0n] = times;
    expect(b - a).toBeGreaterThan(25_000_000n);
    expect(c - b).toBeGreaterThan(25_000_000n);
    expect(functions.active()).toBe(0);
  });
});

describe('a sandbox', () => {
  const MIXED = `export const handler = async (how) => {
    if (how === 'throw') throw new RangeError('too far');
    if (how === 'throw text') throw 'text';
    if (how === 'exit') process.exit(3);
    if (how === 'exit quietly') process.exit(0);
    if (how === 'hang') await new Promise((r) => setTimeout(r, 3_600_000));
    if (how === 'spin') for (;;);
    if (how === 'memory') { const kept = []; for (;;) kept.push(new Array(100_000).fill({})); }
    if (how === 'reject') { void Promise.reject(new TypeError('lost')); await new Promise((r) => setTimeout(r, 5_000)); }
    if (how === 'late') { setTimeout(() => { throw new Error('late'); }, 1); await new Promise((r) => setTimeout(r, 5_000)); }
    if (how === 'big') return 'x'.repeat(${PAYLOAD_BYTES_MAX});
    return 'fine';
  };`;
  it.each([
    ['throw', 'RangeError', /^too far$/],
    ['throw text', 'string', /^text$/],
    ['exit', 'Runtime.ExitError', /Runtime exited with error: exit status 3$/],
    ['exit quietly', 'Runtime.ExitError', /Runtime exited without providing a reason$/],
    ['hang', 'Sandbox.Timedout', /Task timed out after 1.00 seconds$/],
    ['spin', 'Sandbox.Timedout', /Task timed out after 1.00 seconds$/],
    ['memory', 'Runtime.ExitError', /Runtime exited with error: signal: killed$/],
    ['reject', 'Runtime.UnhandledPromiseRejection', /^lost$/],
    ['late', 'Error', /^late$/],
    ['big', 'Function.ResponseSizeTooLarge', /Response payload size exceeded/],
  ])('contains: %s', async (how, errorType, errorMessage) => {
    const timeoutSeconds = how === 'memory' ? 20 : 1;
    const functions = one(MIXED, { timeoutSeconds, memoryMb: 64 });
    const failed = await functions.invoke('fn', how);
    expect(failed).toMatchObject({
      kind: 'functionError',
      error: { errorType, errorMessage: expect.stringMatching(errorMessage) as string },
    });
    expect(await functions.invoke('fn', '')).toEqual(ok('fine'));
  });

  it.each([
    ['no file', { handler: 'nothing.handler' }, '', 'Runtime.ImportModuleError'],
    ['no export', { handler: 'index.other' }, '', 'Runtime.HandlerNotFound'],
    ['a module that throws', {}, 'throw new Error("at load");', 'Runtime.ImportModuleError'],
    ['a syntax error', {}, 'export const = 1;', 'Runtime.UserCodeSyntaxError'],
  ])('says why it cannot start: %s', async (_, more, before, errorType) => {
    const functions = one(`${before} export const handler = () => 1;`, more);
    expect(await functions.invoke('fn', {})).toMatchObject({ kind: 'functionError', error: { errorType } });
  });
});

describe('the host', () => {
  it('refuses unknown functions and payloads over 6 MB', async () => {
    const functions = one('export const handler = (e) => e.length;');
    expect(await functions.invoke('other', {})).toMatchObject({ kind: 'refused', name: 'ResourceNotFoundException' });
    expect(await functions.invoke('fn', 'x'.repeat(PAYLOAD_BYTES_MAX))).toMatchObject({
      kind: 'refused',
      name: 'RequestTooLargeException',
    });
    const most = 'x'.repeat(PAYLOAD_BYTES_MAX - 2);
    expect(await functions.invoke('arn:aws:lambda:us-east-1:000000000000:function:fn:live', most)).toEqual(
      ok(most.length),
    );
  });

  it('throttles a function that may not run at all', async () => {
    const functions = one('export const handler = () => 1;', { concurrencyMax: 0 });
    expect(await functions.invoke('fn', {})).toMatchObject({ kind: 'refused', name: 'TooManyRequestsException' });
  });

  it('writes what a function prints and how it failed to its log', async () => {
    const logDir = tempDir();
    const source =
      'export const handler = () => { console.log("out"); console.error("err"); throw new Error("bad"); };';
    const functions = host(
      [functionSpec(tempDir(), 'fn', source, { environment: { POWERTOOLS_SERVICE_NAME: 'work' } })],
      logDir,
    );
    await functions.invoke('fn', {});
    await functions.close();
    const log = readFileSync(join(logDir, 'work.log'), 'utf8');
    expect(log).toContain('out\n');
    expect(log).toContain('err\n');
    expect(log).toMatch(/ERROR .*"errorMessage":"bad"/);
  });

  it('cuts one running invocation off, and runs the next in a new sandbox', async () => {
    const functions = one('export const handler = (ms) => new Promise((r) => setTimeout(r, ms, "done"));');
    expect(await functions.crash(() => 0)).toBeUndefined();
    const running = functions.invoke('fn', 3_600_000);
    const seen: string[][] = [];
    expect(await functions.crash((names) => seen.push(names) - 1)).toBe('fn');
    expect(seen).toEqual([['fn']]);
    expect(await running).toMatchObject({ kind: 'functionError', error: { errorType: 'Runtime.ExitError' } });
    expect(await functions.invoke('fn', 1)).toMatchObject({ kind: 'ok', payload: '"done"' });
  });

  it('cuts running invocations off when it closes', async () => {
    const functions = one('export const handler = () => new Promise((r) => setTimeout(r, 3_600_000));');
    const running = functions.invoke('fn', {});
    await functions.close();
    expect(await running).toMatchObject({ kind: 'functionError', error: { errorType: 'Runtime.ExitError' } });
    expect(await functions.invoke('fn', {})).toMatchObject({ kind: 'refused' });
  });
});

it('keeps logs bounded: the file in use and the one before', () => {
  const dir = tempDir();
  const log = new FunctionLog(dir, 'fn', () => true);
  const chunk = Buffer.alloc(LOG_BYTES_MAX / 2, 'a');
  for (let i = 0; i < 5; i++) log.write(chunk);
  log.close();
  expect(readFileSync(join(dir, 'fn.log')).length).toBe(LOG_BYTES_MAX / 2);
  expect(readFileSync(join(dir, 'fn.log.1')).length).toBe(LOG_BYTES_MAX);
});
