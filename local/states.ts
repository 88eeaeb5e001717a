/**
 * Step Functions: runs executions of the template's state machines. Every transition is journalled before it counts, so
 * after the process dies each execution goes on where it stood: a state that was being played is entered again, waits keep
 * their deadline, task tokens stay valid.
 */
import { randomBytes } from 'node:crypto';
import type { Json, JsonObject } from '#core/json.ts';
import type { Clock } from '#core/ports.ts';
import type { Invocation } from './lambda.ts';
import type { Machine } from './states-definition.ts';
import type { Execution, ExecutionStatus, Frame, HistoryEvent, Journal, TokenAnswer } from './states-journal.ts';
import { playState } from './states-play.ts';
import type { Move } from './states-play.ts';
import { Interrupted } from './states-stage.ts';
import type { Stage } from './states-stage.ts';

/** As in AWS; an execution that loops for ever ends here. */
const EVENTS_MAX = 25_000;

export interface EngineOptions {
  /** By ARN. */
  machines: Map<string, Machine>;
  journal: Journal;
  clock: Clock;
  chance: () => number;
  invoke: (functionName: string, payload: Json, execution: Execution) => Promise<Invocation>;
  log: (line: string) => void;
}

interface Live {
  execution: Execution;
  machine: Machine;
  over: AbortController;
  bell: PromiseWithResolvers<void>;
}

export type StartResult = { kind: 'started'; execution: Execution } | { kind: 'exists' } | { kind: 'noMachine' };
export type TokenResult = 'ok' | 'InvalidToken' | 'TaskTimedOut' | 'TaskDoesNotExist';

export class Engine {
  readonly #options: EngineOptions;
  readonly #live = new Map<string, Live>();
  #closed = false;

  /** Running executions of the journal go on at once. */
  constructor(options: EngineOptions) {
    this.#options = options;
    for (const execution of options.journal.running()) this.#resume(execution);
  }

  /** The same name with the same input while it runs is the same execution; any other use of a name is `exists`. */
  start(machineArn: string, name: string, inputText: string): StartResult {
    const machine = this.#options.machines.get(machineArn);
    if (machine === undefined || this.#closed) return { kind: 'noMachine' };
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const known = this.read(arn);
    if (known !== undefined) {
      const same = known.status === 'RUNNING' && known.inputText === inputText;
      return same ? { kind: 'started', execution: known } : { kind: 'exists' };
    }
    const input = JSON.parse(inputText) as Json;
    const now = this.#options.clock.now();
    const frame: Frame = {
      state: machine.startAt,
      input,
      variables: {},
      enteredMs: now,
      retries: [],
      phase: { at: 'enter' },
    };
    const execution: Execution = {
      arn, name, machineArn, input, inputText, startMs: now, status: 'RUNNING', stopMs: null,
      output: null, error: null, cause: null, frame, events: 0,
    }; // prettier-ignore
    this.#options.journal.save(execution);
    this.#event(execution, 'ExecutionStarted', { input });
    this.#go(execution, machine);
    return { kind: 'started', execution };
  }

  read(arn: string): Execution | undefined {
    return this.#live.get(arn)?.execution ?? this.#options.journal.read(arn);
  }

  list(machineArn: string, status: string | undefined, limit: number): Execution[] {
    return this.#options.journal.list(machineArn, status, limit);
  }

  history(arn: string, reverse: boolean, limit: number): HistoryEvent[] {
    return this.#options.journal.history(arn, reverse, limit);
  }

  /** Ends a running execution as ABORTED; one that has ended stays as it is. */
  stop(arn: string, error: string, cause: string): Execution | undefined {
    const live = this.#live.get(arn);
    if (live !== undefined) this.#finish(live, 'ABORTED', null, error, cause);
    return this.read(arn);
  }

  /** Durable when this returns `ok`. */
  answer(token: string, answer: TokenAnswer): TokenResult {
    return this.#onToken(token, (phase) => {
      phase.answer = answer;
    });
  }

  heartbeat(token: string): TokenResult {
    return this.#onToken(token, (phase) => {
      if (phase.heartbeatMs !== null) phase.heartbeatDeadlineMs = this.#options.clock.now() + phase.heartbeatMs;
    });
  }

  /** Whose task waits, or waited, for the token. */
  machineOfToken(token: string): string | undefined {
    const arn = executionOfToken(token);
    return arn === undefined ? undefined : this.read(arn)?.machineArn;
  }

  running(): number {
    return this.#live.size;
  }

  /** Stops playing without ending anything: the next engine on the journal goes on. */
  close(): void {
    this.#closed = true;
    for (const live of this.#live.values()) live.over.abort();
  }

  #onToken(token: string, act: (phase: Extract<Frame['phase'], { at: 'token' }>) => void): TokenResult {
    const arn = executionOfToken(token);
    if (arn === undefined) return 'InvalidToken';
    const live = this.#live.get(arn);
    if (live === undefined) return this.#options.journal.read(arn) === undefined ? 'TaskDoesNotExist' : 'TaskTimedOut';
    const { phase } = live.execution.frame;
    const now = this.#options.clock.now();
    if (this.#closed || phase.at !== 'token' || phase.token !== token || phase.answer !== null) return 'TaskTimedOut';
    if ((phase.deadlineMs ?? Infinity) <= now || (phase.heartbeatDeadlineMs ?? Infinity) <= now) return 'TaskTimedOut';
    act(phase);
    this.#options.journal.save(live.execution);
    live.bell.resolve();
    live.bell = Promise.withResolvers();
    return 'ok';
  }

  #resume(execution: Execution): void {
    const machine = this.#options.machines.get(execution.machineArn);
    if (machine?.states.has(execution.frame.state) === true) return this.#go(execution, machine);
    const cause = `state ${execution.frame.state} is not in the template any more`;
    this.#end(execution, 'FAILED', null, 'States.Runtime', cause);
  }

  #go(execution: Execution, machine: Machine): void {
    const live: Live = { execution, machine, over: new AbortController(), bell: Promise.withResolvers() };
    this.#live.set(execution.arn, live);
    void this.#play(live);
    if (machine.timeoutSeconds === undefined) return;
    const { clock } = this.#options;
    const leftMs = execution.startMs + machine.timeoutSeconds * 1000 - clock.now();
    void clock.sleep(Math.max(0, leftMs), live.over.signal).then(() => {
      if (!live.over.signal.aborted) this.#finish(live, 'TIMED_OUT', null, 'States.Timeout', '');
    });
  }

  async #play(live: Live): Promise<void> {
    const { execution, machine, over } = live;
    try {
      while (!over.signal.aborted) {
        const { frame } = execution;
        const state = machine.states.get(frame.state);
        if (state === undefined) throw new Error(`there is no state ${frame.state}`);
        if (frame.phase.at === 'enter')
          this.#event(execution, `${state.type}StateEntered`, { name: state.name, input: frame.input });
        const move = await playState(state, this.#stage(live));
        if (over.signal.aborted) return;
        if (execution.events >= EVENTS_MAX)
          return this.#finish(live, 'FAILED', null, 'States.Runtime', `more than ${EVENTS_MAX} history events`);
        this.#move(live, state.type, move);
      }
    } catch (error) {
      if (error instanceof Interrupted || over.signal.aborted) return;
      this.#options.log(`execution ${execution.name}: ${String(error)}`);
      this.#finish(live, 'FAILED', null, 'States.Runtime', String(error));
    }
  }

  #move(live: Live, type: string, move: Move): void {
    const { execution } = live;
    if (move.to === 'failure') return this.#finish(live, 'FAILED', null, move.error, move.cause);
    this.#event(execution, `${type}StateExited`, { name: execution.frame.state, output: move.output });
    if (move.to === 'end') return this.#finish(live, 'SUCCEEDED', JSON.stringify(move.output), null, null);
    const enteredMs = this.#options.clock.now();
    execution.frame = {
      state: move.next,
      input: move.output,
      variables: move.variables,
      enteredMs,
      retries: [],
      phase: { at: 'enter' },
    };
    this.#options.journal.save(execution);
  }

  #stage(live: Live): Stage {
    const { execution } = live;
    return {
      execution,
      clock: this.#options.clock,
      chance: this.#options.chance,
      invoke: (functionName, payload) => this.#options.invoke(functionName, payload, execution),
      newToken: () => `${Buffer.from(execution.arn).toString('base64url')}.${randomBytes(24).toString('base64url')}`,
      save: () => this.#options.journal.save(execution),
      event: (type, detail) => this.#event(execution, type, detail),
      rung: () => live.bell.promise,
      signal: live.over.signal,
    };
  }

  #finish(
    live: Live,
    status: ExecutionStatus,
    output: string | null,
    error: string | null,
    cause: string | null,
  ): void {
    if (this.#closed || live.over.signal.aborted) return;
    this.#live.delete(live.execution.arn);
    live.over.abort();
    this.#end(live.execution, status, output, error, cause);
  }

  #end(
    execution: Execution,
    status: ExecutionStatus,
    output: string | null,
    error: string | null,
    cause: string | null,
  ): void {
    Object.assign(execution, { status, output, error, cause, stopMs: this.#options.clock.now() });
    const type = { RUNNING: '', SUCCEEDED: 'Succeeded', FAILED: 'Failed', TIMED_OUT: 'TimedOut', ABORTED: 'Aborted' }[
      status
    ];
    this.#event(
      execution,
      `Execution${type}`,
      output === null ? { error: error ?? '', cause: cause ?? '' } : { output: JSON.parse(output) as Json },
    );
    this.#options.journal.save(execution);
  }

  #event(execution: Execution, type: string, detail: JsonObject): void {
    execution.events++;
    this.#options.journal.addEvent(execution.arn, {
      id: execution.events,
      timeMs: this.#options.clock.now(),
      type,
      detail,
    });
  }
}

/** A token names its execution, so that a token of the past can be told from one that never was. */
function executionOfToken(token: string): string | undefined {
  const [head = '', tail] = token.split('.');
  const arn = Buffer.from(head, 'base64url').toString();
  return tail !== undefined && arn.startsWith('arn:aws:states:') ? arn : undefined;
}
