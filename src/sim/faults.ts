/**
 * What goes wrong, as data: a fault plan is a mixture of a few kinds of trouble, each with its rate or its moments. All of
 * it ceases at one time, after which every run has to come to its end.
 */
import { Dice } from './chance.ts';

export const PORT_NAMES = ['table', 'pace', 'objects', 'queue', 'dead', 'orchestrator', 'signer'] as const;
export type PortName = (typeof PORT_NAMES)[number];

/** Everything that is counted as a fault when it happens. */
export const FAULT_KINDS = [
  'slow',
  'stalled',
  'throttled',
  'answerLost',
  'timedOut',
  'repeated',
  'killed',
  'killedAsleep',
  'blackout',
  'duplicated',
  'messageLost',
  'messageLate',
  'sweepMissed',
  'sweepTwice',
  'executionDied',
  'invokedTwice',
  'unheard',
  'unseen',
  'skewed',
  'oldRelease',
  'poisoned',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultPlan {
  /** For people: what the mixture is made of. */
  names: string[];
  /** No fault after this, milliseconds from the start. */
  untilMs: number;
  /**
   * Per port call: a long latency; a sandbox that stands still with all that is in it, also beyond a lease; an error before the effect; one after it; a time-out, with or without the effect; a client
   * that lost the answer, tried again by itself and tells the second one.
   */
  port: { slow: number; stalled: number; throttled: number; answerLost: number; timedOut: number; repeated: number };
  /** One port that fails more than it works, for a while. */
  storms: { port: PortName; fromMs: number; toMs: number; failing: number }[];
  /** Per port call, and per sleep: the invocation dies there. */
  kill: number;
  killAsleep: number;
  /** Per write that changes a state: its caller dies when it has taken effect, before whatever was to follow. */
  killAtTurn: number;
  /** Moments at which everything that runs dies. */
  blackoutsMs: number[];
  message: { duplicated: number; lost: number; late: number };
  sweep: { missed: number; twice: number };
  /**
   * Per state of the state machine: the execution dies; the invocation runs twice; its answer is lost. Per question: an
   * execution that is well is told to be none, as a read that is not up to date does.
   */
  machine: { dies: number; twice: number; unheard: number; unseen: number };
  /** Clocks of invocations are off by up to this. */
  skewMs: number;
  /** Workers started before this are of the release before. */
  deployMs: number;
}

export const CALM: FaultPlan = {
  names: ['calm'],
  untilMs: 0,
  port: { slow: 0, stalled: 0, throttled: 0, answerLost: 0, timedOut: 0, repeated: 0 },
  storms: [],
  kill: 0,
  killAsleep: 0,
  killAtTurn: 0,
  blackoutsMs: [],
  message: { duplicated: 0, lost: 0, late: 0 },
  sweep: { missed: 0, twice: 0 },
  machine: { dies: 0, twice: 0, unheard: 0, unseen: 0 },
  skewMs: 0,
  deployMs: 0,
};

type Ingredient = (plan: FaultPlan, dice: Dice) => Partial<FaultPlan>;

/** Each adds one kind of trouble; any number of them go together. */
export const INGREDIENTS = {
  slowPorts: ({ port }, dice) => ({ port: { ...port, slow: dice.between(0.01, 0.1) } }),
  stalls: ({ port }, dice) => ({ port: { ...port, stalled: dice.between(0.01, 0.06) } }),
  throttling: ({ port }, dice) => ({ port: { ...port, throttled: dice.between(0.005, 0.06) } }),
  lostAnswers: ({ port }, dice) => ({ port: { ...port, answerLost: dice.between(0.005, 0.05) } }),
  timeOuts: ({ port }, dice) => ({ port: { ...port, timedOut: dice.between(0.002, 0.02) } }),
  repeats: ({ port }, dice) => ({ port: { ...port, repeated: dice.between(0.005, 0.06) } }),
  storm: (_, dice) => {
    const fromMs = dice.between(0, 60_000);
    const toMs = fromMs + dice.between(2_000, 40_000);
    return { storms: [{ port: dice.pick(PORT_NAMES), fromMs, toMs, failing: dice.between(0.3, 1) }] };
  },
  kills: (_, dice) => ({ kill: dice.between(0.001, 0.02), killAsleep: dice.between(0, 0.02) }),
  manyKills: (_, dice) => ({ kill: dice.between(0.02, 0.08) }),
  blackouts: (_, dice) => ({
    blackoutsMs: Array.from({ length: dice.whole(1, 4) }, () => dice.between(100, 90_000)),
  }),
  turns: (_, dice) => ({ killAtTurn: dice.between(0.02, 0.3) }),
  doubles: ({ message }, dice) => ({ message: { ...message, duplicated: dice.between(0.05, 0.5) } }),
  losses: ({ message }, dice) => ({ message: { ...message, lost: dice.between(0.05, 0.5) } }),
  lateness: ({ message }, dice) => ({ message: { ...message, late: dice.between(0.1, 0.8) } }),
  sweeps: (_, dice) => ({ sweep: { missed: dice.between(0, 0.5), twice: dice.between(0, 0.7) } }),
  executions: ({ machine }, dice) => ({
    machine: { ...machine, dies: dice.between(0.02, 0.2), unseen: dice.between(0.2, 0.9) },
  }),
  invocations: ({ machine }, dice) => ({
    machine: {
      ...machine,
      twice: dice.between(0.1, 0.7),
      unheard: dice.between(0.02, 0.3),
    },
  }),
  skew: (_, dice) => ({ skewMs: dice.is(0.3) ? 2_000 : dice.between(50, 500) }),
  deploy: (_, dice) => ({ deployMs: dice.between(2_000, 60_000) }),
} satisfies Record<string, Ingredient>;
export type IngredientName = keyof typeof INGREDIENTS;
const NAMES = Object.keys(INGREDIENTS) as IngredientName[];

export function mixed(names: IngredientName[], untilMs: number, dice: Dice): FaultPlan {
  let plan: FaultPlan = { ...CALM, names, untilMs };
  for (const name of names) plan = { ...plan, ...INGREDIENTS[name](plan, dice) };
  return plan;
}

/** One seed in eight is calm; the others have one kind of trouble, some, or most of it at once. */
export function drawFaults(dice: Dice): FaultPlan {
  const how = dice.next();
  const count = how < 0.12 ? 0 : how < 0.4 ? 1 : how < 0.8 ? dice.whole(2, 4) : dice.whole(5, NAMES.length);
  const names = new Set<IngredientName>();
  while (names.size < count) names.add(dice.pick(NAMES));
  return count === 0 ? CALM : mixed([...names].sort(), dice.between(30_000, 240_000), dice);
}

/** What becomes of one port call. */
export interface Fate {
  beforeMs: number;
  afterMs: number;
  /** Injected part of these. */
  extraMs: number;
  error?: 'unsent' | 'answerLost';
  /** The effect takes place twice, this long after each other; the second answer is told. */
  againMs?: number;
  /** The caller stands still for `extraMs`. */
  stalls?: true;
  /** The caller dies with this call. */
  dies: boolean;
  /** A request whose sender has died is still carried out. */
  lands: boolean;
}

/** Milliseconds a call takes where nothing is wrong: to the effect, and back. */
const USUAL: Record<PortName, [low: number, high: number]> = {
  table: [2, 9],
  pace: [2, 9],
  objects: [8, 40],
  queue: [4, 15],
  dead: [4, 15],
  orchestrator: [8, 30],
  signer: [1, 3],
};
/** A client gives up after this. */
const TIME_OUT_MS = [1_000, 9_000] as const;
const SLOW_MS = [200, 6_000] as const;
const STALL_MS = [5_000, 70_000] as const;

/** Draws what happens, as long as faults last. */
export class Trouble {
  readonly plan: FaultPlan;
  readonly counts: Partial<Record<FaultKind, number>> = {};
  readonly #startMs: number;
  readonly #calls: Dice;
  readonly #others: Dice;

  constructor(plan: FaultPlan, startMs: number, seed: string) {
    this.plan = plan;
    this.#startMs = startMs;
    this.#calls = new Dice(`${seed} calls`);
    this.#others = new Dice(`${seed} trouble`);
  }

  count(kind: FaultKind): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  lasts(now: number): boolean {
    return now < this.#startMs + this.plan.untilMs;
  }

  /** Does this befall now? Counted when it does. */
  befalls(kind: FaultKind, probability: number, now: number): boolean {
    const does = this.lasts(now) && this.#others.is(probability);
    if (does) this.count(kind);
    return does;
  }

  /** A length or a place for something that befalls. */
  between(low: number, high: number): number {
    return this.#others.between(low, high);
  }

  /** @param isTurn the call changes a state. */
  fate(port: PortName, now: number, isTurn: boolean): Fate {
    const dice = this.#calls;
    const [low, high] = USUAL[port];
    const usual = dice.between(low, high);
    // Before the effect, after it, or on both ways: what others do in between differs.
    const split = dice.next();
    const beforeMs = split < 0.4 ? usual : split < 0.8 ? 0 : usual / 2;
    const fate: Fate = { beforeMs, afterMs: usual - beforeMs, extraMs: 0, dies: false, lands: split > 0.5 };
    if (!this.lasts(now)) return fate;
    const { killAtTurn } = this.plan;
    if (!isTurn || killAtTurn === 0 || !dice.is(killAtTurn)) return this.#troubled(fate, port, now);
    this.count('killed');
    return { ...fate, dies: true, lands: true };
  }

  #troubled(fate: Fate, port: PortName, now: number): Fate {
    const { port: rates, kill, storms } = this.plan;
    const dice = this.#calls;
    if (dice.is(kill)) {
      this.count('killed');
      return { ...fate, dies: true };
    }
    const since = now - this.#startMs;
    const storm = storms.find((each) => each.port === port && since >= each.fromMs && since < each.toMs);
    if (dice.is(rates.throttled + (storm?.failing ?? 0))) {
      this.count('throttled');
      return { ...fate, error: 'unsent' };
    }
    if (dice.is(rates.answerLost)) {
      this.count('answerLost');
      return { ...fate, error: 'answerLost' };
    }
    if (dice.is(rates.repeated)) {
      this.count('repeated');
      const againMs = dice.between(20, 400);
      return { ...fate, againMs, extraMs: againMs };
    }
    if (dice.is(rates.timedOut)) {
      this.count('timedOut');
      const extraMs = dice.between(...TIME_OUT_MS);
      const error = dice.is(0.5) ? 'unsent' : 'answerLost';
      return { ...fate, extraMs, error, afterMs: fate.afterMs + extraMs };
    }
    if (dice.is(rates.stalled)) {
      this.count('stalled');
      return { ...fate, stalls: true, extraMs: dice.between(...STALL_MS) };
    }
    if (dice.is(rates.slow)) {
      this.count('slow');
      const extraMs = dice.between(...SLOW_MS);
      return dice.is(0.5)
        ? { ...fate, extraMs, beforeMs: fate.beforeMs + extraMs }
        : { ...fate, extraMs, afterMs: fate.afterMs + extraMs };
    }
    return fate;
  }
}
