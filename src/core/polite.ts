/** One request at a host's pace, with retries: for what planning reads (sitemaps, robots.txt), where no shard paces it. */
import { RESERVE_AHEAD_MS } from './limits.ts';
import { intervalUs, reserve } from './pace.ts';
import { hostOf } from './url.ts';
import { judge } from './verdict.ts';
import type { Context, Outgoing } from './context.ts';
import type { Clock, FetchResult, Table } from './ports.ts';
import type { SecretsFor } from './secret-headers.ts';
import type { TaskSpec } from './task.ts';

/** Waits for the next free slot of a host and returns when it has come. */
export async function waitForSlot(
  ports: { pace: Table; clock: Clock },
  host: string,
  everyUs: number,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    if (signal?.aborted) return;
    const got = await reserve(ports.pace, host, 1, everyUs, ports.clock.now());
    if (got.kind === 'granted') return ports.clock.sleep(got.fromMs - ports.clock.now(), signal);
    await ports.clock.sleep(Math.min(got.untilMs - ports.clock.now(), RESERVE_AHEAD_MS), signal);
  }
}

/** A GET for planning: paced, retried as the task says, body up to `bytesMax`. */
export function politeGet(
  ports: Pick<Context, 'pace' | 'clock' | 'chance'> & Pick<Outgoing, 'fetcher'>,
  task: TaskSpec,
  allowAddresses: string[],
  bytesMax: number,
  secretsFor: SecretsFor,
): (url: string) => Promise<FetchResult> {
  const everyUs = intervalUs(task.pace.requestsPerSecond);
  return async (url) => {
    for (let attempt = 1; ; attempt++) {
      await waitForSlot(ports, hostOf(url), everyUs);
      const result = await ports.fetcher.fetch({
        url,
        method: 'GET',
        headers: task.fetch.headers,
        secretHeaders: secretsFor(url),
        timeoutMs: task.fetch.timeoutSeconds * 1000,
        bytesMax,
        redirectsMax: task.fetch.redirects,
        allowAddresses,
        onHop: async (hop) => {
          await waitForSlot(ports, hostOf(hop), everyUs);
          return 'go';
        },
      });
      const verdict = judge(result, task.retry, attempt, ports.clock.now(), ports.chance);
      if (verdict.kind !== 'retry') return result;
      await ports.clock.sleep(verdict.at - ports.clock.now());
    }
  };
}
