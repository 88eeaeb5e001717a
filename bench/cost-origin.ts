/** Pages of about 50 KB in a process of its own, any path. Tells its port and ends with its stdin. */
import { createServer } from 'node:http';

const item = (n: number): string =>
  `<li class="card"><a class="title" href="/item/${String(n)}?ref=list">Thing no. ${String(n)} &ndash; blue, round, made of wood</a>` +
  `<p class="text">Lorem ipsum dolor sit amet, consectetur adipiscing elit.</p><b class="price">${String(n)}.49</b></li>\n`;
const body = Buffer.from(
  `<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>A list</title></head><body><h1>A list</h1><ul>${Array.from({ length: 245 }, (_, n) => item(n)).join('')}</ul></body></html>\n`,
);
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url === '/robots.txt') response.writeHead(404).end();
  else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length }).end(body);
}).listen(0, '127.0.0.1', 1_024, () => {
  console.log(JSON.stringify({ port: (server.address() as { port: number }).port, bytes: body.length }));
});
process.stdin.resume().on('end', () => process.exit(0));
