/** Who uses the API: starts runs, stops, pauses and resumes them, drives them again, and repeats what got no answer. */
import { createService } from '#core/service/service.ts';
import type { RunRow } from '#core/rows.ts';
import { isEnded } from '#core/run.ts';
import type { Once, Outcome, Operations, RunView } from '#core/operations.ts';
import { Dice } from './chance.ts';
import { START_MS } from './site.ts';
import { CALLER, type World } from './world.ts';
import type { Act } from './scenario.ts';

/** A client repeats a request this often at most, waiting longer each time; then its user looks for himself. */
const TRIES_MAX = 12;

type Call = (service: Operations, once: Once) => Promise<Outcome<RunView>>;
type RunAct = 'stop' | 'pause' | 'resume' | 'redrive';

export class Operator {
  readonly #world: World;
  readonly #dice: Dice;
  #pending = 0;
  #keys = 0;
  readonly #redrives = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#dice = new Dice(`${world.scenario.seed} operator`);
    for (const act of world.scenario.acts) this.#at(act.atMs, () => this.#act(act));
    world.watch.onEnded = (run) => this.#ended(run);
    const { untilMs } = world.scenario.faults;
    // Whatever rests when all trouble is over is woken, or it would rest for ever.
    for (let i = 0; i < 4; i++) this.#at(Math.max(untilMs, 240_000) + i * 120_000, () => this.#resumeAll());
  }

  /** Nothing is under way and nothing is planned. */
  get isIdle(): boolean {
    return this.#pending === 0;
  }

  #at(atMs: number, act: () => Promise<unknown>): void {
    this.#pending++;
    this.#world.clock.at(START_MS + atMs, () => {
      void act().finally(() => this.#pending--);
    });
  }

  async #act(act: Act): Promise<void> {
    if (act.kind === 'start') {
      const { task, overlap } = act;
      await this.#request(`start ${task.name}`, act.twice, (service, once) =>
        service.startInline(CALLER, task, { overlap, once }),
      );
      return;
    }
    const run = this.#latestOf(act.task);
    if (run === undefined) return;
    if (act.kind === 'look') await this.#look(run.runId);
    else await this.#on(act.kind, run.runId, act.twice);
  }

  /** Reads a run in every way there is; what is read must fit together at any moment. */
  async #look(runId: string): Promise<void> {
    const page = { limit: 1_000 };
    await this.#world.invoke('api', `look ${runId}`, async (ports) => {
      const service = createService(ports);
      const run = await service.getRun(CALLER, runId);
      if (run.ok) this.#world.watch.viewed(run.value);
      await service.results(CALLER, runId);
      await service.records(CALLER, runId, page);
      const ledger = await service.ledger(CALLER, runId, {}, page);
      if (!ledger.ok) return;
      this.#world.watch.listed(runId, ledger.value.items);
      const [line] = ledger.value.items;
      if (line) await service.explain(CALLER, runId, { url: line.url });
    });
  }

  async #on(kind: RunAct, runId: string, twice: boolean): Promise<void> {
    const call: Call = (service, once) => {
      if (kind === 'stop') return service.stopRun(CALLER, runId);
      if (kind === 'pause') return service.pauseRun(CALLER, runId);
      if (kind === 'resume') return service.resumeRun(CALLER, runId);
      return service.redriveRun(CALLER, runId, once);
    };
    await this.#request(`${kind} ${runId}`, twice, call);
  }

  /** One request under one key, repeated until it is answered; or two clients with the same key at once. */
  async #request(what: string, twice: boolean, call: Call): Promise<Outcome<RunView> | undefined> {
    const key = `key-${String(++this.#keys)}`;
    const first = this.#until(what, key, call);
    if (twice) {
      await this.#world.clock.sleep(this.#dice.pick([1, 20, 1_500]) * this.#dice.between(0.5, 1.5));
      await this.#until(what, key, call);
    }
    return first;
  }

  async #until(what: string, key: string, call: Call): Promise<Outcome<RunView> | undefined> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const ended = await this.#world.invoke('api', `${what}`, async (ports, actor) => {
        const service = createService(ports);
        const known = await service.remembered(CALLER, key, what);
        if (known.kind === 'replay') return 'replayed';
        if (known.kind !== 'new') return 'busy';
        this.#world.watch.keyed(actor, key);
        const outcome = await call(service, known.once);
        const body = outcome.ok ? outcome.value.id : outcome.refusal.detail;
        await service.remember(CALLER, key, what, { status: 200, headers: {}, body });
        return outcome;
      });
      if (ended.kind === 'answered' && ended.value === 'replayed') return undefined;
      if (ended.kind === 'answered' && ended.value !== 'busy') {
        const outcome = ended.value as Outcome<RunView>;
        this.#world.history.add(this.#world.clock.now(), OPERATOR, outcome.ok ? 'was told yes' : 'was told no', () =>
          JSON.stringify(outcome).slice(0, 300),
        );
        return outcome;
      }
      await this.#world.clock.sleep(this.#dice.between(500, 2_000) * 2 ** Math.min(tries, 6));
    }
    return undefined;
  }

  #latestOf(taskId: string): RunRow | undefined {
    return [...this.#world.watch.runs.values()].map(({ row }) => row).findLast((run) => run.taskId === taskId);
  }

  /** Drives a run that ended with failures again, as often as the scenario says. */
  #ended(run: RunRow): void {
    const { redrives, mends, site } = this.#world.scenario;
    const done = this.#redrives.get(run.runId) ?? 0;
    if (done >= redrives) return;
    this.#redrives.set(run.runId, done + 1);
    const inMs = this.#dice.pick([10, 2_000, 70_000]) * this.#dice.between(0.5, 1.5);
    this.#at(this.#world.sinceStart + inMs, async () => {
      if (mends) site.mend();
      const now = this.#world.watch.runs.get(run.runId)?.row;
      if (now === undefined || !isEnded(now.state)) return;
      if (this.#dice.is(0.3)) await this.#redriveLetters();
      await this.#on('redrive', run.runId, this.#dice.is(0.3));
    });
  }

  async #redriveLetters(): Promise<void> {
    await this.#world.invoke('api', 'redrive dead letters', (ports) => createService(ports).redriveDeadLetters(CALLER));
  }

  async #resumeAll(): Promise<void> {
    for (const { row } of this.#world.watch.runs.values())
      if (row.state === 'PAUSED') await this.#on('resume', row.runId, false);
  }
}

const OPERATOR = { id: -2, name: 'operator' };
