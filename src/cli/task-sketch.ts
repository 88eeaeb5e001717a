/** What a task will do, in a few lines for the person who wrote it. Pure. */
import { hostOf } from '#core/url.ts';
import type { RangeVariable, SourceSpec, TaskSpec } from '#core/task.ts';
import { bytes, count, plural } from './figures.ts';
import { table } from './table.ts';
import { printable } from './terminal.ts';

const HOSTS_SHOWN_MAX = 5;

export function taskSketch(task: TaskSpec): string[] {
  const { pace, fetch, extract, retry, limits } = task;
  const rows = [
    ['source', sourceSketch(task.source)],
    ['hosts', hostsSketch(task.source)],
    ['filter', filterSketch(task.source)],
    [
      'pace',
      `at most ${String(pace.requestsPerSecond)} requests/s and ${String(pace.concurrency)} at a time for each host`,
    ],
    ['robots.txt', fetch.robots === 'respect' ? 'respected' : 'ignored (the tenant needs permission)'],
    [
      'retries',
      `up to ${plural(retry.attempts, 'attempt')}, each within ${String(fetch.timeoutSeconds)} s, bodies up to ${bytes(fetch.maxBytes)}`,
    ],
    ['records', recordsSketch(task)],
    ['key', extract.key?.join(', ') ?? ''],
    [
      'limits',
      `${count(limits.maxTargets)} targets, ${count(limits.maxMinutes)} min${limits.maxRecords === null ? '' : `, ${count(limits.maxRecords)} records`}`,
    ],
  ];
  return table(rows.filter(([, value]) => value !== ''));
}

function sourceSketch({ urls, list, sitemap, range, crawl, follow }: SourceSpec): string {
  if (urls) return plural(urls.length, 'URL');
  if (list !== undefined) return `list ${list}`;
  if (sitemap !== undefined)
    return typeof sitemap === 'string'
      ? `sitemap ${sitemap}`
      : `the sitemaps that ${sitemap.robots} names in robots.txt`;
  if (range) return `range ${range.url}: ${plural(rangeSize(range), 'URL')}`;
  if (crawl)
    return `crawl from ${plural(crawl.seeds.length, 'seed')}, ${plural(crawl.depth, 'link')} deep, scope ${crawl.scope}, at most ${plural(crawl.maxTargets, 'target')}`;
  return follow ? `follow from ${follow.url}, at most ${plural(follow.maxPages, 'page')}` : '';
}

function rangeSize(range: NonNullable<SourceSpec['range']>): number {
  const variables = Object.values(range).filter((value): value is RangeVariable => typeof value === 'object');
  return variables.reduce(
    (product, { from, to, step }) => product * Math.max(0, Math.floor((to - from) / step) + 1),
    1,
  );
}

/** Hosts that can be told without a request; a list, sitemap or crawl may bring more. */
function hostsSketch({ urls, sitemap, range, crawl, follow }: SourceSpec): string {
  const named = [
    ...(urls ?? []).map((entry) => (typeof entry === 'string' ? entry : entry.url)),
    ...(sitemap === undefined ? [] : [typeof sitemap === 'string' ? sitemap : sitemap.robots]),
    ...(range ? [range.url] : []),
    ...(crawl?.seeds ?? []),
    ...(follow ? [follow.url] : []),
  ];
  const hosts = [...new Set(named.map(hostOf))].filter((host) => host !== '');
  const more = hosts.length - HOSTS_SHOWN_MAX;
  return hosts.slice(0, HOSTS_SHOWN_MAX).join(', ') + (more > 0 ? ` and ${count(more)} more` : '');
}

function filterSketch({ include, exclude }: SourceSpec): string {
  const parts = [];
  if (include?.length) parts.push(`only ${include.join(', ')}`);
  if (exclude?.length) parts.push(`not ${exclude.join(', ')}`);
  return printable(parts.join('; '));
}

function recordsSketch({ extract }: TaskSpec): string {
  const fields = Object.keys(extract.fields);
  if (extract.format === 'none') return 'size, hash and type of each body';
  if (extract.format === 'csv') return `one for each row: ${fields.join(', ')}`;
  const per = extract.each === undefined ? 'one for each target' : `one for each ${extract.each}`;
  return `${per}: ${fields.join(', ')}`;
}
