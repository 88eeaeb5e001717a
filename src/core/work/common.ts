import { HOST_WORDS_MS } from '../limits.ts';
import { Budgets, type BudgetsInput, type BudgetsPorts } from '../pace/budgets.ts';
import { readTenantWords } from '../pace/words.ts';
import { readTenant, taskOfRun } from '../store.ts';
import { Bell } from './bell.ts';
import type { Table } from '../ports.ts';
import type { RunRow, TenantRow } from '../rows.ts';
import type { TaskSpec } from '../task.ts';

type CommonPorts = BudgetsPorts & { table: Table };

/** What the sessions of one worker share. */
export class Common {
  readonly hostsSeen = new Set<string>();
  readonly #ports: CommonPorts;
  readonly #run: RunRow;
  readonly #held: NonNullable<BudgetsInput['held']>;
  readonly #bells = new Set<Bell>();
  #tenant: TenantRow;
  #tenantReadAt: number;
  #made: Promise<{ task: TaskSpec; budgets: Budgets }> | undefined;

  constructor(ports: CommonPorts, run: RunRow, tenant: TenantRow, held: NonNullable<BudgetsInput['held']>) {
    this.#ports = ports;
    this.#run = run;
    this.#held = held;
    this.#tenant = tenant;
    this.#tenantReadAt = ports.clock.now();
  }

  /** The task and the budgets, and what bounds the tenant, which may have changed since the first session. */
  async known(): Promise<{ task: TaskSpec; budgets: Budgets; tenant: TenantRow }> {
    this.#made ??= this.#make();
    const made = await this.#made;
    const now = this.#ports.clock.now();
    if (now - this.#tenantReadAt >= HOST_WORDS_MS) {
      this.#tenantReadAt = now;
      const { table } = this.#ports;
      const { tenant: id } = this.#run;
      const [words, tenant] = await Promise.all([readTenantWords(table, id), readTenant(table, id)]);
      this.#tenant = tenant;
      await made.budgets.heed(words, tenant.hostRequestsPerSecond);
    }
    return { ...made, tenant: this.#tenant };
  }

  async #make(): Promise<{ task: TaskSpec; budgets: Budgets }> {
    const { table } = this.#ports;
    const { tenant } = this.#run;
    const [task, words] = await Promise.all([taskOfRun(table, this.#run), readTenantWords(table, tenant)]);
    const tenantMax = this.#tenant.hostRequestsPerSecond;
    const onTouch = (): void => {
      for (const bell of this.#bells) bell.ring();
    };
    const input = { tenant, pace: task.pace, tenantMax, words, held: this.#held, onTouch };
    return { task, budgets: new Budgets(this.#ports, input) };
  }

  /** Rings for one session whenever something happens to a budget. */
  bell(): Bell {
    const bell = new Bell(this.#ports.clock);
    this.#bells.add(bell);
    return bell;
  }

  silence(bell: Bell): void {
    this.#bells.delete(bell);
  }
}
