/** A host on loopback that keeps everybody waiting until it is opened: a run is under way for as long as a test needs it. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Gate {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** Resolves when somebody waits. */
  reached(): Promise<void>;
  /** Answers all who wait, and everybody later at once. */
  open(): void;
  close(): Promise<void>;
}

export async function startGate(): Promise<Gate> {
  const waiting: ServerResponse[] = [];
  const reached = Promise.withResolvers<void>();
  let isOpen = false;
  const answer = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Open</title>');
  };
  const server = createServer((request, response) => {
    if (request.url === '/robots.txt') response.writeHead(404).end();
    else if (isOpen) answer(response);
    else {
      waiting.push(response);
      reached.resolve();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    reached: () => reached.promise,
    open() {
      isOpen = true;
      waiting.splice(0).forEach(answer);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
