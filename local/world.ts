/**
 * One machine playing AWS: reads a synthesised stack and runs it, the very bundles that would be deployed, on emulators
 * in this process. All state lives in the data directory and outlives the process, however it ends.
 */
import { join } from 'node:path';
import type { Json } from '#core/json.ts';
import { startAppConfig } from './appconfig.ts';
import { readAssembly } from './assembly.ts';
import { readBlueprint, readTemplate } from './blueprint.ts';
import type { Blueprint, FunctionSpec } from './blueprint.ts';
import { clock as systemClock } from '#lambdas/aws/clock.ts';
import { consoleFiles } from './console.ts';
import { takeDataDir } from './data-dir.ts';
import { startDynamo } from './dynamo.ts';
import { eventBusService, readEvents, type BusEvent } from './event-bus.ts';
import { mailService, readMails } from './mail.ts';
import { startEventSource } from './event-source.ts';
import { httpApi } from './http-api.ts';
import { Access } from './iam-access.ts';
import type { Gate } from './iam-gate.ts';
import type { Grant } from './iam-policy.ts';
import { checkMachineLogs, checkPolling, mayLog, schedulerRole, Services } from './iam-services.ts';
import { readPolicies } from './iam-template.ts';
import { noteUses, USES_VARIABLE } from './iam-uses.ts';
import { clientEnvironment, functionEnvironment } from './lambda-environment.ts';
import { startFunctions } from './lambda.ts';
import type { FunctionHost, Invocation, Invoked } from './lambda.ts';
import { listen, sendJson } from './loopback.ts';
import type { RequestHandler } from './loopback.ts';
import { placeOf } from './physical.ts';
import { provision } from './provision.ts';
import { startSchedules } from './schedule.ts';
import { schedulerService } from './scheduler-service.ts';
import { Scheduler } from './scheduler.ts';
import { startSecrets } from './secrets.ts';
import { startSqsS3 } from './sqs-s3.ts';
import { readMachine } from './states-definition.ts';
import { Journal } from './states-journal.ts';
import { statesService } from './states-service.ts';
import { Engine } from './states.ts';

export interface WorldOptions {
  /** A `cdk.out` directory. */
  assembly: string;
  /** Everything the world remembers. One process at a time. */
  dataDir: string;
  /** Of the HTTP API on 127.0.0.1; 0 = any. */
  port: number;
  log: (line: string) => void;
  /** Needed when the assembly holds several stacks. */
  stackName?: string;
  /** Added to, and over, the environment of every function. */
  env?: Record<string, string>;
  /** Fire every schedule once at the start (default), not only when its time comes. */
  schedulesOnStart?: boolean;
  /** Invocations of one function at a time, whatever the template allows. Default 8. */
  concurrencyMax?: number;
  /** Called with AWS's words for every call that IAM refuses; such calls are logged in any case. */
  onRefusal?: (message: string) => void;
  /** Buckets that are not the template's own: those that tasks may read lists from. */
  foreignBuckets?: readonly string[];
  /** Directory of the console's files, served beside the API's routes. */
  consoleDir?: string;
  /** Called for every call that exactly one grant allows, beside what the environment has noted (`iam-uses.ts`). */
  onUse?: (grant: Grant) => void;
  /** Called for every call of the emulators, granted or not, with the access key that it carries. */
  onCall?: (action: string, accessKey: string | undefined) => void;
  /** Called for every invocation that has ended, with how long it took, the start of a sandbox included. */
  onInvoked?: Invoked;
}

export interface WorldResource {
  kind: 'table' | 'queue' | 'bucket' | 'function' | 'machine';
  logicalId: string;
  name: string;
  arn: string;
  /** Of queues; differs at each start. */
  url?: string;
}

export interface World {
  /** `http://127.0.0.1:PORT` */
  apiUrl: string;
  /** For SDK clients of the host process: endpoints, region, keys that open nothing. */
  clientEnv: Record<string, string>;
  resources(kind: WorldResource['kind']): WorldResource[];
  /** The one resource of the kind whose logical id starts so. Throws when there is none, or more than one. */
  resource(kind: WorldResource['kind'], logicalIdPrefix: string): WorldResource;
  /** @param name logical id, or its beginning. Throws `FunctionFailed` when the function does not return. */
  invoke(name: string, payload: Json): Promise<Json>;
  /** EventBridge Scheduler: what tasks have put there, and a way to let one's time come. */
  schedules: Pick<Scheduler, 'list' | 'fire'>;
  /** What was told on the buses, oldest first. */
  events(): BusEvent[];
  /** What was mailed, the oldest first. */
  mails(): ReturnType<typeof readMails>;
  /** Cuts off one running invocation; see `FunctionHost.crash`. */
  crash: FunctionHost['crash'];
  /** No invocation runs or waits, and no execution runs. Messages may still lie in queues. */
  idle(): boolean;
  close(): Promise<void>;
}

export class FunctionFailed extends Error {
  override readonly name = 'FunctionFailed';
  readonly errorType: string;
  constructor(errorType: string, message: string) {
    super(`${errorType}: ${message}`);
    this.errorType = errorType;
  }
}

const CONCURRENCY_DEFAULT = 8;

/** Closers run in the opposite order of their adding, each whatever became of the others. */
class Closers {
  readonly #closers: (() => unknown)[] = [];
  add(close: () => unknown): void {
    this.#closers.unshift(close);
  }
  async run(log: (line: string) => void): Promise<void> {
    for (const close of this.#closers.splice(0)) {
      try {
        await close();
      } catch (error) {
        log(`closing: ${String(error)}`);
      }
    }
  }
}

/** @throws with a plain reason when the directory or port is taken, or the template asks for what is not played. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const closers = new Closers();
  try {
    return await open(options, closers);
  } catch (error) {
    await closers.run(options.log);
    throw error;
  }
}

async function open(options: WorldOptions, closers: Closers): Promise<World> {
  const { dataDir, log } = options;
  const clock = systemClock;
  const concurrencyMax = options.concurrencyMax ?? CONCURRENCY_DEFAULT;
  const assembly = readAssembly(options.assembly, options.stackName);
  const { account, region } = placeOf(assembly);
  const note = noteUses(process.env[USES_VARIABLE]);
  const access = new Access({
    account,
    region,
    used(grant) {
      note(grant);
      options.onUse?.(grant);
    },
    refused(message) {
      log(`refused: ${message}`);
      options.onRefusal?.(message);
    },
  });
  const gate: Gate = (accessKey, need) => {
    options.onCall?.(need.action, accessKey);
    return access.gate(accessKey, need);
  };
  const lock = takeDataDir(dataDir);
  closers.add(() => lock.release());

  const api = lateServer();
  const apiServer = await listen(api.handler, options.port, log);
  closers.add(() => apiServer.close());
  const states = lateServer();
  const statesServer = await listen(states.handler, 0, log);
  closers.add(() => statesServer.close());
  const scheduling = lateServer();
  const schedulingServer = await listen(scheduling.handler, 0, log);
  closers.add(() => schedulingServer.close());
  const dynamo = await startDynamo({ dir: join(dataDir, 'dynamo'), gate, clock, log });
  closers.add(() => dynamo.close());
  const sqsS3 = await startSqsS3({ dir: join(dataDir, 'sqs-s3'), region, gate, clock, log });
  closers.add(() => sqsS3.close());

  const place = placeOf(assembly, sqsS3.url);
  const template = readTemplate(assembly, place);
  const blueprint = readBlueprint(assembly, place, template);
  const policies = readPolicies(template);
  access.admit(policies, blueprint.functions);
  checkMachineLogs(access, policies, blueprint.machines);
  const machines = new Map(blueprint.machines.map((m) => [m.arn, readMachine(m.name, m.definition)]));
  await provision(blueprint, dynamo, sqsS3);
  for (const name of options.foreignBuckets ?? []) sqsS3.putBucket(name);
  const secrets = await startSecrets({ path: join(dataDir, 'secrets.json'), specs: blueprint.secrets, gate, log });
  closers.add(() => secrets.close());
  const appConfig = await startAppConfig({
    path: join(dataDir, 'operator.json'),
    applications: blueprint.applications,
    gate,
    log,
  });
  closers.add(() => appConfig.close());

  const events = join(dataDir, 'events.ndjson');
  const busServer = await listen(eventBusService({ path: events, gate, buses: blueprint.buses }), 0, log);
  closers.add(() => busServer.close());
  const mailDir = join(dataDir, 'mail');
  const mailServer = await listen(mailService({ dir: mailDir, gate, log }), 0, log);
  closers.add(() => mailServer.close());
  const clientEnv = clientEnvironment(
    {
      dynamo: dynamo.url,
      sqsS3: sqsS3.url,
      states: statesServer.url,
      secrets: secrets.url,
      appConfig: appConfig.url,
      scheduler: schedulingServer.url,
      events: busServer.url,
      mail: mailServer.url,
    },
    region,
    dataDir,
  );
  const journal = new Journal(join(dataDir, 'states.db'), clock.now());
  closers.add(() => journal.close());
  const functions = startFunctions({
    functions: blueprint.functions,
    logDir: join(dataDir, 'logs'),
    environment: (spec) => functionEnvironment(spec, clientEnv, options.env ?? {}),
    mayLog: (spec) => mayLog(access, spec),
    concurrencyMax,
    onInvoked: options.onInvoked,
  });
  closers.add(() => functions.close());
  const services = new Services(access, functions);
  const engine = new Engine({
    machines,
    journal,
    clock,
    chance: Math.random,
    log,
    invoke: services.asMachine(blueprint.machines, policies),
  });
  // The engine ends before the functions do: what their end looks like must not be taken for their failure.
  closers.add(() => {
    states.become(unavailable);
    engine.close();
  });
  states.become(statesService(engine, gate));
  const gateway = httpApi({ routes: blueprint.routes, invoke: (route, event) => services.asApi(route, event), clock });
  const files = options.consoleDir === undefined ? gateway : consoleFiles(options.consoleDir);
  api.become((request, response) => (request.url?.startsWith('/v1/') ? gateway : files)(request, response));
  for (const mapping of blueprint.mappings) {
    checkPolling(access, functionOf(blueprint, mapping.functionArn), mapping);
    const source = startEventSource({
      mapping,
      source: sqsS3.source(mapping.queueArn),
      functions,
      region,
      concurrencyMax,
      log,
    });
    closers.add(() => source.close());
  }
  const asScheduler = services.asScheduler(policies, place.account);
  const scheduler = new Scheduler({
    path: join(dataDir, 'schedules.json'),
    clock,
    chance: Math.random,
    invoke: async (schedule, payload) => failureOf(await asScheduler.invoke(schedule, payload)),
    deadLetter: (schedule, queueArn, body) => {
      const refusal = asScheduler.letterRefusal(schedule, queueArn);
      if (refusal === undefined) sqsS3.send(queueArn, body);
      else log(`schedule ${schedule.name}: ${refusal}`);
    },
    log,
  });
  closers.add(() => {
    scheduling.become(unavailable);
    return scheduler.close();
  });
  const functionArns = blueprint.functions.map(({ arn }) => arn);
  scheduling.become(
    schedulerService({
      scheduler,
      gate,
      checkRole: (roleArn, groupArn) => void schedulerRole(policies, place.account, roleArn, groupArn, 'a schedule'),
      groups: blueprint.scheduleGroups,
      functionArns,
      place,
    }),
  );
  const schedules = startSchedules({
    rules: blueprint.rules,
    invoke: (rule, functionArn, event) => services.asRule(rule, functionArn, event),
    clock,
    place,
    atStart: options.schedulesOnStart ?? true,
    log,
  });
  closers.add(() => schedules.close());

  return {
    apiUrl: apiServer.url,
    clientEnv,
    ...lookUps(blueprint),
    invoke: (name, payload) => invokeByLogicalId(blueprint, functions, name, payload),
    schedules: scheduler,
    events: () => readEvents(events),
    mails: () => readMails(mailDir),
    crash: (choose) => functions.crash(choose),
    idle: () => functions.active() === 0 && engine.running() === 0,
    close: () => closers.run(log),
  };
}

function failureOf(invocation: Invocation): string | undefined {
  if (invocation.kind === 'ok') return undefined;
  if (invocation.kind === 'refused') return `${invocation.name}: ${invocation.message}`;
  return `${invocation.error.errorType}: ${invocation.error.errorMessage}`;
}

const unavailable: RequestHandler = (request, response) => {
  request.resume();
  sendJson(response, 503, { message: 'Service Unavailable' });
};

/** A server is opened first, to have its port, and gets what it serves when that is there. */
function lateServer(): { handler: RequestHandler; become(handler: RequestHandler): void } {
  let inner = unavailable;
  return {
    handler: (request, response) => inner(request, response),
    become(handler) {
      inner = handler;
    },
  };
}

/** By name or ARN. */
function functionOf({ functions }: Blueprint, nameOrArn: string): FunctionSpec {
  const spec = functions.find(({ name, arn }) => name === nameOrArn || arn === nameOrArn);
  if (spec === undefined) throw new Error(`function ${nameOrArn} is not in the template`);
  return spec;
}

function lookUps(blueprint: Blueprint): Pick<World, 'resources' | 'resource'> {
  const specs = {
    table: blueprint.tables,
    queue: blueprint.queues,
    bucket: blueprint.buckets,
    function: blueprint.functions,
    machine: blueprint.machines,
  };
  const resources = (kind: WorldResource['kind']): WorldResource[] =>
    specs[kind].map((spec) => ({
      kind,
      logicalId: spec.logicalId,
      name: spec.name,
      arn: spec.arn,
      ...('url' in spec ? { url: spec.url } : {}),
    }));
  return {
    resources,
    resource(kind, prefix) {
      const fitting = resources(kind).filter((r) => r.logicalId.startsWith(prefix));
      const [only] = fitting;
      if (only !== undefined && fitting.length === 1) return only;
      throw new Error(`expected one ${kind} ${prefix}…, found ${fitting.map((r) => r.logicalId).join(', ') || 'none'}`);
    },
  };
}

async function invokeByLogicalId(
  blueprint: Blueprint,
  functions: FunctionHost,
  name: string,
  payload: Json,
): Promise<Json> {
  const { arn } = lookUps(blueprint).resource('function', name);
  const invocation = await functions.invoke(arn, payload);
  if (invocation.kind === 'ok') return JSON.parse(invocation.payload) as Json;
  if (invocation.kind === 'refused') throw new FunctionFailed(invocation.name, invocation.message);
  throw new FunctionFailed(invocation.error.errorType, invocation.error.errorMessage);
}
