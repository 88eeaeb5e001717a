/** `gleaner hosts …`: the pace of hosts, why it is what it is, and caps on it. */
import type { HostScope, HostStatus } from '#core/operations.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';
import { printable } from '../terminal.ts';

export interface HostOptions extends CommonOptions {
  scope?: HostScope;
}

export async function listHosts(around: Surroundings, options: CommonOptions & PagingOptions): Promise<number> {
  const client = await connect(around, options);
  const { items, more } = await pagesOf(options.limit, (page) => client.listHosts(page));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map((host) => [
      host.host,
      figure(host.requestsPerSecond),
      host.limit === undefined ? '' : figure(host.limit),
      String(host.waiting ?? 0),
      String(host.window.limited),
      host.because,
    ]);
    const head = ['HOST', 'RATE/S', 'LIMIT/S', 'WAITING', 'REFUSED', 'BECAUSE'];
    for (const line of table([head, ...rows], ['left', 'right', 'right', 'right', 'right'])) around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}

export async function getHost(around: Surroundings, host: string, options: CommonOptions): Promise<number> {
  return show(around, await (await connect(around, options)).getHost(host), options);
}

export async function capHost(
  around: Surroundings,
  host: string,
  requestsPerSecond: number,
  options: HostOptions,
): Promise<number> {
  return show(
    around,
    await (await connect(around, options)).putHost(host, { requestsPerSecond, ...scopeOf(options) }),
    options,
  );
}

export async function stopHost(around: Surroundings, host: string, options: HostOptions): Promise<number> {
  return show(
    around,
    await (await connect(around, options)).putHost(host, { stop: true, ...scopeOf(options) }),
    options,
  );
}

export async function clearHost(around: Surroundings, host: string, options: HostOptions): Promise<number> {
  await (await connect(around, options)).deleteHost(host, scopeOf(options));
  if (options.json === true) around.terminal.out(JSON.stringify({ cleared: host }));
  else around.terminal.out(printable(`${host}: no cap of this scope any more`));
  return EXIT_OK;
}

const scopeOf = ({ scope }: HostOptions): { scope?: HostScope } => (scope === undefined ? {} : { scope });
const figure = (rate: number): string => String(Math.round(rate * 100) / 100);

function show({ terminal }: Surroundings, status: HostStatus, { json }: CommonOptions): number {
  if (json === true) terminal.out(JSON.stringify(status, undefined, 2));
  else {
    const { host, requestsPerSecond, because, limit, waiting, window, pausedUntil, crawlDelaySeconds } = status;
    const lines = [
      ['host', host],
      ['requests per second', `${figure(requestsPerSecond)} (${because})`],
      ['limit', limit === undefined ? 'none' : `${figure(limit)} per second`],
      ['waiting', String(waiting ?? 0)],
      ['refused lately', `${String(window.limited)} of ${String(window.sent)}`],
      ...(pausedUntil === undefined ? [] : [['paused until', pausedUntil]]),
      ...(crawlDelaySeconds === undefined ? [] : [['crawl delay', `${String(crawlDelaySeconds)} s (robots.txt)`]]),
    ];
    for (const line of table(lines)) terminal.out(line);
  }
  return EXIT_OK;
}
