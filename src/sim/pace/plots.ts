/** The figures as plots. */
import { KNOWN_METHODS, type Known } from './known.ts';
import { KNOWN_TITLES, titleOf } from './tables.ts';
import { mean } from './measures.ts';
import { plot, type Line, type Panel } from '../plot.ts';
import { ORIGINS, type OriginKind } from './origin.ts';
import { RATES } from './jobs.ts';
import { SCHEDULES, type ScheduleName } from './capacity.ts';
import type { Figures, UnknownMethod } from './figures.ts';

export function knownPlot(figures: Figures): string {
  const lines = (of: (known: Known, rate: number) => number): Line[] =>
    KNOWN_METHODS.map((method) => ({
      name: KNOWN_TITLES[method],
      points: RATES.map((rate) => [rate, mean(figures.known('shared', method, rate).map((k) => of(k, rate)))] as const),
    }));
  const x = { label: 'limit, requests per second', min: 10, max: 1000, log: true };
  return plot('A known limit shared by workers', [
    { title: 'Used of the limit', x, y: { label: '%', min: 0, max: 105 }, lines: lines((k) => k.utilisation * 100) },
    {
      title: 'Table writes per request',
      x,
      y: { label: 'writes', min: 0.01, max: 10, log: true },
      lines: lines((k) => k.writesPerRequest),
    },
    {
      title: 'Worst second, as a multiple of the limit',
      x,
      y: { label: '×', min: 0.9, max: 2 },
      lines: lines((k, rate) => k.worst / rate),
    },
    { title: 'Fairness over workers (Jain)', x, y: { label: '', min: 0, max: 1 }, lines: lines((k) => k.jain) },
  ]);
}

const SHOWN: readonly UnknownMethod[] = ['gleaner', 'aimd', 'aws'];
const PANEL_TITLES: Record<OriginKind, string> = {
  bucket: 'Token bucket',
  quota: 'Quota per ten seconds',
  queue: 'Queue',
  noisy: 'Token bucket that fails now and then',
};

/** What was accepted over time, for the first seed. */
export function unknownPlot(figures: Figures, schedule: ScheduleName): string {
  const { seconds, at, name } = SCHEDULES[schedule];
  const every = Array.from({ length: seconds / 2 }, (_, i) => i * 2);
  const most = Math.max(...every.map(at));
  const panels = ORIGINS.map((origin): Panel => {
    const goal: Line = {
      name: 'what the host bears',
      isGoal: true,
      points: every.map((second) => [second, at(second)]),
    };
    const lines = SHOWN.map((method): Line => {
      const accepted = figures.unknown(schedule, method, origin)[0]?.accepted ?? [];
      return { name: titleOf(method), points: smooth(accepted).filter(([second]) => second % 2 === 0) };
    });
    return {
      title: PANEL_TITLES[origin],
      x: { label: 'seconds', min: 0, max: seconds },
      y: { label: 'accepted per second', min: 0, max: most * 1.3 },
      // What is ours is drawn last.
      lines: [goal, ...lines].reverse().sort((a, b) => Number(a.name === 'Gleaner') - Number(b.name === 'Gleaner')),
    };
  });
  return plot(`A limit that nobody knows: ${name} requests per second`, panels);
}

const OVER_SECONDS = 5;

function smooth(values: readonly number[]): [number, number][] {
  return values.map((_, i) => [i, mean(values.slice(Math.max(0, i - OVER_SECONDS + 1), i + 1))]);
}
