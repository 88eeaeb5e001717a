/** What a seed is about: a site, tasks over it, what the operator does and when, and what goes wrong. */
import { DISALLOWED, Site } from './site.ts';
import { Dice } from './chance.ts';
import { drawFaults, type FaultPlan } from './faults.ts';
import type { Overlap } from '#core/operations.ts';
import type { SourceSpec, TaskSpec } from '#core/task.ts';

export type Act = { atMs: number; twice: boolean } & (
  | { kind: 'start'; task: TaskSpec; overlap: Overlap }
  /** Of the task's latest run at that time. */
  | { kind: 'stop' | 'pause' | 'resume' | 'look'; task: string }
);
export interface Scenario {
  seed: string;
  site: Site;
  faults: FaultPlan;
  acts: Act[];
  /** Lists that the operator has uploaded. */
  uploads: Map<string, string[]>;
  workers: number;
  /** How long one worker may run, and how long the queue hides what it has received. */
  workerLifeMs: number;
  visibilityMs: number;
  shardTargets: number;
  /** The shortest a stream is planned to last: small ones make several of few targets. */
  streamSecondsMin: number;
  /** Requests in flight in one worker, and how far away the end of a stream must be to be split. */
  slots: number;
  splitSeconds: number;
  /** How often a run that ended with failures is driven again, and whether the site is mended before. */
  redrives: number;
  mends: boolean;
  /** The tenant's quota of runs at a time. */
  runsAtOnce: number | null;
}

export function drawScenario(seed: string, faults?: FaultPlan): Scenario {
  const dice = new Dice(`${seed} scenario`);
  const troubled = dice.pick([0, 0.1, 0.3]);
  const site = new Site(dice, {
    hosts: dice.whole(1, 5),
    pages: dice.whole(10, 60),
    troubled,
    poison: dice.is(0.15) ? 1 : 0,
  });
  const uploads = new Map<string, string[]>();
  const tasks = Array.from({ length: dice.is(0.25) ? 2 : 1 }, (_, i) => drawTask(dice, site, uploads, i));
  return {
    seed,
    site,
    uploads,
    faults: faults ?? drawFaults(new Dice(`${seed} faults`)),
    acts: tasks.flatMap((task) => drawActs(dice, task)).sort((a, b) => a.atMs - b.atMs),
    workers: dice.whole(1, 6),
    workerLifeMs: dice.is(0.3) ? dice.between(35_000, 90_000) : 900_000,
    visibilityMs: dice.is(0.3) ? dice.between(20_000, 120_000) : 5_400_000,
    shardTargets: dice.pick([3, 5, 8, 20, 1_000]),
    streamSecondsMin: dice.pick([0.05, 0.2, 1, 20]),
    slots: dice.pick([1, 1, 2, 64]),
    splitSeconds: dice.pick([0.1, 1, 20]),
    redrives: dice.is(0.3) ? dice.whole(1, 2) : 0,
    mends: dice.is(0.7),
    runsAtOnce: dice.is(0.2) ? 1 : null,
  };
}

/** The task of a run. */
export function taskOf({ acts }: Scenario, { taskId }: { taskId: string }): TaskSpec {
  for (const act of acts) if (act.kind === 'start' && act.task.name === taskId) return act.task;
  throw new Error(`no task ${taskId}`);
}

export const TENANT = 'acme';
export const UPLOAD_ID = '01m85m9n7smpak9t176ge20tcj';

function drawTask(dice: Dice, site: Site, uploads: Map<string, string[]>, i: number): TaskSpec {
  const isTight = dice.is(0.06);
  return {
    name: `task-${String(i)}`,
    source: drawSource(dice, site, uploads),
    fetch: {
      ...{ headers: {}, secretHeaders: {}, timeoutSeconds: dice.whole(4, 10), maxBytes: 1 << 20, redirects: 5 },
      ...{ robots: 'respect', cache: 'off' },
    },
    extract: { format: 'json', fields: {}, keepBody: 'none', ...(dice.is(0.2) && { key: ['shared'] }) },
    pace: { requestsPerSecond: dice.pick([2, 5, 10, 40]), concurrency: dice.whole(1, 8), adapt: dice.is(0.5) },
    retry: { attempts: dice.whole(3, 4), baseSeconds: 1, maxSeconds: dice.pick([5, 60]) },
    limits: {
      ...{ maxTargets: dice.is(0.15) ? dice.whole(3, 30) : 1_000_000, maxMinutes: isTight ? dice.whole(1, 3) : 1_440 },
      ...{ maxRecords: dice.is(0.05) ? dice.whole(5, 40) : null, maxCostUsd: null },
    },
    output: { format: 'ndjson' },
    priority: 'normal',
  };
}

function drawSource(dice: Dice, site: Site, uploads: Map<string, string[]>): SourceSpec {
  const urls = [...site.pages.keys()];
  const some = (): string[] => urls.filter(() => dice.is(0.9));
  const doubled = (list: string[]): string[] => list.flatMap((url) => (dice.is(0.08) ? [url, `${url}#again`] : [url]));
  const globs = dice.is(0.25) ? { exclude: [`**/p/*${String(dice.whole(0, 9))}`] } : {};
  const kind = dice.next();
  if (kind < 0.05) return { sitemap: site.sitemap(dice, doubled(some())), ...globs };
  if (kind < 0.35) return { urls: doubled(some()), ...globs };
  if (kind < 0.75) {
    const seeds = Array.from({ length: dice.whole(1, 4) }, () => dice.pick(urls));
    const crawl = { seeds, depth: dice.whole(1, 4), scope: dice.pick(['domain', 'any'] as const), links: 'a' };
    return { crawl: { ...crawl, maxTargets: dice.is(0.2) ? dice.whole(5, 25) : 10_000 }, ...globs };
  }
  if (kind < 0.85) {
    // Now and then nobody has put the list where the task says it is.
    if (dice.is(0.95))
      uploads.set(UPLOAD_ID, [
        ...doubled(some()),
        'no url at all',
        ...(dice.is(0.5) ? [`https://h0.example${DISALLOWED}x`] : []),
      ]);
    return { list: `upload:${UPLOAD_ID}`, ...globs };
  }
  if (kind < 0.92) {
    const url = site.chain(dice, dice.whole(2, 25));
    return { follow: { url, next: { json: '$.next' }, maxPages: dice.is(0.3) ? dice.whole(1, 10) : 1_000 } };
  }
  const host = dice.pick(site.hosts).name;
  return { range: { url: `https://${host}/p/{n}`, n: { from: 0, to: dice.whole(5, 40), step: 1, pad: 0 } }, ...globs };
}

function drawActs(dice: Dice, task: TaskSpec): Act[] {
  const acts: Act[] = [];
  const overlap = dice.pick(['skip', 'queue', 'allow', 'allow'] as const);
  const runs = dice.is(0.3) ? dice.whole(2, 3) : 1;
  const soon = (): number => (dice.is(0.5) ? dice.between(0, 8_000) : dice.between(0, 60_000));
  const twice = (): boolean => dice.is(0.25);
  for (let i = 0; i < runs; i++)
    acts.push({ kind: 'start', atMs: i === 0 ? dice.between(0, 1_000) : soon(), twice: twice(), task, overlap });
  const act = (kind: 'stop' | 'pause' | 'resume' | 'look', atMs: number): void =>
    void acts.push({ kind, atMs, twice: twice(), task: task.name });
  if (dice.is(0.3)) {
    for (let i = dice.whole(1, 2); i > 0; i--) {
      const atMs = soon();
      act('pause', atMs);
      act(
        dice.is(0.9) ? 'resume' : 'stop',
        atMs + dice.pick([10, 1_000, 4_000, 20_000, 120_000]) * dice.between(0.5, 1.5),
      );
    }
  }
  if (dice.is(0.15)) act('stop', soon());
  for (let i = dice.whole(0, 2); i > 0; i--) act('look', soon());
  return acts;
}
