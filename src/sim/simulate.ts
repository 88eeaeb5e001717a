/** One seed from its first moment to the end of all its runs. */
import { MessageChannel } from 'node:worker_threads';
import { checkEnd } from './check-end.ts';
import { violation, type Violation } from './invariants.ts';
import { Operator } from './operator.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { START_MS } from './site.ts';
import { World } from './world.ts';
import type { FaultKind } from './faults.ts';
import type { Entry } from './history.ts';

export interface Simulated {
  seed: string;
  violations: Violation[];
  history: readonly Entry[];
  /** Of the whole history: equal for equal seeds. */
  digest: string;
  /** What went wrong on purpose, in words. */
  plan: string;
  faults: Partial<Record<FaultKind, number>>;
  runs: number;
  /** How runs ended, and what they went through on the way. */
  ends: Record<string, number>;
  targets: number;
  crashes: number;
  virtualMs: number;
  events: number;
}
export interface SimulateOptions {
  keepHistory?: boolean;
  scenario?: Scenario;
}

const SWEEP_MS = 60_000;
/** A run is stuck when it has not ended this long after the last fault: a lost message may be believed in for hours. */
const STUCK_MS = 8 * 3_600_000;

export async function simulate(seed: string, options: SimulateOptions = {}): Promise<Simulated> {
  const scenario = options.scenario ?? drawScenario(seed);
  const world = new World(scenario, options.keepHistory === true);
  const { clock, watch, trouble } = world;
  await world.open();
  const operator = new Operator(world);
  let isOver = false;
  const look = (): void => {
    isOver ||= operator.isIdle && watch.open.length === 0;
    if (!isOver) clock.at(clock.now() + SWEEP_MS, sweepOnce);
  };
  const sweepOnce = (): void => {
    const { missed, twice } = trouble.plan.sweep;
    if (trouble.befalls('sweepMissed', missed, clock.now())) return look();
    if (trouble.befalls('sweepTwice', twice, clock.now())) void world.sweep();
    void world.sweep().then(look);
  };
  clock.at(START_MS + trouble.between(0, SWEEP_MS), sweepOnce);
  const lastMs = START_MS + Math.max(scenario.faults.untilMs, 900_000) + STUCK_MS;
  let events = 0;
  const turns = new Turns();
  for (;;) {
    await turns.next();
    if (isOver || watch.violations.length > 0) break;
    if (clock.nextAt !== undefined && clock.nextAt > lastMs) {
      const open = watch.open.map(({ runId, state }) => `${runId} is ${state}`);
      watch.violate(violation('runEnds', open.length > 0 ? open.join(', ') : 'the operator waits for an answer'));
    } else if (!clock.next()) watch.violate(violation('runEnds', 'nothing moves any more'));
    events++;
  }
  turns.close();
  if (watch.violations.length === 0) watch.violate(...checkEnd(world));
  return {
    seed,
    violations: watch.violations,
    history: world.history.entries,
    digest: world.history.digest,
    plan: scenario.faults.names.join(', '),
    faults: trouble.counts,
    runs: watch.runs.size,
    ends: endsOf(world),
    targets: watch.targets,
    crashes: world.crashes,
    virtualMs: world.sinceStart,
    events,
  };
}

function endsOf({ watch }: World): Record<string, number> {
  const ends: Record<string, number> = {};
  const add = (what: string, n = 1): void => void (ends[what] = (ends[what] ?? 0) + n);
  for (const { row } of watch.runs.values()) {
    add(row.state);
    if (row.rounds.length > 1) add('several rounds');
    if (row.redrives !== undefined) add('redriven');
    if (row.overlap !== undefined) add('under a lock');
  }
  for (const [what, n] of watch.seen) add(what, n);
  return ends;
}

/** Waits until every promise that can move has moved: microtasks come before the next message. */
class Turns {
  readonly #channel = new MessageChannel();
  #resolve: (() => void) | undefined;

  constructor() {
    this.#channel.port1.on('message', () => this.#resolve?.());
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#channel.port2.postMessage(0);
    });
  }

  close(): void {
    this.#channel.port1.close();
  }
}
