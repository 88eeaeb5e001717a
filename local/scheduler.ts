/**
 * EventBridge Scheduler: schedules in one file, each called when its time comes. At least once: a call that failed is made
 * again, a minute later and then after twice as long, until it is older than the schedule allows; then it goes to the dead
 * letters. What fell due while nothing ran is called for afterwards on the same terms, which is what AWS does when the target
 * was out of reach.
 *
 * It differs from AWS: a function that fails is called again by these rules, and not by Lambda's own two repetitions.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Json } from '#core/json.ts';
import type { Chance, Clock } from '#core/ports.ts';
import { recurrenceOf } from './aws-cron.ts';

export interface ScheduleInput {
  group: string;
  name: string;
  description?: string;
  expression: string;
  timezone: string;
  startMs?: number;
  windowMinutes: number;
  target: {
    arn: string;
    /** What Scheduler acts as, which the group's ARN is shown to. */
    roleArn: string;
    groupArn: string;
    input: string;
    ageSecondsMax: number;
    attemptsMax: number;
    deadLetterArn?: string;
  };
}
interface Kept extends ScheduleInput {
  createdMs: number;
  /** Absent: never again. */
  nextMs?: number;
}
interface Call {
  group: string;
  name: string;
  dueMs: number;
  /** When it is to be made, again or for the first time. */
  atMs: number;
  attempts: number;
}
interface State {
  schedules: Kept[];
  calls: Call[];
}

export interface SchedulerOptions {
  path: string;
  clock: Clock;
  chance: Chance;
  /** Undefined = taken; else why not. */
  invoke: (schedule: ScheduleInput, payload: Json) => Promise<string | undefined>;
  deadLetter: (schedule: ScheduleInput, queueArn: string, body: string) => void;
  log: (line: string) => void;
}

const RETRY_MS = 60_000;

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #state: State;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  readonly #loop: Promise<void>;
  /** Calls whose function is at it. */
  readonly #made = new Set<Call>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { path } = options;
    this.#state = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as State) : { schedules: [], calls: [] };
    // In a turn of its own: only then is everything here.
    this.#loop = Promise.resolve().then(() => this.#run());
  }

  get(group: string, name: string): Readonly<Kept> | undefined {
    return this.#state.schedules.find((schedule) => schedule.group === group && schedule.name === name);
  }

  list(): readonly Readonly<Kept>[] {
    return this.#state.schedules;
  }

  /** Makes or replaces. @throws when the expression or the zone is none. */
  put(input: ScheduleInput): void {
    const createdMs = this.get(input.group, input.name)?.createdMs ?? this.#options.clock.now();
    const kept = { ...input, createdMs };
    const nextMs = following(kept, this.#options.clock.now() - 1);
    this.delete(input.group, input.name);
    this.#state.schedules.push({ ...kept, ...(nextMs !== undefined && { nextMs }) });
    this.#changed();
  }

  delete(group: string, name: string): boolean {
    const at = this.#state.schedules.findIndex((schedule) => schedule.group === group && schedule.name === name);
    if (at < 0) return false;
    this.#state.schedules.splice(at, 1);
    this.#state.calls = this.#state.calls.filter((call) => call.group !== group || call.name !== name);
    this.#changed();
    return true;
  }

  /** Calls the target at once for a due time, whatever the clock says. False when it was not taken. */
  async fire(group: string, name: string, dueMs: number): Promise<boolean> {
    const schedule = this.get(group, name);
    if (schedule === undefined) throw new Error(`there is no schedule ${group}/${name}`);
    return (await this.#invoke(schedule, dueMs)) === undefined;
  }

  /** Nothing is called any more; what is under way ends with the function host, and is called again at the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
  }

  #changed(): void {
    this.#save();
    this.#wake.abort();
  }

  #save(): void {
    const { path } = this.#options;
    writeFileSync(`${path}.new`, JSON.stringify(this.#state));
    renameSync(`${path}.new`, path);
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      this.#takeDue();
      for (const call of this.#waiting()) if (call.atMs <= clock.now()) void this.#make(call);
      const times = [...this.#state.schedules.map(({ nextMs = Infinity }) => nextMs), ...this.#waiting().map(({ atMs }) => atMs)]; // prettier-ignore
      await clock.sleep(Math.max(0, Math.min(...times) - clock.now()), this.#wake.signal);
    }
  }

  #waiting(): Call[] {
    return this.#state.calls.filter((call) => !this.#made.has(call));
  }

  /** Due times become calls, and stay with them until they are taken: a crash in between makes two of one. */
  #takeDue(): void {
    const now = this.#options.clock.now();
    let changed = false;
    for (const schedule of this.#state.schedules) {
      while (schedule.nextMs !== undefined && schedule.nextMs <= now) {
        const dueMs = schedule.nextMs;
        const { group, name, windowMinutes } = schedule;
        const laterMs = Math.floor(windowMinutes * 60_000 * this.#options.chance());
        if (dueMs + schedule.target.ageSecondsMax * 1000 >= now)
          this.#state.calls.push({ group, name, dueMs, atMs: dueMs + laterMs, attempts: 0 });
        const nextMs = following(schedule, dueMs);
        if (nextMs === undefined) delete schedule.nextMs;
        else schedule.nextMs = nextMs;
        changed = true;
      }
    }
    if (changed) this.#save();
  }

  async #make(call: Call): Promise<void> {
    const { clock, log } = this.#options;
    const schedule = this.get(call.group, call.name);
    this.#made.add(call);
    const failure = schedule && (await this.#invoke(schedule, call.dueMs));
    this.#made.delete(call);
    if (this.#stop.signal.aborted) return;
    call.attempts++;
    call.atMs = clock.now() + RETRY_MS * 2 ** (call.attempts - 1);
    const { ageSecondsMax, attemptsMax, deadLetterArn } = schedule?.target ?? { ageSecondsMax: 0, attemptsMax: 0 };
    const isOver = call.attempts > attemptsMax || call.atMs > call.dueMs + ageSecondsMax * 1000;
    if (failure !== undefined) log(`schedule ${call.name}: ${failure}`);
    if (failure === undefined || isOver) {
      this.#state.calls = this.#state.calls.filter((each) => each !== call);
      if (failure !== undefined && schedule && deadLetterArn !== undefined)
        this.#options.deadLetter(schedule, deadLetterArn, inputOf(schedule, call.dueMs));
    }
    this.#changed();
  }

  async #invoke(schedule: Kept, dueMs: number): Promise<string | undefined> {
    return this.#options.invoke(schedule, JSON.parse(inputOf(schedule, dueMs)) as Json);
  }
}

const following = ({ expression, timezone, startMs, createdMs }: Kept, afterMs: number): number | undefined =>
  recurrenceOf(expression, timezone, startMs ?? createdMs).after(Math.max(afterMs, (startMs ?? 0) - 1));

const inputOf = ({ target }: Kept, dueMs: number): string =>
  target.input.replaceAll('<aws.scheduler.scheduled-time>', new Date(dueMs).toISOString().replace(/\.\d+Z$/, 'Z'));
