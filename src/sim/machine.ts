/**
 * The state machine of a run (`lib/run-definition.ts`) as a small actor that never dies by itself: retries, the task token,
 * the end of the run's time, and executions that are lost as a whole.
 */
import { STOP_GRACE_SECONDS } from '#core/limits.ts';
import type { JsonObject } from '#core/json.ts';
import type { Orchestrator } from '#core/ports.ts';
import type { FinishRequest } from '#core/steps/finish.ts';
import type { PlanAnswer } from '#core/steps/plan.ts';
import { NEVER } from './actor.ts';
import type { Trouble } from './faults.ts';
import type { History } from './history.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface RunRef {
  tenant: string;
  runId: string;
  /** Which execution of the run asks. */
  attempt: number;
}
/** What became of one invocation. */
export type Ended<T> = { kind: 'answered'; value: T } | { kind: 'threw'; error: unknown } | { kind: 'died' };
/** The functions behind the states. */
export interface States {
  plan(ref: RunRef & { round: number }): Promise<Ended<PlanAnswer>>;
  dispatch(ref: RunRef & { round: number }): Promise<Ended<unknown>>;
  await(ref: RunRef & { round: number; token: string }): Promise<Ended<unknown>>;
  merge(ref: RunRef & { round: number }): Promise<Ended<{ more: boolean; round: number }>>;
  finish(request: FinishRequest): Promise<Ended<unknown>>;
}

interface Execution extends RunRef {
  state: 'running' | 'ended';
  /** Answers of tokens that are waited for. */
  tokens: Map<string, (output: JsonObject) => void>;
  /** Calls that come a second time when another execution has taken its place. */
  belated: (() => Promise<unknown>)[];
}
/** An error that no retry mended. */
class Failed extends Error {}

const RETRIES = { most: 5, firstMs: 5_000, rate: 2, longestMs: 60_000 };
/** How soon a lost invocation is noticed: at once when the sandbox goes, or by a time-out. */
const NOTICED_MS = [50, 5_000] as const;
/** A repeated call comes this much later at most: two sweeps, in which another execution may have begun. */
const LATE_MS = 150_000;
/** What waited for the successor of its execution comes while that one plans, or works. */
const BELATED_MS = 5_000;

export class Machine implements Orchestrator {
  readonly #clock: VirtualClock;
  readonly #trouble: Trouble;
  readonly #history: History;
  readonly #states: States;
  readonly #executions = new Map<string, Execution>();
  #tokens = 0;

  constructor(clock: VirtualClock, trouble: Trouble, history: History, states: States) {
    this.#clock = clock;
    this.#trouble = trouble;
    this.#history = history;
    this.#states = states;
  }

  start(tenant: string, runId: string, attempt: number): Promise<void> {
    const name = nameOf(runId, attempt);
    if (!this.#executions.has(name)) {
      const execution: Execution = { tenant, runId, attempt, state: 'running', tokens: new Map(), belated: [] };
      this.#executions.set(name, execution);
      this.#release(this.#executions.get(nameOf(runId, attempt - 1)));
      // Begins in a turn of its own, as an asynchronous start does.
      this.#clock.at(this.#clock.now() + 1, () => void this.#run(execution));
    }
    return Promise.resolve();
  }

  wake(token: string, output: JsonObject): Promise<'woken' | 'gone'> {
    for (const { state, tokens } of this.#executions.values()) {
      const answer = tokens.get(token);
      if (state !== 'running' || answer === undefined) continue;
      tokens.delete(token);
      this.#clock.at(this.#clock.now(), () => answer(output));
      return Promise.resolve('woken');
    }
    return Promise.resolve('gone');
  }

  status(_tenant: string, runId: string, attempt: number): Promise<'running' | 'ended' | 'none'> {
    const { unseen } = this.#trouble.plan.machine;
    if (this.#trouble.befalls('unseen', unseen, this.#clock.now())) return Promise.resolve('none');
    return Promise.resolve(this.#executions.get(nameOf(runId, attempt))?.state ?? 'none');
  }

  async #run(execution: Execution): Promise<void> {
    const { tenant, runId, attempt } = execution;
    let ending: Pick<FinishRequest, 'outcome' | 'error' | 'cause'> = {};
    try {
      await this.#rounds(execution);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      ending = { outcome: 'failed', error: 'States.TaskFailed', cause: error.message };
    }
    try {
      await this.#state(
        execution,
        'Finish',
        this.#times(execution, () => this.#states.finish({ tenant, runId, attempt, ...ending })),
      );
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
    }
    execution.state = 'ended';
    this.#note(execution, 'ended');
  }

  /** From Plan up to, and without, Finish. */
  async #rounds(execution: Execution): Promise<void> {
    const { tenant, runId, attempt } = execution;
    for (let round = 0; ;) {
      const ref = { tenant, runId, attempt, round };
      const planned = await this.#state(
        execution,
        'Plan',
        this.#times(execution, () => this.#states.plan(ref)),
      );
      if (!planned.proceed) {
        if (planned.grace) await this.#grace();
        return;
      }
      if (planned.shards > 0) {
        await this.#state(
          execution,
          'Dispatch',
          this.#times(execution, () => this.#states.dispatch(ref)),
        );
        const outcome = await this.#await(execution, round, planned.secondsLeft);
        if (outcome === 'timedOut') continue;
        if (outcome !== 'roundDone') return this.#grace();
      }
      if (!planned.crawls) return;
      const merged = await this.#state(
        execution,
        'Merge',
        this.#times(execution, () => this.#states.merge(ref)),
      );
      if (!merged.more) return;
      round = merged.round;
    }
  }

  #grace(): Promise<void> {
    return this.#clock.sleep(STOP_GRACE_SECONDS * 1000);
  }

  async #await(execution: Execution, round: number, seconds: number): Promise<string> {
    const { tenant, runId, attempt } = execution;
    const timeUp = new AbortController();
    const waiting = (async (): Promise<string> => {
      await this.#clock.sleep(seconds * 1000, timeUp.signal);
      return 'timedOut';
    })();
    const asking = (async (): Promise<string> => {
      const output = await this.#state(execution, 'Await', (twice) => {
        const token = `k${String(++this.#tokens)}`;
        const ref = { tenant, runId, attempt, round, token };
        return new Promise<Ended<JsonObject>>((resolve) => {
          execution.tokens.set(token, (value) => resolve({ kind: 'answered', value }));
          if (twice) this.#later(execution, () => this.#states.await(ref));
          void this.#states.await(ref).then((ended) => {
            if (ended.kind !== 'answered' && execution.tokens.delete(token)) resolve(ended);
          });
        });
      });
      return String(output.outcome);
    })();
    asking.catch(() => undefined);
    const { dies } = this.#trouble.plan.machine;
    if (this.#trouble.befalls('executionDied', dies, this.#clock.now()))
      this.#clock.at(this.#clock.now() + this.#trouble.between(0, 60_000), () => this.#die(execution));
    const outcome = await Promise.race([waiting, asking]);
    if (execution.state === 'ended') return NEVER();
    timeUp.abort();
    execution.tokens.clear();
    this.#note(execution, `Await: ${outcome}`);
    return outcome;
  }

  /** One state with its retries. */
  async #state<T>(execution: Execution, name: string, invoke: (twice: boolean) => Promise<Ended<T>>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const { dies, twice, unheard } = this.#trouble.plan.machine;
      if (this.#trouble.befalls('executionDied', dies, this.#clock.now())) this.#die(execution);
      if (execution.state === 'ended') return NEVER();
      this.#note(execution, name);
      const ended = await invoke(this.#trouble.befalls('invokedTwice', twice, this.#clock.now()));
      const isHeard = !this.#trouble.befalls('unheard', unheard, this.#clock.now());
      if (ended.kind === 'answered' && isHeard) return ended.value;
      if (ended.kind === 'died') await this.#clock.sleep(this.#trouble.between(...NOTICED_MS));
      if (attempt >= RETRIES.most)
        throw new Failed(ended.kind === 'threw' ? String(ended.error) : `${name}: ${ended.kind}`);
      const ceiling = Math.min(RETRIES.firstMs * RETRIES.rate ** attempt, RETRIES.longestMs);
      await this.#clock.sleep(this.#trouble.between(0, ceiling));
    }
  }

  /** A call that may be made a second time; the answer is that of the first. */
  #times<T>(execution: Execution, call: () => Promise<T>): (twice: boolean) => Promise<T> {
    return (twice) => {
      if (twice) this.#later(execution, call);
      return call();
    };
  }

  /** At once, some time later, or when its execution has a successor. */
  #later(execution: Execution, call: () => Promise<unknown>): void {
    const how = this.#trouble.between(0, 4);
    if (how < 2) execution.belated.push(call);
    else this.#clock.at(this.#clock.now() + (how < 3 ? 0 : this.#trouble.between(0, LATE_MS)), () => void call());
  }

  #release(given: Execution | undefined): void {
    for (const call of given?.belated.splice(0) ?? [])
      this.#clock.at(this.#clock.now() + this.#trouble.between(0, BELATED_MS), () => void call());
  }

  #die(execution: Execution): void {
    if (execution.state === 'ended') return;
    execution.state = 'ended';
    this.#note(execution, 'the execution dies');
  }

  #note({ runId, attempt }: Execution, what: string): void {
    this.#history.add(this.#clock.now(), { id: -1, name: `machine ${runId.slice(-4)}/${String(attempt)}` }, what);
  }
}

const nameOf = (runId: string, attempt: number): string => `${runId}-${String(attempt)}`;
