/** Everything of one simulation in one place: stores, invocations, queue and state machine, and who watches them. */
import type { Context } from '#core/context.ts';
import { uploadObject } from '#core/names.ts';
import type { Caller } from '#core/operations.ts';
import { asItem } from '#core/rows.ts';
import { UNBOUNDED } from '#core/quotas.ts';
import { tenantRow } from '#core/service/tenants.ts';
import { NO_SWITCHES } from '#core/switches.ts';
import { signerOf } from '#core/signing.ts';
import type { PlanPorts } from '#core/sources.ts';
import { awaitRound } from '#core/steps/await.ts';
import { dispatch } from '#core/steps/dispatch.ts';
import { finish } from '#core/steps/finish.ts';
import { merge } from '#core/steps/merge.ts';
import { plan } from '#core/steps/plan.ts';
import { sweep } from '#core/steps/sweep.ts';
import { work, type WorkStepPorts } from '#core/steps/work.ts';
import type { Schedules, ShardMessage, Signer } from '#core/ports.ts';
import { Actor, clockOf, type ActorKind } from './actor.ts';
import { Channel } from './channel.ts';
import { Dice } from './chance.ts';
import { Trouble } from './faults.ts';
import { History } from './history.ts';
import { Machine, type Ended } from './machine.ts';
import { MemoryObjects } from './memory-objects.ts';
import { MemorySecrets } from './memory-secrets.ts';
import { MemoryTable } from './memory-table.ts';
import { START_MS } from './site.ts';
import { VirtualClock } from './virtual-clock.ts';
import { Watch } from './watch.ts';
import { compilerOf, outgoingOf, readSitemap } from './web.ts';
import { Wire, deadMessagesOf, objectsOf, orchestratorOf, queueOf, signerFor, tableOf } from './wire.ts';
import { TENANT, type Scenario } from './scenario.ts';

export const CALLER: Caller = { tenant: TENANT, keyId: 'k1', scopes: ['read', 'write', 'admin'] };
export const REGION = 'sim-1';

/** API Gateway and the function in front of the service give up after this. */
const API_LIFE_MS = 29_000;
const STEP_LIFE_MS = 900_000;

export type StepPorts = Context & WorkStepPorts & PlanPorts & { randomBytes: (n: number) => Uint8Array };

let signer: Signer | undefined;
/** What is to be told is put down and carried out by nobody: `notify` has tests of its own. */
const UNTOLD: Pick<Context, 'events' | 'mails' | 'webhookKeys'> = {
  events: { put: () => Promise.resolve() },
  mails: undefined,
  webhookKeys: { of: () => Promise.resolve(new Uint8Array(32)) },
};
/** The tasks of scenarios are started by their operator. */
const NO_SCHEDULES: Schedules = {
  put: () => Promise.reject(new Error('the simulation keeps no schedules')),
  remove: () => Promise.resolve(),
};

export class World {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock(START_MS);
  readonly table = new MemoryTable();
  readonly pace = new MemoryTable();
  readonly objects = new MemoryObjects();
  readonly secrets = new MemorySecrets();
  readonly history: History;
  readonly trouble: Trouble;
  readonly watch: Watch;
  readonly machine: Machine;
  readonly channel: Channel;
  readonly #wire: Wire;
  #workEndedMs = -Infinity;
  readonly #alive = new Set<Actor>();
  readonly #chance: Dice;
  #actors = 0;
  crashes = 0;

  constructor(scenario: Scenario, keepHistory: boolean) {
    this.scenario = scenario;
    this.history = new History(START_MS, keepHistory);
    this.trouble = new Trouble(scenario.faults, START_MS, scenario.seed);
    this.#wire = new Wire(this.clock, this.trouble, this.history);
    this.#chance = new Dice(`${scenario.seed} actors`);
    this.watch = new Watch(this);
    this.table.onWrite = (written) => this.watch.wrote(this.#wire.acting, written);
    this.pace.onWrite = (written) => this.watch.paced(this.#wire.acting, written);
    this.objects.onWrite = (key) => this.watch.written.set(key, this.clock.now());
    const { workers, visibilityMs } = scenario;
    this.channel = new Channel(this.clock, this.trouble, { workers, visibilityMs }, (message) => this.#work(message));
    this.machine = new Machine(this.clock, this.trouble, this.history, {
      plan: (ref) => this.invoke('plan', ref.runId, (ports) => plan(ports, ref)),
      dispatch: (ref) => this.invoke('dispatch', ref.runId, (ports) => dispatch(ports, ref)),
      await: (ref) => this.invoke('await', ref.runId, (ports) => awaitRound(ports, ref)),
      merge: (ref) => this.invoke('merge', ref.runId, (ports) => merge(ports, ref)),
      finish: (request) =>
        this.invoke('finish', request.runId, (ports, actor) => {
          this.watch.finishes(actor, request.attempt);
          return finish(ports, request);
        }),
    });
  }

  async open(): Promise<void> {
    const settings = {
      permissions: [],
      allowAddresses: [],
      weight: 1,
      quotas: { ...UNBOUNDED, concurrentRuns: this.scenario.runsAtOnce },
    };
    await this.table.put(asItem(tenantRow(TENANT, settings, START_MS)));
    for (const [id, lines] of this.scenario.uploads) await this.objects.writeLines(uploadObject(TENANT, id), lines);
    const { blackoutsMs, untilMs } = this.scenario.faults;
    for (const atMs of blackoutsMs) if (atMs < untilMs) this.clock.at(START_MS + atMs, () => this.#blackout());
  }

  /** Has a worker been alive since then? */
  wasAtWork(sinceMs: number): boolean {
    return this.#workEndedMs >= sinceMs || [...this.#alive].some(({ kind }) => kind === 'work');
  }

  get sinceStart(): number {
    return this.clock.now() - START_MS;
  }

  /** Runs a step as an invocation of its own. The promise always resolves, unless the simulation ends before. */
  invoke<T>(
    kind: ActorKind,
    about: string,
    step: (ports: StepPorts, actor: Actor) => Promise<T>,
    lifeMs = kind === 'api' ? API_LIFE_MS : STEP_LIFE_MS,
  ): Promise<Ended<T>> {
    const actor = this.#born(kind, about);
    return new Promise((resolve) => {
      const end = (ended: Ended<T>): void => {
        this.#alive.delete(actor);
        if (kind === 'work') this.#workEndedMs = this.clock.now();
        this.history.add(this.clock.now(), actor, ended.kind, () => factsOf(ended, actor));
        resolve(ended);
      };
      actor.onDeath(() => {
        this.crashes++;
        this.watch.died(actor);
        end({ kind: 'died' });
      });
      const timer = this.clock.at(this.clock.now() + lifeMs, () => actor.die('timeUp'));
      const over = (ended: Ended<T>): void => {
        if (actor.isGone) return;
        timer.cancel();
        actor.freeze();
        if (ended.kind === 'threw') this.watch.threw(actor, ended.error);
        end(ended);
      };
      step(this.#portsOf(actor), actor).then(
        (value) => over({ kind: 'answered', value }),
        (error: unknown) => over({ kind: 'threw', error }),
      );
    });
  }

  async sweep(): Promise<void> {
    const begunMs = this.clock.now();
    const ended = await this.invoke('sweep', '', (ports) => sweep(ports), 60_000);
    if (ended.kind === 'answered') this.watch.swept(ended.value, begunMs);
  }

  async #work(message: ShardMessage): Promise<boolean> {
    const { workerLifeMs } = this.scenario;
    const about = `${message.runId} ${message.shardId}`;
    const step = (ports: StepPorts, actor: Actor): Promise<unknown> =>
      work(ports, message, actor.bornAt + actor.skewMs + workerLifeMs);
    return (await this.invoke('work', about, step, workerLifeMs)).kind === 'answered';
  }

  #born(kind: ActorKind, about: string): Actor {
    const { plan: faults } = this.trouble;
    const now = this.clock.now();
    const isTroubled = this.trouble.lasts(now);
    const skewMs = isTroubled && faults.skewMs > 0 ? this.trouble.between(-faults.skewMs, faults.skewMs) : 0;
    const isOld = kind === 'work' && isTroubled && this.sinceStart < faults.deployMs;
    if (skewMs !== 0) this.trouble.count('skewed');
    if (isOld) this.trouble.count('oldRelease');
    const id = ++this.#actors;
    const dice = new Dice(`${this.scenario.seed} actor ${String(id)} ${String(this.#chance.next())}`);
    const actor = new Actor({ id, kind, about, bornAt: now, skewMs, isOld, dice });
    this.#alive.add(actor);
    this.history.add(now, actor, 'begins', () => `${about.slice(20)}${isOld ? ' (old release)' : ''}`);
    return actor;
  }

  #blackout(): void {
    this.trouble.count('blackout');
    for (const actor of [...this.#alive]) actor.die('blackout');
  }

  #portsOf(actor: Actor): StepPorts {
    const wire = this.#wire;
    const { site, shardTargets, streamSecondsMin, slots, splitSeconds, workers: workersMax } = this.scenario;
    signer ??= signerOf('the secret with which the simulation signs');
    return {
      region: REGION,
      table: tableOf(wire, actor, 'table', this.table),
      pace: tableOf(wire, actor, 'pace', this.pace),
      objects: objectsOf(wire, actor, this.objects),
      queue: queueOf(wire, actor, this.channel),
      deadMessages: deadMessagesOf(wire, actor, this.channel),
      orchestrator: orchestratorOf(wire, actor, this.machine),
      secrets: this.secrets,
      schedules: NO_SCHEDULES,
      ...UNTOLD,
      switches: { now: () => Promise.resolve(NO_SWITCHES) },
      signer: signerFor(wire, actor, signer),
      clock: clockOf(actor, this.clock, this.watch),
      chance: () => actor.dice.next(),
      randomBytes: (n) => actor.dice.bytes(n),
      log: this.watch.logOf(actor),
      meter: { count: () => undefined },
      ...outgoingOf(actor, site, this.clock, this.watch),
      compileExtractor: compilerOf(actor, site, this.watch),
      readSitemap,
      listBuckets: [],
      resultsBucket: 'results',
      shardTargets,
      streamSecondsMin,
      slots,
      splitSeconds,
      workersMax,
    };
  }
}

const factsOf = (ended: Ended<unknown>, actor: Actor): string =>
  ended.kind === 'answered'
    ? (JSON.stringify(ended.value) ?? '').slice(0, 300)
    : ended.kind === 'threw'
      ? String(ended.error)
      : `of ${String(actor.death)}`;
