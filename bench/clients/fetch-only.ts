/** The limit: undici's dispatch, every body read as buffers and forgotten. */
import Agent from 'undici/lib/dispatcher/agent.js';
import { concurrency, inTurn, report } from './measured.ts';

const agent = new Agent({ connections: concurrency, pipelining: 1 });
const fetched = (url: string): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { origin, pathname } = new URL(url);
  let bytes = 0;
  agent.dispatch(
    { origin, path: pathname, method: 'GET' },
    {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, status) => {
        if (status !== 200) reject(new Error(`${url}: ${String(status)}`));
      },
      onResponseData: (_controller, chunk) => void (bytes += chunk.length),
      onResponseEnd: () => void setImmediate(() => resolve(bytes)),
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return promise;
};

async function main(): Promise<void> {
  await inTurn(fetched);
  await agent.close();
  report();
}
void main();
