/**
 * A misbehaving web server on loopback: everything that sites do to a collector, by path, and a log of what it was
 * asked. Content is deterministic; the models beside the routes (`pageModel`, `itemModel`) say what to expect.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { faultRoutes } from './origin/faults.ts';
import { siteRoutes } from './origin/site.ts';

export interface OriginOptions {
  /** Pages /page/0 … /page/(pages-1); default 20. */
  pages?: number;
  /** Items of /api/items; default 25. */
  items?: number;
  robots?: RobotsSetting;
  /** Delay of every answer. */
  latencyMs?: number;
  /** PEM key and certificate make it an https server. */
  tls?: { key: string; cert: string };
}
/** `hang`: never answers. `redirect`: answers with a redirect to that address. */
export type RobotsSetting = { body: string } | { status: number } | { hang: true } | { redirect: string };

export interface SeenRequest {
  /** UTC milliseconds at arrival. */
  at: number;
  method: string;
  /** Path and query. */
  path: string;
  headers: IncomingMessage['headers'];
  /** Requests unanswered at this moment, this one included. */
  inFlight: number;
  /** Local number of the connection it came over, from 1. */
  connection: number;
}

export interface Origin {
  /** `http://127.0.0.1:port`, no slash at the end. */
  readonly url: string;
  readonly port: number;
  /** In order of arrival; with a prefix, those whose path begins with it. */
  requests(pathPrefix?: string): SeenRequest[];
  maxInFlight(): number;
  /** Forgets the log, the peak and what the flaky routes have counted. */
  clear(): void;
  setRobots(setting: RobotsSetting): void;
  /** URLs of the first `n` generated pages (all by default). */
  site(n?: number): string[];
  /** Ends every socket. */
  close(): Promise<void>;
}

/** What a route works with. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** The rest of the path after the route's prefix, decoded, cut at slashes. */
  rest: string[];
  origin: string;
  pages: number;
  items: number;
  robots: RobotsSetting;
  /** Counts up from 1 for each key. */
  count(key: string): number;
  /** Requests that came before over this connection. */
  served: number;
  /** Responses that /together holds back. */
  waiting: ServerResponse[];
}
export type Route = (exchange: Exchange) => void | Promise<void>;

/** By the first segment of the path. */
const ROUTES: Record<string, Route> = { ...siteRoutes, ...faultRoutes };

export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const log: SeenRequest[] = [];
  const counters = new Map<string, number>();
  const waiting: ServerResponse[] = [];
  const connections = new WeakMap<Socket, { id: number; served: number }>();
  const pages = options.pages ?? 20;
  let robots = options.robots;
  let connectionCount = 0;
  let inFlight = 0;
  let peak = 0;

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = connections.get(request.socket) ?? { id: ++connectionCount, served: 0 };
    connections.set(request.socket, connection);
    inFlight++;
    peak = Math.max(peak, inFlight);
    response.once('close', () => inFlight--);
    const path = request.url ?? '/';
    const { method = 'GET', headers } = request;
    log.push({ at: Date.now(), method, path, headers, inFlight, connection: connection.id });
    const url = new URL(path, base);
    const [first = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const exchange: Exchange = {
      request,
      response,
      url,
      rest,
      origin: base,
      pages,
      items: options.items ?? 25,
      robots: robots ?? { body: `User-agent: *\nDisallow: /private/\nSitemap: ${base}/sitemap.xml\n` },
      count: (key) => {
        counters.set(key, (counters.get(key) ?? 0) + 1);
        return counters.get(key) ?? 0;
      },
      served: connection.served++,
      waiting,
    };
    const answer = async (): Promise<void> => {
      if (options.latencyMs !== undefined) await new Promise((resolve) => setTimeout(resolve, options.latencyMs));
      await (Object.hasOwn(ROUTES, first) ? ROUTES[first] : notFound)?.(exchange);
    };
    answer().catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  };

  const server: Server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const base = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;

  return {
    url: base,
    port,
    requests: (prefix = '') => log.filter((seen) => seen.path.startsWith(prefix)),
    maxInFlight: () => peak,
    clear: () => {
      log.length = 0;
      peak = 0;
      counters.clear();
    },
    setRobots: (setting) => {
      robots = setting;
    },
    site: (n = pages) => Array.from({ length: n }, (_, i) => `${base}/page/${i}`),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const notFound: Route = ({ response }) => {
  response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
};
