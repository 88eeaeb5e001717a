/**
 * The server that is collected from, in a process of its own: `node origin.ts SET COUNT LATENCY_MS`. Tells its port and ends
 * with its stdin. Page n of the set is also `/page/n`, for sources that count.
 */
import { createServer } from 'node:http';
import { pagesOf, type PageSet } from './pages.ts';

const [set, count, latency] = process.argv.slice(2);
const pages = new Map(
  pagesOf(set as PageSet, Number(count)).flatMap((page, i) => [
    [page.path, page],
    [`/page/${String(i)}`, page],
  ]),
);
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const page = pages.get(request.url ?? '');
  const answer = (): void => {
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': page.type, 'content-length': page.body.length }).end(page.body);
  };
  if (Number(latency) > 0) setTimeout(answer, Number(latency));
  else answer();
}).listen(0, '127.0.0.1', 1_024, () => {
  console.log((server.address() as { port: number }).port);
});
process.stdin.resume().on('end', () => process.exit(0));
