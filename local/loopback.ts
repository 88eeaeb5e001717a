/**
 * HTTP servers on 127.0.0.1, the only address the local world binds. Requests that name another host are refused: a web
 * page whose name was rebound to loopback must not reach the emulators.
 */
import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemBody, statusOf } from '#api/problems.ts';
import { headTooLarge } from '#api/request-head.ts';

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  url: string;
  port: number;
  /** Drops open connections and stops listening. */
  close(): Promise<void>;
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const OWN_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

/**
 * The whole body; `tooLarge` when it passes `bytesMax`, `aborted` when the client went away before its end. Nothing
 * behind this sees a request that did not arrive whole.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | 'tooLarge' | 'aborted'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on('end', () => resolve(bytes > bytesMax ? 'tooLarge' : Buffer.concat(chunks)));
    request.on('error', () => resolve('aborted'));
    request.on('close', () => resolve('aborted'));
  });
}

/**
 * What Node's parser reads of a head, names and all: more than the API takes, so that it is the API that refuses; what is
 * larger still is answered here, in the same words.
 */
const READ_HEAD_BYTES_MAX = 64 * 1024;

function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const problem = headTooLarge();
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const status = isTooLarge ? statusOf(problem.kind) : 400;
  const body = isTooLarge ? JSON.stringify(problemBody(problem, randomUUID())) : '{"message":"Bad Request"}';
  const type = isTooLarge ? 'application/problem+json' : 'application/json';
  const head = [`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`, `content-type: ${type}`];
  const length = `content-length: ${String(Buffer.byteLength(body))}`;
  socket.end([...head, length, 'cache-control: no-store', 'connection: close', '', body].join('\r\n'));
}

/** @param port 0 = any. Rejects with a plain message when the port is taken. */
export function listen(handler: RequestHandler, port: number, log: (line: string) => void): Promise<LoopbackServer> {
  const server = createServer({ maxHeaderSize: READ_HEAD_BYTES_MAX }, (request, response) => {
    response.on('error', () => undefined);
    if (!OWN_HOST.test(request.headers.host ?? '')) {
      sendJson(response, 403, { message: 'only requests to 127.0.0.1 or localhost are answered' });
      return;
    }
    Promise.resolve()
      .then(() => handler(request, response))
      .catch((error: unknown) => {
        log(`local server: ${request.method ?? ''} ${request.url ?? ''}: ${String(error)}`);
        sendJson(response, 500, { __type: 'InternalFailure', message: 'the local world failed; see its log' });
      });
  });
  server.on('clientError', refuseUnparsed);
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken by another program`) : error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
      resolve({ url: `http://127.0.0.1:${address.port}`, port: address.port, close });
    });
  });
}
