/** Beside a session: watches its run, keeps its lease, and hears what the operator and the tenant say meanwhile. */
import { HOST_WORDS_MS, LEASE_RENEW_MS, RUN_CHECK_MS, SWITCH_REST_MS } from '../limits.ts';
import { readTenantWords } from '../pace/words.ts';
import { readRun, readTenant } from '../store.ts';
import { isStilled } from '../switches.ts';
import { renewLease } from './claim.ts';
import type { WorkPorts } from './attempt.ts';
import type { HostQueue } from './host-queue.ts';
import type { BudgetsShare } from '../pace/budgets.ts';
import type { LeasedShard, RunRow } from '../rows.ts';

/** The session, as its control sees it. */
export interface Controlled {
  /** The shard as its owner knows it. */
  readonly shard: LeasedShard;
  readonly isHalted: boolean;
  /** When its lease was last set, UTC ms. */
  readonly leaseSetAt: number;
  leaseKept(at: number): void;
  lose(): void;
  halt(why: 'runOver' | 'stilled'): void;
  /** Whether its stream is worth splitting. */
  look(run: RunRow): Promise<void>;
}

export interface ControlInput {
  hosts: Map<string, HostQueue>;
  budgets: BudgetsShare;
}

export class Control {
  readonly #ports: WorkPorts;
  readonly #input: ControlInput;
  readonly #session: Controlled;
  #heededAt: number;

  constructor(ports: WorkPorts, input: ControlInput, session: Controlled) {
    this.#ports = ports;
    this.#input = input;
    this.#session = session;
    this.#heededAt = ports.clock.now();
  }

  /** Until it is told to end. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    // Beside the watching: whatever it takes, a stop is heard in time.
    let looking: Promise<void> | undefined;
    while (!signal.aborted) {
      await clock.sleep(RUN_CHECK_MS, signal);
      if (signal.aborted || this.#session.isHalted) continue;
      try {
        const run = await this.#watch();
        await this.#heed();
        if (run !== undefined && !this.#session.isHalted)
          looking ??= this.#session
            .look(run)
            .catch((error: unknown) => log.warn('stream not looked at', { error: String(error) }))
            .finally(() => (looking = undefined));
        await this.obey();
      } catch (error) {
        // Not being able to look is no reason to stop: the lease decides, and every commit names it.
        log.warn('control check failed', { error: String(error) });
      }
    }
    await looking;
  }

  /** The run, unless it is over; where it goes on, so does the lease. */
  async #watch(): Promise<RunRow | undefined> {
    const { clock, table } = this.#ports;
    const session = this.#session;
    const { tenant, runId } = session.shard;
    const run = await readRun(table, tenant, runId);
    if (run?.state !== 'RUNNING') {
      session.halt('runOver');
    } else if (clock.now() - session.leaseSetAt >= LEASE_RENEW_MS) {
      if (await renewLease(table, session.shard, clock.now())) session.leaseKept(clock.now());
      else session.lose();
    }
    return run;
  }

  /** What the operator has switched off; how often to look, the board knows. */
  async obey(): Promise<void> {
    const switches = await this.#ports.switches.now();
    if (isStilled(switches, this.#session.shard.tenant)) this.#session.halt('stilled');
    const until = this.#ports.clock.now() + SWITCH_REST_MS;
    for (const host of this.#input.hosts.values())
      if (switches.pauseHosts.includes(host.host)) host.blockedUntil = Math.max(host.blockedUntil, until);
  }

  /** Looks now and then what its tenant may ask of hosts and has said about them, and what the operator has. */
  async #heed(): Promise<void> {
    const { clock, table } = this.#ports;
    if (clock.now() - this.#heededAt < HOST_WORDS_MS) return;
    this.#heededAt = clock.now();
    const { tenant } = this.#session.shard;
    const [words, { hostRequestsPerSecond }] = await Promise.all([
      readTenantWords(table, tenant),
      readTenant(table, tenant),
    ]);
    await this.#input.budgets.heed(words, hostRequestsPerSecond);
  }
}
