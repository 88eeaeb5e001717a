/** The figures as Markdown. */
import { ANCHOR_TITLES, ANCHORS } from './unknown-anchors.ts';
import { isReached, settledAfter, type Figures, type Goal, type UnknownMethod } from './figures.ts';
import { KNOWN_METHODS, type KnownMethod } from './known.ts';
import { mean } from './measures.ts';
import { table } from '../markdown.ts';
import { ORIGINS, type OriginKind } from './origin.ts';
import { RATES } from './jobs.ts';
import { SCHEDULES, type ScheduleName } from './capacity.ts';
import type { Known } from './known.ts';

export const KNOWN_TITLES: Record<KnownMethod, string> = {
  gleaner: 'Gleaner',
  window: 'fixed window',
  bucket: 'token bucket, optimistic lock',
  gcra: 'GCRA per request',
};
const ORIGIN_TITLES: Record<OriginKind, string> = {
  bucket: 'token bucket',
  quota: '10-s quota',
  queue: 'queue',
  noisy: 'bucket + 1 % errors',
};
export const titleOf = (method: UnknownMethod): string => (method === 'gleaner' ? 'Gleaner' : ANCHOR_TITLES[method]);

const percent = (share: number, digits = 1): string => (share * 100).toFixed(digits);

export function knownTable(figures: Figures): string {
  const rows = RATES.flatMap((rate) =>
    KNOWN_METHODS.map((method) => {
      const measured = figures.known('shared', method, rate);
      const over = (of: (known: Known) => number): number => mean(measured.map(of));
      return [
        String(rate),
        KNOWN_TITLES[method],
        percent(over((k) => k.utilisation)),
        String(Math.max(...measured.map(({ worst }) => worst))),
        over((k) => k.writesPerRequest).toFixed(3),
        over((k) => k.readsPerRequest).toFixed(2),
        over((k) => k.jain).toFixed(2),
      ];
    }),
  );
  return table([
    ['rps', 'method', 'utilisation %', 'worst second', 'writes/request', 'reads/request', 'Jain'],
    ...rows,
  ]);
}

export function hardshipTable(figures: Figures): string {
  const rows = RATES.map((rate) => {
    const crashes = figures.known('crashes', 'gleaner', rate);
    const tenants = figures.known('tenants', 'gleaner', rate);
    return [
      String(rate),
      percent(1 - mean(crashes.map(({ utilisation }) => utilisation)), 2),
      Math.min(...tenants.map(({ tenantJain }) => tenantJain)).toFixed(3),
      percent(mean(tenants.map(({ utilisation }) => utilisation))),
      mean(tenants.map(({ writesPerRequest }) => writesPerRequest)).toFixed(3),
    ];
  });
  return table([
    ['rps', 'lost to crashes %', 'Jain over tenants', 'utilisation %', 'writes/request, seven times the workers'],
    ...rows,
  ]);
}

export function unknownTable(figures: Figures, schedule: ScheduleName): string {
  const steps = SCHEDULES[schedule].steps.length + 1;
  const rows = (['gleaner', ...ANCHORS] as const).map((method) => {
    const cells = ORIGINS.map((origin) => {
      const measured = figures.unknown(schedule, method, origin);
      const over = (of: 'goodput' | 'rejects' | 'latency'): number => mean(measured.map((each) => each[of]));
      const settled = Array.from({ length: steps }, (_, at) => seconds(settledAfter(measured, at))).join(' ');
      return `${percent(over('goodput'))} · ${percent(over('rejects'), 2)} · ${over('latency').toFixed(2)} · ${settled}`;
    });
    const all = ORIGINS.flatMap((origin) => figures.unknown(schedule, method, origin));
    const writes = method === 'gleaner' ? mean(all.map(({ writesPerRequest }) => writesPerRequest)).toFixed(2) : '';
    return [titleOf(method), percent(mean(figures.goodputs(schedule, method))), ...cells, writes];
  });
  return table([['control', 'mean %', ...ORIGINS.map((origin) => ORIGIN_TITLES[origin]), 'writes/request'], ...rows]);
}

const seconds = (value: number): string => (Number.isFinite(value) ? String(Math.round(value)) : '∞');

export function goalTable(goals: readonly Goal[]): string {
  const show = (value: number, { unit }: Goal): string =>
    unit === '%' ? `${percent(value, 2)} %` : unit === 's' ? `${seconds(value)} s` : String(Number(value.toFixed(3)));
  const rows = goals.map((goal) => [
    goal.what,
    goal.least === undefined ? `≤ ${show(goal.most ?? Infinity, goal)}` : `≥ ${show(goal.least, goal)}`,
    show(goal.reached, goal),
    isReached(goal) ? 'yes' : '**no**',
  ]);
  return table([['figure, worst case', 'promised', 'measured', 'kept'], ...rows]);
}
