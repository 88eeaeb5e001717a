/** The console's files, as CloudFront would serve them: the same headers, compressed, everything in memory. */
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { CONSOLE_HEADERS } from '#lambdas/contract.ts';
import type { RequestHandler } from './loopback.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};
interface File {
  type: string;
  body: Buffer;
  zipped?: Promise<Buffer>;
}
const zip = promisify(gzip);

/** @param dir with `index.html`. */
export function consoleFiles(dir: string): RequestHandler {
  const files = new Map<string, File>();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = `/${path.relative(dir, file).split(path.sep).join('/')}`;
    files.set(name, { type: TYPES[path.extname(name)] ?? 'application/octet-stream', body: readFileSync(file) });
  }
  return async (request, response) => {
    request.resume();
    const name = (request.url ?? '/').split('?')[0] ?? '/';
    const file = files.get(name === '/' ? '/index.html' : name);
    const readOnly = request.method === 'GET' || request.method === 'HEAD';
    if (file === undefined || !readOnly) return send(request, response, file === undefined ? 404 : 405, 'text/plain', Buffer.from('Not Found\n')); // prettier-ignore
    const zipped = !file.type.startsWith('font/') && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const body = zipped ? await (file.zipped ??= zip(file.body)) : file.body;
    send(request, response, 200, file.type, body, {
      'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      vary: 'accept-encoding',
      ...(zipped && { 'content-encoding': 'gzip' }),
    });
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: Buffer,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': body.length, ...CONSOLE_HEADERS, ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}
