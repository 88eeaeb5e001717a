/** A web server on loopback that bears so many requests per second and refuses what is above, and its log. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Limited {
  url: string;
  limit: number;
  /** In order of arrival; UTC ms with fractions. */
  log: { at: number; ok: boolean }[];
  close(): Promise<void>;
}

/** Requests that may come at once before the limit is felt: half a second's worth. */
export const BURST_SECONDS = 0.5;

/** A token bucket: refused are requests that find it empty, at once and with 429. */
export async function startLimited(options: { requestsPerSecond: number; latencyMs: number }): Promise<Limited> {
  const { requestsPerSecond: limit, latencyMs } = options;
  const capacity = Math.max(1, limit * BURST_SECONDS);
  const log: Limited['log'] = [];
  let tokens = capacity;
  let filledAt = performance.now();
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === '/robots.txt') {
      response.writeHead(404).end();
      return;
    }
    const now = performance.now();
    tokens = Math.min(capacity, tokens + ((now - filledAt) / 1000) * limit);
    filledAt = now;
    const ok = tokens >= 1;
    if (ok) tokens--;
    log.push({ at: performance.timeOrigin + now, ok });
    setTimeout(() => response.writeHead(ok ? 200 : 429).end(ok ? 'fine' : ''), ok ? latencyMs : latencyMs / 4);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    limit,
    log,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
