/** What was measured, over all seeds, and whether it is what the documents say. */
import { mean, median } from './measures.ts';
import { ORIGINS, type OriginKind } from './origin.ts';
import { RATES, type Done, type KnownTable } from './jobs.ts';
import { SCHEDULES, type ScheduleName } from './capacity.ts';
import type { Known, KnownMethod } from './known.ts';
import type { Unknown, UnknownCase } from './unknown.ts';

export type UnknownMethod = UnknownCase['method'];

export class Figures {
  readonly #done: readonly Done[];

  constructor(done: readonly Done[]) {
    this.#done = done;
  }

  known(of: KnownTable, method: KnownMethod, rate: number): Known[] {
    return this.#done.flatMap((done) =>
      done.of === of && done.given.method === method && done.given.rate === rate ? [done.known] : [],
    );
  }

  unknown(schedule: ScheduleName, method: UnknownMethod, origin: OriginKind): Unknown[] {
    return this.#done.flatMap((done) => {
      if (done.of !== 'unknown') return [];
      const { given } = done;
      const isIt = given.schedule === schedule && given.method === method && given.origin === origin;
      return isIt ? [done.unknown] : [];
    });
  }

  /** @returns for each origin the mean over seeds. */
  goodputs(schedule: ScheduleName, method: UnknownMethod): number[] {
    return ORIGINS.map((origin) => mean(this.unknown(schedule, method, origin).map(({ goodput }) => goodput)));
  }
}

export interface Goal {
  what: string;
  /** The worst over all cases that are meant. */
  reached: number;
  least?: number;
  most?: number;
  unit: '%' | 's' | '' | '×';
}
export const isReached = ({ reached, least = -Infinity, most = Infinity }: Goal): boolean =>
  reached >= least && reached <= most;

const all = (figures: Figures, of: KnownTable, of2: (known: Known, rate: number) => number, from = 0): number[] =>
  RATES.filter((rate) => rate >= from).flatMap((rate) =>
    figures.known(of, 'gleaner', rate).map((known) => of2(known, rate)),
  );

export function knownGoals(figures: Figures): Goal[] {
  const lost = RATES.map((rate) => 1 - mean(figures.known('crashes', 'gleaner', rate).map((k) => k.utilisation)));
  return [
    { what: 'utilisation', reached: Math.min(...all(figures, 'shared', (k) => k.utilisation)), least: 0.99, unit: '%' },
    {
      what: 'requests in the worst second, above 1.05 · R + 1',
      reached: Math.max(...all(figures, 'shared', (k, rate) => k.worst - (1.05 * rate + 1))),
      most: 0,
      unit: '',
    },
    {
      what: 'writes per request from 10 rps',
      reached: Math.max(...all(figures, 'shared', (k) => k.writesPerRequest)),
      most: 0.25,
      unit: '',
    },
    {
      what: 'writes per request from 100 rps',
      reached: Math.max(...all(figures, 'shared', (k) => k.writesPerRequest, 100)),
      most: 0.1,
      unit: '',
    },
    { what: 'Jain over workers', reached: Math.min(...all(figures, 'shared', (k) => k.jain)), least: 0.95, unit: '' },
    {
      what: 'Jain over three tenants with 1 : 2 : 4 workers',
      reached: Math.min(...all(figures, 'tenants', (k) => k.tenantJain)),
      least: 0.95,
      unit: '',
    },
    { what: 'slots lost at a crash per worker and 300 s', reached: Math.max(...lost), most: 0.02, unit: '%' },
  ];
}

/** What is promised of each schedule. The steady figures of the first are the issue's. */
const PROMISED: Record<ScheduleName, { mean: number; each: number; rejects: number; latency?: number }> = {
  steps: { mean: 0.95, each: 0.92, rejects: 0.01, latency: 1.25 },
  jumps: { mean: 0.95, each: 0.92, rejects: 0.01, latency: 1.25 },
  sine: { mean: 0.95, each: 0.92, rejects: 0.01, latency: 1.25 },
  sparse: { mean: 0.85, each: 0.85, rejects: 0.02 },
};

export function unknownGoals(figures: Figures): Goal[] {
  const schedules = Object.keys(PROMISED) as ScheduleName[];
  return [...schedules.flatMap((schedule) => scheduleGoals(figures, schedule)), ...settleGoals(figures)];
}

function scheduleGoals(figures: Figures, schedule: ScheduleName): Goal[] {
  const promised = PROMISED[schedule];
  const goodputs = figures.goodputs(schedule, 'gleaner');
  const worst = (of: (unknown: Unknown) => number): number =>
    Math.max(...ORIGINS.map((origin) => mean(figures.unknown(schedule, 'gleaner', origin).map(of))));
  const { name } = SCHEDULES[schedule];
  return [
    { what: `${name}: goodput in the mean of the origins`, reached: mean(goodputs), least: promised.mean, unit: '%' },
    { what: `${name}: goodput on the worst origin`, reached: Math.min(...goodputs), least: promised.each, unit: '%' },
    {
      what: `${name}: refused for load, worst origin`,
      reached: worst((u) => u.rejects),
      most: promised.rejects,
      unit: '%',
    },
    ...(promised.latency === undefined
      ? []
      : [
          {
            what: `${name}: latency, worst origin`,
            reached: worst((u) => u.latency),
            most: promised.latency,
            unit: '×' as const,
          },
        ]),
  ];
}

function settleGoals(figures: Figures): Goal[] {
  const settled = (at: number): number =>
    Math.max(...ORIGINS.map((origin) => settledAfter(figures.unknown('steps', 'gleaner', origin), at)));
  return [
    { what: 'settled after the start, worst origin', reached: settled(0), most: 60, unit: 's' },
    { what: 'settled after 50 → 20, worst origin', reached: settled(1), most: 15, unit: 's' },
    { what: 'settled after 20 → 80, worst origin', reached: settled(2), most: 60, unit: 's' },
  ];
}

export const settledAfter = (measured: readonly Unknown[], at: number): number =>
  median(measured.map((unknown) => unknown.settledAfter[at] ?? Infinity));
