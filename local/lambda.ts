/**
 * Lambda: the handler bundles of the assembly in worker threads, one invocation at a time each, kept warm. An invocation
 * that throws, hangs, exits or runs out of memory ends itself and nothing else.
 *
 * It differs from AWS: a sandbox is not frozen between invocations, time zone and file system are the machine's, and only
 * the JavaScript heap is limited by the memory size.
 */
import { randomUUID } from 'node:crypto';
import type { Json } from '#core/json.ts';
import type { Blueprint, FunctionSpec } from './blueprint.ts';
import { withoutQualifier } from './blueprint.ts';
import { FunctionLog } from './lambda-log.ts';
import { Sandbox } from './lambda-sandbox.ts';
import type { Outcome } from './lambda-sandbox.ts';

/** A synchronous invocation's payload, each way: 6 MB as Lambda counts them in its own message. */
export const PAYLOAD_BYTES_MAX = 6_291_556;
/** Invocations that may wait for a sandbox of one function; past it callers are throttled as in AWS. */
const WAITING_MAX = 1_000;
/** An idle sandbox holds some 30 MB; it is ended after this long. */
const IDLE_MS_MAX = 120_000;

/** `refused` = the service itself said no, and the function did not run. */
export type Invocation =
  | Outcome
  | {
      kind: 'refused';
      name:
        | 'ResourceNotFoundException'
        | 'TooManyRequestsException'
        | 'RequestTooLargeException'
        /** As Step Functions names a refusal by IAM. */
        | 'AWSLambdaException';
      message: string;
    };

export interface FunctionHost {
  /** @param functionName name or ARN, with or without a qualifier. */
  invoke(functionName: string, payload: Json): Promise<Invocation>;
  /** Invocations running or waiting. */
  active(): number;
  /**
   * Cuts off one running invocation, as when its machine dies.
   * @param choose which of the functions that are running, by its place in the list.
   * @returns the function; undefined when none is running.
   */
  crash(choose: (running: string[]) => number): Promise<string | undefined>;
  /** Running invocations are cut off, as when a machine dies. */
  close(): Promise<void>;
}

/** @param cpuMs of the function's thread; the first invocation of a sandbox has its start in it. */
export type Invoked = (spec: FunctionSpec, ms: number, cpuMs: number) => void;

interface HostOptions {
  functions: Blueprint['functions'];
  logDir: string;
  environment: (spec: FunctionSpec) => Record<string, string>;
  mayLog: (spec: FunctionSpec) => boolean;
  /** Sandboxes of one function at a time, whatever the template allows: it is one machine. */
  concurrencyMax: number;
  onInvoked?: Invoked | undefined;
}

export function startFunctions(options: HostOptions): FunctionHost {
  const pools = options.functions.map((spec) => new Pool(spec, options));
  const byName = new Map(pools.flatMap((pool) => [[pool.spec.name, pool], [pool.spec.arn, pool]])); // prettier-ignore
  return {
    async invoke(functionName, payload) {
      const name = functionName.startsWith('arn:')
        ? withoutQualifier(functionName)
        : (functionName.split(':')[0] ?? '');
      const pool = byName.get(name);
      if (pool === undefined)
        return { kind: 'refused', name: 'ResourceNotFoundException', message: `Function not found: ${functionName}` };
      const event = JSON.stringify(payload);
      const bytes = Buffer.byteLength(event);
      if (bytes > PAYLOAD_BYTES_MAX) {
        const message = `Request must be smaller than ${PAYLOAD_BYTES_MAX} bytes for the InvokeFunction operation`;
        return { kind: 'refused', name: 'RequestTooLargeException', message };
      }
      return pool.invoke(event);
    },
    active: () => pools.reduce((sum, pool) => sum + pool.active, 0),
    async crash(choose) {
      const running = pools.filter((pool) => pool.running.size > 0);
      const pool = running[running.length === 0 ? 0 : choose(running.map(({ spec }) => spec.name))];
      const [sandbox] = pool?.running ?? [];
      await sandbox?.close();
      return pool?.spec.name;
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

/** `NAME.log`: the service name that the function's own log lines carry, where that tells it from the others. */
function logName(spec: FunctionSpec, all: FunctionSpec[]): string {
  const service = (s: FunctionSpec): string | undefined => s.environment['POWERTOOLS_SERVICE_NAME'];
  const name = service(spec);
  const plain = name !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(name);
  return plain && all.filter((s) => service(s) === name).length === 1 ? name : spec.logicalId;
}

class Pool {
  active = 0;
  /** Those that have an invocation. */
  readonly running = new Set<Sandbox>();
  readonly spec: FunctionSpec;
  readonly #options: HostOptions;
  readonly #log: FunctionLog;
  readonly #idle: Sandbox[] = [];
  readonly #all = new Set<Sandbox>();
  readonly #waiting: (() => void)[] = [];
  readonly #sizeMax: number;
  readonly #reaper: NodeJS.Timeout;
  #running = 0;
  #closed = false;

  constructor(spec: FunctionSpec, options: HostOptions) {
    this.spec = spec;
    this.#options = options;
    this.#log = new FunctionLog(options.logDir, logName(spec, options.functions), () => options.mayLog(spec));
    this.#sizeMax = Math.min(spec.concurrencyMax ?? options.concurrencyMax, options.concurrencyMax);
    this.#reaper = setInterval(() => this.#reap(), IDLE_MS_MAX / 2).unref();
  }

  async invoke(event: string): Promise<Invocation> {
    if (this.#closed || this.#waiting.length >= WAITING_MAX || this.#sizeMax === 0) {
      return { kind: 'refused', name: 'TooManyRequestsException', message: 'Rate Exceeded.' };
    }
    this.active++;
    try {
      if (this.#running >= this.#sizeMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else this.#running++;
      return await this.#run(event);
    } finally {
      this.active--;
      // The place goes to the next in line without being free in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #run(event: string): Promise<Invocation> {
    const sandbox = this.#take();
    if (sandbox === undefined)
      return { kind: 'refused', name: 'TooManyRequestsException', message: 'the local world is shut down' };
    this.running.add(sandbox);
    const [begun, cpuMs] = [performance.now(), sandbox.cpuMs];
    const outcome = await sandbox.invoke(randomUUID(), event);
    this.#options.onInvoked?.(this.spec, performance.now() - begun, sandbox.cpuMs - cpuMs);
    this.running.delete(sandbox);
    sandbox.lastUsedMs = Date.now();
    if (sandbox.alive) this.#idle.push(sandbox);
    else this.#all.delete(sandbox);
    if (outcome.kind !== 'ok' || Buffer.byteLength(outcome.payload) <= PAYLOAD_BYTES_MAX) return outcome;
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${PAYLOAD_BYTES_MAX} bytes).`;
    return { kind: 'functionError', error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
  }

  /** The most recently used sandbox first, so that the others can go to sleep for good. */
  #take(): Sandbox | undefined {
    if (this.#closed) return undefined;
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.alive) return idle;
      this.#all.delete(idle);
    }
    const sandbox = new Sandbox(this.spec, this.#options.environment(this.spec), this.#log);
    this.#all.add(sandbox);
    return sandbox;
  }

  #reap(): void {
    const old = Date.now() - IDLE_MS_MAX;
    while (this.#idle[0] !== undefined && this.#idle[0].lastUsedMs < old) {
      const sandbox = this.#idle.shift();
      if (sandbox === undefined) return;
      this.#all.delete(sandbox);
      void sandbox.close();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    await Promise.all([...this.#all].map((sandbox) => sandbox.close()));
    this.#log.close();
  }
}
