/** What `npm run sim:pace` measures, as single jobs that any thread may do. */
import { measureKnown, KNOWN_METHODS, plannedWorkers, type Known, type KnownCase } from './known.ts';
import { measureUnknown, type Unknown, type UnknownCase } from './unknown.ts';
import { ANCHORS } from './unknown-anchors.ts';
import { ORIGINS } from './origin.ts';
import { SCHEDULES, type ScheduleName } from './capacity.ts';

export type KnownTable = 'shared' | 'crashes' | 'tenants';
export type Job = { of: KnownTable; given: KnownCase } | { of: 'unknown'; given: UnknownCase };
export type Done =
  { of: KnownTable; given: KnownCase; known: Known } | { of: 'unknown'; given: UnknownCase; unknown: Unknown };

export const RATES = [10, 30, 100, 300, 1000] as const;
const CRASH_SECONDS = 300;

export async function runJob(job: Job): Promise<Done> {
  if (job.of === 'unknown') return { ...job, unknown: await measureUnknown(job.given) };
  return { ...job, known: await measureKnown(job.given) };
}

export function knownJobs(seeds: readonly string[]): Job[] {
  return seeds.flatMap((seed) =>
    RATES.flatMap((rate): Job[] => {
      const gleaner = { method: 'gleaner' as const, rate, seed };
      const tenants = [1, 2, 4].map((times) => times * plannedWorkers(rate));
      return [
        ...KNOWN_METHODS.map((method): Job => ({ of: 'shared', given: { method, rate, seed } })),
        { of: 'crashes', given: { ...gleaner, crashSeconds: CRASH_SECONDS, seconds: rate < 300 ? 600 : 120 } },
        { of: 'tenants', given: { ...gleaner, tenants } },
      ];
    }),
  );
}

export function unknownJobs(seeds: readonly string[]): Job[] {
  const schedules = Object.keys(SCHEDULES) as ScheduleName[];
  return schedules.flatMap((schedule) =>
    (['gleaner', ...ANCHORS] as const).flatMap((method) =>
      ORIGINS.flatMap((origin) =>
        seeds.map((seed): Job => {
          // As many as the planner lets work at so slow a host.
          const workers = schedule === 'sparse' ? plannedWorkers(SCHEDULES.sparse.at(0)) : 4;
          return { of: 'unknown', given: { method, origin, schedule, seed, workers } };
        }),
      ),
    ),
  );
}
