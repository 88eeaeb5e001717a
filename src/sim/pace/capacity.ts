/** What a host bears over time, requests per second by seconds since the start. */
export interface Schedule {
  name: string;
  seconds: number;
  at: (second: number) => number;
  /** When it changes at once, seconds. */
  steps: number[];
  /** After the start and each step this long is left out where a steady figure is meant. */
  settleSeconds: number;
}

const GRID = 20;

/** A schedule with its integral, on a grid of 50 ms. */
export class Capacity {
  readonly schedule: Schedule;
  readonly #sums: number[] = [0];

  constructor(schedule: Schedule) {
    this.schedule = schedule;
    for (let i = 0; i < schedule.seconds * GRID + 20 * GRID; i++)
      this.#sums.push((this.#sums[i] ?? 0) + schedule.at((i + 0.5) / GRID) / GRID);
  }

  at(second: number): number {
    return this.schedule.at(second);
  }

  /** Requests that it bears from one second to another. */
  between(from: number, to: number): number {
    return this.#until(to) - this.#until(from);
  }

  #until(second: number): number {
    const at = Math.min(Math.max(0, second * GRID), this.#sums.length - 2);
    const i = Math.floor(at);
    const [low = 0, high = 0] = [this.#sums[i], this.#sums[i + 1]];
    return low + (high - low) * (at - i);
  }

  isSteady(second: number): boolean {
    const { steps, settleSeconds } = this.schedule;
    return ![0, ...steps].some((step) => second >= step && second < step + settleSeconds);
  }
}

function stepped(name: string, levels: number[], each: number, settleSeconds: number): Schedule {
  return {
    name,
    seconds: levels.length * each,
    at: (second) => levels[Math.min(levels.length - 1, Math.floor(second / each))] ?? 0,
    steps: levels.slice(1).map((_, i) => (i + 1) * each),
    settleSeconds,
  };
}

export const SCHEDULES = {
  /** The schedule that parameters were tuned on, with seeds below 200. */
  steps: stepped('50 → 20 → 80', [50, 20, 80], 200, 40),
  /** Looked at when the rule for walls was made, and for no other parameter. */
  jumps: stepped('5 → 200 → 40', [5, 200, 40], 200, 60),
  /** The same. */
  sine: {
    name: '50 ± 25 in 600 s',
    seconds: 900,
    at: (second) => 50 + 25 * Math.sin((2 * Math.PI * second) / 600),
    steps: [],
    settleSeconds: 40,
  },
  /** Tuned on as well, with two workers. */
  sparse: stepped('2 → 0.5 → 4', [2, 0.5, 4], 300, 60),
} satisfies Record<string, Schedule>;
export type ScheduleName = keyof typeof SCHEDULES;
