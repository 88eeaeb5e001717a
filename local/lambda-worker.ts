/**
 * The inside of one sandbox: a worker thread that loads one handler and runs one invocation at a time. It speaks with
 * `lambda.ts` by messages, and with nothing else of the host.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

export interface SandboxData {
  codeDir: string;
  /** `file.export`. */
  handler: string;
  functionName: string;
  functionArn: string;
  memoryMb: number;
}
export interface InvokeMessage {
  requestId: string;
  /** JSON text. */
  event: string;
  /** UTC milliseconds. */
  deadlineMs: number;
}
export interface FunctionError {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}
/**
 * `ready` comes once, before everything else; then one answer for each invocation. `fatal` = the sandbox ends with it.
 * `cpuMs`: what its thread has taken of a processor since it began.
 */
export type SandboxMessage =
  | { type: 'ready' }
  | { type: 'result'; payload: string; cpuMs: number }
  | { type: 'error'; error: FunctionError; fatal: boolean; cpuMs: number };

type Handler = (event: unknown, context: unknown) => unknown;

const describeError = (thrown: unknown, errorType?: string): FunctionError =>
  thrown instanceof Error
    ? {
        errorType: errorType ?? thrown.name,
        errorMessage: thrown.message,
        trace: (thrown.stack ?? '').split('\n').slice(0, 20),
      }
    : { errorType: errorType ?? typeof thrown, errorMessage: String(thrown) };

class LoadFailure extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

async function load(data: SandboxData): Promise<Handler> {
  const dot = data.handler.lastIndexOf('.');
  const [file, name] = [data.handler.slice(0, dot), data.handler.slice(dot + 1)];
  const path = ['.mjs', '.js', '.cjs']
    .map((extension) => join(data.codeDir, file + extension))
    .find((p) => existsSync(p));
  if (path === undefined) throw new LoadFailure('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
  let loaded: { [name: string]: unknown; default?: { [name: string]: unknown } };
  try {
    loaded = (await import(pathToFileURL(path).href)) as typeof loaded;
  } catch (error) {
    throw new LoadFailure(
      error instanceof SyntaxError ? 'Runtime.UserCodeSyntaxError' : 'Runtime.ImportModuleError',
      String(error),
    );
  }
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler === 'function') return handler as Handler;
  throw new LoadFailure('Runtime.HandlerNotFound', `${data.handler} is undefined or not exported`);
}

function contextOf(data: SandboxData, message: InvokeMessage): unknown {
  return {
    awsRequestId: message.requestId,
    functionName: data.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: data.functionArn,
    memoryLimitInMB: String(data.memoryMb),
    logGroupName: `/aws/lambda/${data.functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, message.deadlineMs - Date.now()),
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function run(handler: Handler, data: SandboxData, message: InvokeMessage): Promise<SandboxMessage> {
  try {
    const result = await handler(JSON.parse(message.event), contextOf(data, message));
    return { type: 'result', payload: JSON.stringify(result) ?? 'null', cpuMs: cpuMs() };
  } catch (error) {
    return { type: 'error', error: describeError(error), fatal: false, cpuMs: cpuMs() };
  }
}

if (parentPort === null) throw new Error('lambda-worker.ts runs as a worker thread only');
const port = parentPort;
const data = workerData as SandboxData;
const post = (message: SandboxMessage): void => port.postMessage(message);
const fail = (error: FunctionError): void => post({ type: 'error', error, fatal: true, cpuMs: cpuMs() });
process.on('unhandledRejection', (reason) => {
  fail(describeError(reason, 'Runtime.UnhandledPromiseRejection'));
  process.exit(128);
});
process.on('uncaughtException', (error) => {
  fail(describeError(error));
  process.exit(129);
});
try {
  const handler = await load(data);
  port.on('message', (message: InvokeMessage) => void run(handler, data, message).then(post));
  post({ type: 'ready' });
} catch (error) {
  fail(describeError(error));
}
