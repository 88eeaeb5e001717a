/**
 * The budgets that one worker's requests belong to, by the task's `pace.group`, with the caps that hold for each. Several of
 * its sessions may use one at a time: to the host they are one worker.
 */
import { Budget, type BudgetPorts } from './budget.ts';
import { hostOf, parseHttp } from '../url.ts';
import { readHost, type OperatorWord } from './operator.ts';
import { NO_WORDS, type TenantWords } from './words.ts';
import type { Caps } from './caps.ts';
import type { Log } from '../ports.ts';
import type { PaceSpec } from '../task.ts';

/** What tells which budget a URL belongs to. */
export interface GroupPorts {
  /** Gives what tells the registrable domain of a host name (public suffix list), the host itself where there is none. */
  loadDomainOf: () => Promise<(hostname: string) => string>;
  /** The first of its addresses in their order as text; undefined when it has none now. */
  addressOf: (hostname: string) => Promise<string | undefined>;
}
export type BudgetsPorts = BudgetPorts & GroupPorts;

export interface BudgetsInput {
  tenant: string;
  pace: PaceSpec;
  /** The tenant's cap for every host, requests per second. */
  tenantMax?: number | undefined;
  words?: TenantWords;
  /** Intervals that a parked shard has kept, by budget. */
  held?: Record<string, [fromMs: number, untilMs: number][]>;
  /** Called whenever one of them has something new for its user. */
  onTouch?: () => void;
}

/** Records that one `heed` reads: with one every 20 s, 300 hosts of groups are heard within a minute. */
const HEARD_MAX = 100;

export class Budgets {
  readonly #ports: BudgetsPorts;
  readonly #input: BudgetsInput;
  readonly #all = new Map<string, Budget>();
  readonly #users = new Map<Budget, Set<object>>();
  /** Not yet taken up. */
  readonly #kept: Map<string, [fromMs: number, untilMs: number][]>;
  /** Hosts by budget: each may have a word of the tenant and a crawl delay of its own. */
  readonly #hosts = new Map<Budget, Map<string, number | undefined>>();
  /** The operator's words on hosts that share a budget of another name: whoever reserves does not see their records. */
  readonly #operatorWords = new Map<string, OperatorWord>();
  #words: TenantWords;
  #tenantMax: number | undefined;

  constructor(ports: BudgetsPorts, input: BudgetsInput) {
    this.#ports = ports;
    this.#input = input;
    this.#kept = new Map(Object.entries(input.held ?? {}));
    this.#words = input.words ?? NO_WORDS;
    this.#tenantMax = input.tenantMax;
  }

  /** @param user has it until it leaves. */
  async of(url: string, user: object = this): Promise<Budget> {
    const host = hostOf(url);
    const name = await nameOf(this.#ports, this.#input.pace.group, url);
    let budget = this.#all.get(name);
    if (budget === undefined) {
      const { pace, tenant } = this.#input;
      const caps: Caps = { requestsPerSecond: pace.requestsPerSecond, adapt: pace.adapt, tenant };
      const held = this.#kept.get(name) ?? [];
      this.#kept.delete(name);
      budget = new Budget(this.#ports, name, caps, held, () => this.#input.onTouch?.());
      this.#all.set(name, budget);
      this.#users.set(budget, new Set());
    }
    this.#users.get(budget)?.add(user);
    const hosts = this.#hosts.get(budget) ?? new Map<string, number | undefined>();
    this.#hosts.set(budget, hosts);
    if (!hosts.has(host)) {
      if (name !== host) await this.#hear(host);
      if (!hosts.has(host)) hosts.set(host, undefined);
      this.#cap(budget);
    }
    return budget;
  }

  /** What robots.txt of a host asks for; of several hosts with one budget the longest delay holds. */
  setCrawlDelay(budget: Budget, host: string, seconds: number | undefined): void {
    const hosts = this.#hosts.get(budget);
    if (hosts === undefined || hosts.get(host) === seconds) return;
    hosts.set(host, seconds);
    this.#cap(budget);
  }

  /** The tenant's words and its cap for every host as they are now; the operator's words on hosts of groups are read anew. */
  async heed(words: TenantWords, tenantMax: number | undefined): Promise<void> {
    this.#words = words;
    this.#tenantMax = tenantMax;
    for (const budget of this.#all.values()) this.#cap(budget);
    // The one heard longest ago first.
    const some = [...this.#operatorWords.keys()].slice(0, HEARD_MAX);
    await Promise.all(some.map((host) => this.#hear(host)));
    for (const budget of this.#all.values()) this.#cap(budget);
  }

  /** Gives a user all that another has. */
  join(user: object, other: object): void {
    for (const users of this.#users.values()) if (users.has(other)) users.add(user);
  }

  /**
   * A user is through with all budgets but those of hosts it keeps. Gives those that nobody has any more, which are forgotten
   * here: they are to be closed, or what they hold is to be kept.
   */
  leave(user: object, keeps: (host: string) => boolean = () => false): Budget[] {
    const left: Budget[] = [];
    for (const [budget, users] of this.#users) {
      const hosts = [...(this.#hosts.get(budget)?.keys() ?? [])];
      if (hosts.some(keeps) || !users.delete(user) || users.size > 0) continue;
      left.push(budget);
      this.#all.delete(budget.name);
      this.#users.delete(budget);
      this.#hosts.delete(budget);
      for (const host of hosts) this.#operatorWords.delete(host);
    }
    return left;
  }

  async #hear(host: string): Promise<void> {
    const { opMax, opStop = false } = (await readHost(this.#ports.pace, host)) ?? {};
    this.#operatorWords.delete(host);
    this.#operatorWords.set(host, { ...(opMax !== undefined && { requestsPerSecond: opMax }), stop: opStop });
  }

  #cap(budget: Budget): void {
    const hosts = this.#hosts.get(budget) ?? new Map<string, number | undefined>();
    const words = [budget.name, ...hosts.keys()]
      .map((host) => this.#words.get(host))
      .filter((word) => word !== undefined);
    const said = [...hosts.keys()].map((host) => this.#operatorWords.get(host)).filter((word) => word !== undefined);
    const { requestsPerSecond, adapt } = this.#input.pace;
    const tenantMax = narrowest(words, this.#tenantMax);
    const operatorMax = narrowest(said);
    const delay = Math.max(0, ...[...hosts.values()].map((seconds) => seconds ?? 0));
    budget.isStopped = [...words, ...said].some(({ stop }) => stop === true);
    budget.caps = {
      requestsPerSecond,
      adapt,
      tenant: this.#input.tenant,
      ...(tenantMax < Infinity && { tenantRequestsPerSecond: tenantMax }),
      ...(operatorMax < Infinity && { operatorRequestsPerSecond: operatorMax }),
      ...(delay > 0 && { crawlDelaySeconds: delay }),
    };
  }

  /** Its only user is through: tells what is untold and gives back what was not used. */
  async close(): Promise<void> {
    await Promise.all(this.leave(this).map((budget) => budget.close()));
  }
}

/** Budgets as one of several users has them. */
export class BudgetsShare {
  readonly #budgets: Budgets;

  constructor(budgets: Budgets) {
    this.#budgets = budgets;
  }

  /** That of another user, who has at once what this one has. */
  another(): BudgetsShare {
    const share = new BudgetsShare(this.#budgets);
    this.#budgets.join(share, this);
    return share;
  }

  of(url: string): Promise<Budget> {
    return this.#budgets.of(url, this);
  }

  setCrawlDelay(budget: Budget, host: string, seconds: number | undefined): void {
    this.#budgets.setCrawlDelay(budget, host, seconds);
  }

  heed(words: TenantWords, tenantMax: number | undefined): Promise<void> {
    return this.#budgets.heed(words, tenantMax);
  }

  /** See `Budgets.leave`. */
  leave(): Budget[] {
    return this.#budgets.leave(this);
  }

  /** Leaves and closes all but those of hosts it keeps. */
  async closeUnless(keeps: (host: string) => boolean, log: Log): Promise<void> {
    await told(
      this.#budgets.leave(this, keeps).map((budget) => budget.close()),
      log,
    );
  }
}

/** A pace table out of reach takes no results away. */
export async function told(telling: Promise<void>[], log: Log): Promise<void> {
  for (const each of await Promise.allSettled(telling))
    if (each.status === 'rejected') log.warn('pace not told', { error: String(each.reason) });
}

const narrowest = (words: OperatorWord[], max = Infinity): number =>
  Math.min(max, ...words.map(({ requestsPerSecond = Infinity }) => requestsPerSecond));

/** The name of the record: a host as it stands in URLs, a registrable domain or an address. */
async function nameOf(ports: GroupPorts, group: PaceSpec['group'], url: string): Promise<string> {
  const host = hostOf(url);
  const hostname = parseHttp(url)?.hostname ?? host;
  switch (group) {
    case undefined:
    case 'host':
      return host;
    case 'domain':
      return (await ports.loadDomainOf())(hostname);
    case 'address':
      return (await ports.addressOf(hostname)) ?? host;
  }
}
