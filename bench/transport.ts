/**
 * `npm run bench:transport`: what the way of asking costs. Pages over HTTP/1.1 and over HTTP/2, by undici's dispatch alone, from the
 * same server with the same certificate; then connections with a TLS handshake in full and with one that is resumed. CPU is the
 * client's, user and system; a first round, in which the server says whether it was asked as the name says, is not counted. Options: `--targets 4000`, `--in-flight 64`, `--connections 500`,
 * `--rounds 5`.
 */
import { spawn } from 'node:child_process';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Agent, buildConnector, request, type Dispatcher } from 'undici';
import { guardedConnector } from '#http/guard.ts';
import { createResolver } from '#http/resolver.ts';
import { selfSigned } from '../test/support/origin/certificate.ts';
import { table } from '../src/sim/markdown.ts';
import { spread, type Spread } from './measure.ts';
import { pagesOf, type PageSet } from './pages.ts';
import { machine } from './section.ts';

const SETS: PageSet[] = ['manuals', 'json'];
const MINUTES_MAX = 10;

/** What the server has seen so far. */
interface Seen {
  overHttp2: number;
  connections: number;
  resumed: number;
}

async function serve(targets: number): Promise<void> {
  const pages = new Map(SETS.flatMap((set) => pagesOf(set, targets)).map((page) => [page.path, page]));
  const tls = selfSigned({ from: Date.now() - 3_600_000 });
  const seen: Seen = { overHttp2: 0, connections: 0, resumed: 0 };
  const answer = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
    if (request.url === '/seen') return void response.end(JSON.stringify(seen));
    seen.overHttp2 += Number(request.httpVersion === '2.0');
    const page = pages.get(request.url);
    if (page === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': page.type, 'content-length': page.body.length }).end(page.body);
  };
  const server = createSecureServer({ ...tls, allowHTTP1: true, settings: { maxConcurrentStreams: 256 } }, answer);
  server.on('secureConnection', (socket: TLSSocket) => {
    seen.connections++;
    seen.resumed += Number(socket.isSessionReused());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1_024, resolve));
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, ca: tls.cert }));
  process.stdin.resume().on('end', () => process.exit(0));
}

interface Told {
  port: number;
  ca: string;
}

/** Reads every page and forgets it. */
async function collect(agent: Dispatcher, origin: string, paths: string[], inFlight: number): Promise<void> {
  let next = 0;
  const one = (path: string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    agent.dispatch(
      { origin, path, method: 'GET' },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, status) => {
          if (status !== 200) reject(new Error(`${path}: ${String(status)}`));
        },
        onResponseData: () => undefined,
        onResponseEnd: () => void setImmediate(resolve, undefined),
        onResponseError: (_controller, error) => {
          reject(error);
        },
      },
    );
    return promise;
  };
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let path = paths[next++]; path !== undefined; path = paths[next++]) await one(path);
    }),
  );
}

/** @throws when what was measured is not what its name says. */
async function checked(
  seen: () => Promise<Seen>,
  holds: (more: Seen) => boolean,
  way: () => Promise<void>,
): Promise<void> {
  const before = await seen();
  await way();
  const after = await seen();
  const more = {
    overHttp2: after.overHttp2 - before.overHttp2,
    connections: after.connections - before.connections,
    resumed: after.resumed - before.resumed,
  };
  if (!holds(more)) throw new Error(`the server has seen ${JSON.stringify(more)}`);
}

interface Figure {
  cpuMs: number;
  ms: number;
}

async function counted(work: () => Promise<void>): Promise<Figure> {
  const from = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1_000, ms: performance.now() - from };
}

/** Every way once in each round, by turns. */
async function byTurns(ways: Map<string, () => Promise<void>>, rounds: number): Promise<Map<string, Figure[]>> {
  const figures = new Map<string, Figure[]>([...ways.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, way] of ways) figures.get(name)?.push(await counted(way));
  return figures;
}

const shown = ({ median, least, most }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '4000' },
    'in-flight': { type: 'string', default: '64' },
    connections: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
    serve: { type: 'boolean', default: false },
  },
});
const [targets, inFlight, connections, rounds] = [values.targets, values['in-flight'], values.connections, values.rounds].map(Number) as [number, number, number, number]; // prettier-ignore

async function main(): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const server = spawn(process.execPath, [file, '--serve', '--targets', String(targets)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  setTimeout(() => process.exit(1), MINUTES_MAX * 60_000).unref();
  try {
    const { port, ca } = await new Promise<Told>((resolve, reject) => {
      server.stdout.once('data', (data: Buffer) => {
        resolve(JSON.parse(data.toString()) as Told);
      });
      server.once('exit', (code) => {
        reject(new Error(`the server ended with ${String(code)}`));
      });
    });
    const origin = `https://127.0.0.1:${String(port)}`;
    const asking = new Agent({ allowH2: false, connect: { ca }, keepAliveTimeout: 60_000 });
    const seen = async (): Promise<Seen> =>
      (await (await request(`${origin}/seen`, { dispatcher: asking })).body.json()) as Seen;
    console.log(`${machine()}\n`);
    console.log(await protocols(origin, ca, seen));
    console.log(await handshakes(origin, ca, seen));
    await asking.close();
  } finally {
    server.stdin.end();
  }
}

async function protocols(origin: string, ca: string, seen: () => Promise<Seen>): Promise<string> {
  const agents = {
    [`HTTP/1.1, ${String(inFlight)} connections`]: new Agent({
      allowH2: false,
      connections: inFlight,
      connect: { ca },
    }),
    'HTTP/2, one connection': new Agent({
      allowH2: true,
      connections: 1,
      connect: { ca, preferH2: true },
      h2Options: { maxConcurrentStreams: 256 },
    }),
    'HTTP/2, four connections': new Agent({
      allowH2: true,
      connections: 4,
      connect: { ca, preferH2: true },
      h2Options: { maxConcurrentStreams: Math.ceil(inFlight / 4) },
    }),
  };
  const rows: string[][] = [['pages', 'way', 'CPU ms per 1,000 targets', 'targets per second']];
  for (const set of SETS) {
    const paths = pagesOf(set, targets).map(({ path }) => path);
    const ways = new Map(
      Object.entries(agents).map(([name, agent]) => [name, () => collect(agent, origin, paths, inFlight)]),
    );
    for (const [name, way] of ways)
      await checked(seen, ({ overHttp2 }) => overHttp2 === (name.startsWith('HTTP/2') ? targets : 0), way);
    for (const [name, figures] of await byTurns(ways, rounds)) {
      const cpu = spread(figures.map(({ cpuMs }) => (cpuMs / targets) * 1_000));
      rows.push([set, name, shown(cpu, 0), shown(spread(figures.map(({ ms }) => (targets / ms) * 1_000)), 0)]);
    }
  }
  await Promise.all(Object.values(agents).map((agent) => agent.close()));
  return table(rows);
}

/** One request for each connection, eight at a time. */
async function handshakes(origin: string, ca: string, seen: () => Promise<Seen>): Promise<string> {
  const guard = { resolve: createResolver(), allowCidrs: ['127.0.0.0/8'], forbidden: [], connectTimeoutMs: 10_000, tlsCa: ca }; // prettier-ignore
  const connectors = {
    'in full': buildConnector({ ca, allowH2: false, maxCachedSessions: 0 }),
    resumed: guardedConnector(guard),
  };
  const once = (connect: buildConnector.connector) => async (): Promise<void> => {
    const agent = new Agent({ allowH2: false, connect, pipelining: 0 });
    const paths = pagesOf('json', 50).map(({ path }) => path);
    await collect(agent, origin, Array.from({ length: connections }, (_, i) => paths[i % 50] ?? ''), 8); // prettier-ignore
    await agent.close();
  };
  const ways = new Map(Object.entries(connectors).map(([name, connect]) => [name, once(connect)]));
  // Of those that are resumed the first eight cannot be.
  for (const [name, way] of ways)
    await checked(
      seen,
      (more) => (name === 'resumed' ? more.connections - more.resumed <= 8 : more.resumed === 0),
      way,
    );
  const rows: string[][] = [['handshake', 'CPU ms per connection with one page', 'ms for each, eight at a time']];
  for (const [name, figures] of await byTurns(ways, rounds)) {
    const each = (pick: (figure: Figure) => number, times = 1): string =>
      shown(spread(figures.map((figure) => (pick(figure) / connections) * times)), 2);
    rows.push([name, each(({ cpuMs }) => cpuMs), each(({ ms }) => ms, 8)]);
  }
  return table(rows);
}

await (values.serve ? serve(targets) : main());
