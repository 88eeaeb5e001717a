/** Invariants of a run's ledger against what the site and the task say must be in it. Pure. */
import { compileFilter, compileScope, targetIdentity } from '#core/url.ts';
import { expandRange } from '#core/range.ts';
import type { Bucket, FailReason, LedgerLine } from '#core/ledger.ts';
import type { TaskSpec } from '#core/task.ts';
import { violation, type Violation } from './invariants.ts';
import { DISALLOWED, type Site } from './site.ts';

export interface RunFacts {
  runId: string;
  task: TaskSpec;
  site: Site;
  /** Lines of the list that its source names. */
  list: string[];
  /** Nobody and nothing ended it early. */
  isWhole: boolean;
  redrives: number;
  /** Rounds that were planned, and targets in their shards. */
  rounds: number;
  planned: number;
  /** The most deaths, not by poison, that workers of one of its shards met. */
  deaths: number;
}

const idOf = ({ url, method }: { url: string; method?: string }): string =>
  targetIdentity({ url, ...(method !== undefined && { method }) }) ?? url;
const domainOf = (hostname: string): string => hostname.split('.').slice(-2).join('.');

export function checkLedger(facts: RunFacts, lines: LedgerLine[]): Violation[] {
  const found: Violation[] = [];
  const says = (name: Violation['name'], text: string): void =>
    void found.push(violation(name, `run ${facts.runId}: ${text}`));
  const own = new Map<string, LedgerLine>();
  const named = new Map<string, number>();
  for (const line of lines) {
    const id = idOf(line);
    named.set(id, (named.get(id) ?? 0) + 1);
    if (line.bucket === 'duplicate') continue;
    const other = own.get(id);
    // What a rule keeps out is kept out as often as it is named.
    if (other && !(other.bucket === 'excluded' && line.bucket === 'excluded'))
      says('oneBucket', `${id} is ${other.bucket} and ${line.bucket}`);
    own.set(id, line);
  }
  for (const id of named.keys()) if (!own.has(id)) says('oneBucket', `${id} is only a duplicate`);
  for (const [id, line] of own) {
    const may = bucketsOf(facts, id);
    if (!may.some((each) => fits(each, line)))
      says('rightBucket', `${id} is ${toldOf(line)}, expected ${may.map(nameOf).join(' or ')}`);
  }
  for (const text of checkNames(facts, own, named)) says('targetsKept', text);
  return found;
}

const toldOf = ({ bucket, reason, detail }: LedgerLine): string => [bucket, reason, detail].filter(Boolean).join('/');

// ---------------------------------------------------------------- names

function checkNames(facts: RunFacts, own: Map<string, LedgerLine>, named: Map<string, number>): string[] {
  const found: string[] = [];
  if (facts.rounds === 0) return own.size > 0 ? ['nothing was planned, but the ledger has lines'] : [];
  const source = sourceOf(facts);
  for (const [id, times] of source) {
    const has = named.get(id) ?? 0;
    if (has !== times) found.push(`${id} was named ${String(times)} times and has ${String(has)} lines`);
  }
  const reached = reachedFrom(facts, own);
  for (const [id, isDue] of reached)
    if (isDue && !own.has(id)) found.push(`${id} was named by a collected page and is lost`);
  for (const id of own.keys()) if (!source.has(id) && !reached.has(id)) found.push(`${id} was named by nothing`);
  return found;
}

/** What the source names: identity → how often. */
function sourceOf({ task, site, list }: RunFacts): Map<string, number> {
  const { urls, range, crawl, follow } = task.source;
  const given =
    urls?.map((each) => (typeof each === 'string' ? each : each.url)) ??
    (range ? [...expandRange(range)] : (crawl?.seeds ?? (follow ? [follow.url] : (sitemapOf(site, task) ?? list))));
  const times = new Map<string, number>();
  for (const url of given) times.set(idOf({ url }), (times.get(idOf({ url })) ?? 0) + 1);
  return times;
}

const sitemapOf = (site: Site, { source: { sitemap } }: TaskSpec): string[] | undefined =>
  typeof sitemap === 'string' ? site.pageOf(sitemap)?.links : undefined;

/** What collected pages name; true when it must be in the ledger. */
function reachedFrom(facts: RunFacts, own: Map<string, LedgerLine>): Map<string, boolean> {
  const { crawl, follow } = facts.task.source;
  const reached = new Map<string, boolean>();
  const inScope = crawl ? compileScope(crawl.scope, crawl.seeds, domainOf) : () => true;
  for (const [id, { bucket, depth = 0 }] of own) {
    const page = facts.site.pageOf(id);
    if (bucket !== 'collected' || page === undefined) continue;
    if (follow && page.next !== undefined) reached.set(idOf({ url: page.next }), true);
    if (crawl === undefined || depth >= crawl.depth || !inScope(id)) continue;
    // Links of the last round of a run that was cut short are not merged.
    const isMerged = facts.isWhole || (facts.redrives === 0 && depth < facts.rounds - 1);
    for (const url of page.links) {
      const link = idOf({ url });
      if (inScope(link)) reached.set(link, isMerged || reached.get(link) === true);
    }
  }
  return reached;
}

// ---------------------------------------------------------------- buckets

type Expected = { bucket: Bucket; reasons?: FailReason[]; detail?: RegExp };
const nameOf = ({ bucket, reasons, detail }: Expected): string =>
  [bucket, reasons?.join('|'), detail && String(detail)].filter(Boolean).join('/');
const fits = ({ bucket, reasons, detail }: Expected, line: LedgerLine): boolean =>
  line.bucket === bucket &&
  (reasons === undefined || (line.reason !== undefined && reasons.includes(line.reason))) &&
  (detail === undefined || detail.test(line.detail ?? ''));

/** Deaths without poison that may condemn a target that did nothing. */
const DEATHS_TO_CONDEMN = 3;

function bucketsOf(facts: RunFacts, id: string): Expected[] {
  const { task, isWhole } = facts;
  if (URL.parse(id) === null) return [{ bucket: 'failed', reasons: ['decode'] }];
  if (isExcluded(task, id)) return [{ bucket: 'excluded' }];
  const may = answersOf(facts.site, id);
  if (!isWhole) may.push({ bucket: 'cancelled' });
  if (facts.deaths >= DEATHS_TO_CONDEMN) may.push({ bucket: 'failed', reasons: ['extract'], detail: /worker died/ });
  const room = Math.min(task.limits.maxTargets, task.source.crawl?.maxTargets ?? Infinity);
  if (facts.planned >= Math.min(room, task.source.follow?.maxPages ?? Infinity) || task.source.follow)
    may.push({ bucket: 'overBudget' });
  return may;
}

function isExcluded({ source }: TaskSpec, id: string): boolean {
  if (source.crawl?.seeds.some((url) => idOf({ url }) === id) === true) return false;
  return !compileFilter(source.include, source.exclude)(id).keep;
}

/** What the site lets a target come to. */
function answersOf(site: Site, id: string): Expected[] {
  const { limit, silent } = site.hostOf(id) ?? {};
  // Whoever meets it at the wrong time has used up its attempts.
  const bad: Expected[] =
    limit || silent ? [{ bucket: 'failed', reasons: ['status', 'timeout', 'robotsUnreachable'] }] : [];
  return [...usualAnswersOf(site, id), ...bad];
}

function usualAnswersOf(site: Site, id: string): Expected[] {
  const host = site.hostOf(id);
  if (host?.robots === 'closed') return [{ bucket: 'failed', reasons: ['robotsUnreachable'] }];
  if ((host?.robots ?? 'none') !== 'none' && new URL(id).pathname.startsWith(DISALLOWED))
    return [{ bucket: 'disallowed' }];
  const page = site.pageOf(id);
  const mended: Expected[] = site.isMended ? [{ bucket: 'collected' }] : [];
  switch (page?.kind) {
    case undefined:
    case 'gone':
      return [{ bucket: 'failed', reasons: ['status'] }];
    case 'garbled':
      return [{ bucket: 'failed', reasons: ['extract'], detail: /garbled/ }];
    case 'down':
      return [{ bucket: 'failed', reasons: ['status', 'timeout'] }, ...mended];
    case 'poison':
      return [{ bucket: 'failed', reasons: ['extract'], detail: /worker died/ }, ...mended];
    case 'ok':
    case 'flaky':
      return [{ bucket: 'collected' }];
  }
}
