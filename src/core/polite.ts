/** One request at a host's pace, with retries: for what planning reads (sitemaps, robots.txt), where no shard paces it. */
import { Budgets, type BudgetsPorts } from './pace/budgets.ts';
import { pacedFetch } from './pace/paced-fetch.ts';
import { readTenantWords } from './pace/words.ts';
import { judge } from './verdict.ts';
import { SourceHeld, type Outgoing } from './context.ts';
import { holdsRequest, isStilled, readSwitches } from './switches.ts';
import { hostOf } from './url.ts';
import type { FetchResult, Table } from './ports.ts';
import type { TenantRow } from './rows.ts';
import type { SecretsFor } from './secret-headers.ts';
import type { TaskSpec } from './task.ts';

export type PolitePorts = BudgetsPorts & Pick<Outgoing, 'fetcher'> & { table: Table };

/** What is waited for a host that is paused, full or stopped; who waits longer has a source that cannot be read now. */
const PATIENCE_MS = 300_000;

export interface Polite {
  /** A GET for planning: paced, retried as the task says, body up to `bytesMax`. Throws `SourceHeld`. */
  get(url: string): Promise<FetchResult>;
  /** Tells the hosts' records what came back. */
  close(): Promise<void>;
}

const paused = (url: string): FetchResult => {
  return { ok: false, reason: 'timeout', detail: 'the operator has paused its host', finalUrl: url, ms: 0 };
};

export async function politely(
  ports: PolitePorts,
  task: TaskSpec,
  tenant: TenantRow,
  bytesMax: number,
  secretsFor: SecretsFor,
): Promise<Polite> {
  const words = await readTenantWords(ports.table, tenant.tenant);
  const { tenant: id, hostRequestsPerSecond: tenantMax } = tenant;
  const budgets = new Budgets(ports, { tenant: id, pace: task.pace, tenantMax, words });
  const request = {
    method: 'GET',
    headers: task.fetch.headers,
    timeoutMs: task.fetch.timeoutSeconds * 1000,
    bytesMax,
    redirectsMax: task.fetch.redirects,
    allowAddresses: tenant.allowAddresses,
  };
  const once = async (url: string): Promise<FetchResult> => {
    const got = await (await budgets.of(url)).turn(PATIENCE_MS);
    if (got.kind === 'turn')
      return (
        await pacedFetch(ports, budgets, got.turn, { ...request, url, secretHeaders: secretsFor(url) }, PATIENCE_MS)
      ).result;
    const why = got.kind === 'later' ? got.why : got.kind;
    return { ok: false, reason: 'timeout', detail: `its host lets nobody in now (${why})`, finalUrl: url, ms: 0 };
  };
  return {
    get: async (url) => {
      for (let attempt = 1; ; attempt++) {
        const switches = await readSwitches(ports.table);
        if (isStilled(switches, id)) throw new SourceHeld(`it waits to read ${url}`);
        // The rest of the tenant's work goes on, so a plan waits no longer than for a host in trouble.
        const result = holdsRequest(switches, id, hostOf(url)) ? paused(url) : await once(url);
        const verdict = judge(result, task.retry, attempt, ports.clock.now(), ports.chance);
        if (verdict.kind !== 'retry') return result;
        await ports.clock.sleep(verdict.at - ports.clock.now());
      }
    },
    close: () => budgets.close(),
  };
}
