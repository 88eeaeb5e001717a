/**
 * The server that is collected from, in a process of its own: `node origin.ts SET COUNT LATENCY_MS`. Tells its ports, each of
 * which is a host to a pace, and ends with its stdin.
 */
import { createServer, type RequestListener } from 'node:http';
import { pagesOf, type PageSet } from './pages.ts';

const HOSTS = 4;
const [set, count, latency] = process.argv.slice(2);
const pages = new Map(pagesOf(set as PageSet, Number(count)).map((page) => [page.path, page]));
const answered: RequestListener = (request, response) => {
  const page = pages.get(request.url ?? '');
  const answer = (): void => {
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': page.type, 'content-length': page.body.length }).end(page.body);
  };
  if (Number(latency) > 0) setTimeout(answer, Number(latency));
  else answer();
};
const listening = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer({ keepAliveTimeout: 60_000 }, answered).listen(0, '127.0.0.1', 1_024, () => {
      resolve((server.address() as { port: number }).port);
    });
  });
const ports = await Promise.all(Array.from({ length: HOSTS }, listening));
console.log(ports.join(' '));
process.stdin.resume().on('end', () => process.exit(0));
