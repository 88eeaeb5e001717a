import { Worker } from 'node:worker_threads';
import type { FunctionSpec } from './blueprint.ts';
import type { FunctionLog } from './lambda-log.ts';
import type { FunctionError, InvokeMessage, SandboxData, SandboxMessage } from './lambda-worker.ts';

export type Outcome = { kind: 'ok'; payload: string } | { kind: 'functionError'; error: FunctionError };

/** Lambda gives the code outside the handler 10 s before it counts as part of the invocation. */
const INIT_MS_MAX = 10_000;

/** A thread reads no NODE_OPTIONS. Two semi-spaces and as much for large objects make V8's young generation. */
function youngGeneration(options = ''): { maxYoungGenerationSizeMb?: number } {
  const semiSpaceMb = /--max-semi-space-size=(\d+)/.exec(options)?.[1];
  return semiSpaceMb === undefined ? {} : { maxYoungGenerationSizeMb: 3 * Number(semiSpaceMb) };
}

/**
 * One execution environment: a worker thread with the function's own environment and a heap of its memory size. Whatever
 * the code does (throw, hang, exit, exhaust memory), `invoke` resolves with one outcome; afterwards `alive` tells
 * whether the sandbox may be used again. Memory outside the JavaScript heap is not limited.
 */
export class Sandbox {
  alive = true;
  /** What its thread has taken of a processor since it began, as of its last answer. */
  cpuMs = 0;
  lastUsedMs = 0;
  readonly #worker: Worker;
  readonly #spec: FunctionSpec;
  readonly #log: FunctionLog;
  readonly #ready: Promise<void>;
  #settle: ((outcome: Outcome) => void) | undefined;
  #requestId = '';
  /** What ended the sandbox before an invocation could ask. */
  #fate: Outcome | undefined;

  constructor(spec: FunctionSpec, env: Record<string, string>, log: FunctionLog) {
    this.#spec = spec;
    this.#log = log;
    const data: SandboxData = {
      codeDir: spec.codeDir,
      handler: spec.handler,
      functionName: spec.name,
      functionArn: spec.arn,
      memoryMb: spec.memoryMb,
    };
    this.#worker = new Worker(new URL('./lambda-worker.ts', import.meta.url), {
      workerData: data,
      env,
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb, ...youngGeneration(env['NODE_OPTIONS']) },
      name: spec.name,
    });
    this.#worker.stdout.on('data', (chunk: Buffer) => log.write(chunk));
    this.#worker.stderr.on('data', (chunk: Buffer) => log.write(chunk));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ready = promise;
    this.#worker.on('message', (message: SandboxMessage) => {
      if (message.type === 'ready') return resolve();
      this.cpuMs = message.cpuMs;
      if (message.type === 'result') return this.#finish({ kind: 'ok', payload: message.payload }, true);
      this.#finish({ kind: 'functionError', error: message.error }, !message.fatal);
      resolve();
    });
    this.#worker.on('error', (error: NodeJS.ErrnoException) => {
      const killed = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#finish(killed ? this.#exited('signal: killed') : { kind: 'functionError', error: { errorType: error.name, errorMessage: error.message } }, false); // prettier-ignore
      resolve();
    });
    this.#worker.on('exit', (code) => {
      this.alive = false;
      this.#finish(this.#exited(code === 0 ? undefined : `exit status ${code}`), false);
      resolve();
    });
  }

  #exited(how: string | undefined): Outcome {
    const text = how === undefined ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${how}`;
    return {
      kind: 'functionError',
      error: { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${this.#requestId} Error: ${text}` },
    };
  }

  /** The first outcome counts; an invocation that begins after the sandbox's end gets the one that ended it. */
  #finish(outcome: Outcome, reusable: boolean): void {
    if (!reusable) {
      this.alive = false;
      this.#fate ??= outcome;
    }
    this.#settle?.(outcome);
    this.#settle = undefined;
  }

  /** One at a time. Never rejects. */
  async invoke(requestId: string, event: string): Promise<Outcome> {
    this.#requestId = requestId;
    const timeoutMs = this.#spec.timeoutSeconds * 1000;
    const started = await this.#within(Math.max(INIT_MS_MAX, timeoutMs), this.#ready);
    if (!started) return this.#timedOut(requestId);
    if (this.#fate !== undefined) return this.#end(this.#fate);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#settle = resolve;
    const message: InvokeMessage = { requestId, event, deadlineMs: Date.now() + timeoutMs };
    this.#worker.postMessage(message);
    const answered = await this.#within(timeoutMs, promise);
    if (!answered) return this.#timedOut(requestId);
    return this.#end(await promise);
  }

  async #within(ms: number, promise: Promise<unknown>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    });
    const inTime = await Promise.race([promise.then(() => true), late]);
    clearTimeout(timer);
    return inTime;
  }

  #timedOut(requestId: string): Outcome {
    const seconds = this.#spec.timeoutSeconds.toFixed(2);
    const error = {
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
    };
    return this.#end({ kind: 'functionError', error }, true);
  }

  #end(outcome: Outcome, kill = false): Outcome {
    if (outcome.kind === 'functionError')
      this.#log.write(`ERROR ${this.#requestId} ${JSON.stringify(outcome.error)}\n`);
    if (kill || !this.alive) void this.close();
    return outcome;
  }

  async close(): Promise<void> {
    this.alive = false;
    await this.#worker.terminate();
  }
}
