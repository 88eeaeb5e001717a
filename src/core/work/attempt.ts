/** One request for one target, from robots.txt to ledger line. Decides by verdict; touches no table but the pace. */
import { ROBOTS_BODY_BYTES_MAX, ROBOTS_REDIRECTS_MAX } from '../limits.ts';
import { identityFields } from '../plan-ledger.ts';
import { waitForSlot } from '../polite.ts';
import { intervalUs } from '../pace.ts';
import { compileFilter, hostOf, targetIdentity } from '../url.ts';
import { failure, judge, type Verdict } from '../verdict.ts';
import { HostQueue, type PendingTarget } from './host-queue.ts';
import type { Context, Outgoing } from '../context.ts';
import type { EndBucket, FailReason, LedgerLine } from '../ledger.ts';
import type { Extractor, FetchResult, HopAnswer, RobotsAnswer } from '../ports.ts';
import type { ShardRow } from '../rows.ts';
import type { TaskSpec } from '../task.ts';
import type { Finished } from './batch.ts';

export type WorkPorts = Context & Outgoing;

/** `attempted` = requests sent. `finished` holds the target's own line first. */
export type AttemptEnd =
  | { kind: 'aborted' }
  | { kind: 'retry'; target: PendingTarget; attempted: number }
  | { kind: 'finished'; target: PendingTarget; attempted: number; finished: Finished[]; grow?: PendingTarget };

export interface AttemptsInput {
  task: TaskSpec;
  shard: ShardRow;
  extractor: Extractor;
  allowAddresses: string[];
  /** Which links of a crawl are kept; undefined when links are not followed (any further). */
  linkScope?: (url: string) => boolean;
  /** Identities of pages a follow shard has seen. */
  seenPages: Set<string>;
  beforeDone: (shard: ShardRow) => Promise<void>;
}

export class Attempts {
  readonly #ports: WorkPorts;
  readonly #input: AttemptsInput;
  readonly #everyUs: number;
  readonly #sentLinks = new Set<string>();
  readonly #keepPage: (url: string) => { keep: true } | { keep: false; rule: string };
  readonly #userAgent: string;
  aborted = 0;

  constructor(ports: WorkPorts, input: AttemptsInput) {
    this.#ports = ports;
    this.#input = input;
    this.#everyUs = intervalUs(input.task.pace.requestsPerSecond);
    this.#keepPage = compileFilter(input.task.source.include, input.task.source.exclude);
    const own = Object.entries(input.task.fetch.headers).find(([name]) => name.toLowerCase() === 'user-agent');
    this.#userAgent = own?.[1] ?? ports.userAgent;
  }

  beforeDone(shard: ShardRow): Promise<void> {
    return this.#input.beforeDone(shard);
  }

  /** Puts a target into its host's queue, making the queue when it is the host's first. */
  queue(hosts: Map<string, HostQueue>, target: PendingTarget): void {
    const host = hostOf(target.url);
    let queue = hosts.get(host);
    if (queue === undefined) {
      queue = new HostQueue(host, this.#input.shard.share, this.#everyUs);
      queue.gateAttempts = this.#input.shard.gates[host] ?? 0;
      const slots = this.#input.shard.slots[host];
      if (slots) queue.grant(...slots);
      hosts.set(host, queue);
    }
    // A page that a follow reached later must pass the gate again: its path was not asked about.
    if (queue.gate === 'open') queue.gate = 'closed';
    queue.add(target, this.#ports.clock.now());
  }

  /** Asks robots.txt once for all targets of a host; returns those that it ended. */
  async openGate(host: HostQueue, signal: AbortSignal): Promise<AttemptEnd[]> {
    if (this.#input.task.fetch.robots === 'ignore') {
      host.gate = 'open';
      return [];
    }
    const ends: AttemptEnd[] = [];
    const { clock } = this.#ports;
    const targets = host.takeAll();
    for (const [i, target] of targets.entries()) {
      const answer = signal.aborted ? undefined : await this.#robots(target.url, host.everyUs, signal);
      if (answer === undefined || signal.aborted) {
        for (const left of targets.slice(i)) host.add(left, clock.now());
        return ends;
      }
      if (answer.kind === 'unreachable') return [...ends, ...this.#gateFailed(host, targets.slice(i), answer)];
      if (answer.kind === 'disallowed') ends.push(this.#end(target, 'disallowed', { detail: answer.rule }, 0));
      else {
        host.everyUs = Math.max(
          host.everyUs,
          intervalUs(this.#input.task.pace.requestsPerSecond, answer.crawlDelaySeconds),
        );
        host.add(target, clock.now());
      }
    }
    host.gate = 'open';
    host.gateAttempts = 0;
    return ends;
  }

  /** robots.txt could not be had: the whole host waits and tries again, or all its targets fail with the reason. */
  #gateFailed(host: HostQueue, targets: PendingTarget[], answer: { reason: FailReason; detail: string }): AttemptEnd[] {
    const { clock, chance } = this.#ports;
    host.gateAttempts++;
    const verdict = failure(
      answer.reason,
      answer.detail,
      this.#input.task.retry,
      host.gateAttempts,
      clock.now(),
      chance,
    );
    if (verdict.kind === 'retry') {
      for (const target of targets) host.add(target, clock.now());
      host.blockedUntil = verdict.at;
      host.gate = 'closed';
      return [];
    }
    host.gate = 'open';
    const { reason, detail } = answer;
    return targets.map((target) => this.#end(target, 'failed', { reason, detail: `robots.txt: ${detail}` }, 0));
  }

  /** Sends one request and says what it means. The target is changed: attempts, time of the next one. */
  async attempt(host: HostQueue, target: PendingTarget, signal: AbortSignal): Promise<AttemptEnd> {
    const { clock, chance, fetcher } = this.#ports;
    const { task } = this.#input;
    const result = await fetcher.fetch(this.#request(target, signal), signal);
    if (!result.ok && result.reason === 'aborted') {
      this.aborted++;
      return { kind: 'aborted' };
    }
    target.attempts++;
    const now = clock.now();
    const verdict = judge(result, task.retry, target.attempts, now, chance);
    switch (verdict.kind) {
      case 'retry':
        target.nextAt = verdict.at;
        if (verdict.hostUntil !== undefined) host.blockedUntil = Math.max(host.blockedUntil, verdict.hostUntil);
        host.add(target, now);
        return { kind: 'retry', target, attempted: 1 };
      case 'giveUp':
        return this.#end(target, 'failed', { reason: verdict.reason, detail: verdict.detail, ...statusOf(verdict) });
      case 'disallowed':
        return this.#end(target, 'disallowed', { detail: verdict.detail });
      case 'keep':
        return result.ok ? this.#keep(target, result) : this.#end(target, 'failed', { reason: 'connect' });
    }
  }

  #request(target: PendingTarget, signal: AbortSignal): Parameters<WorkPorts['fetcher']['fetch']>[0] {
    const { fetch } = this.#input.task;
    return {
      url: target.url,
      method: target.method ?? 'GET',
      headers: { ...fetch.headers, ...target.headers },
      secretHeaders: {},
      ...(target.body !== undefined && { body: target.body }),
      timeoutMs: fetch.timeoutSeconds * 1000,
      bytesMax: fetch.maxBytes,
      redirectsMax: fetch.redirects,
      allowAddresses: this.#input.allowAddresses,
      onHop: (hop) => this.#hop(hop, signal),
    };
  }

  /** A redirect is a request like any other: robots.txt and the pace of its host hold. */
  async #hop(url: string, signal: AbortSignal): Promise<HopAnswer> {
    const answer = await this.#robots(url, this.#everyUs, signal);
    if (answer.kind === 'disallowed') return { refuse: 'disallowed', detail: `redirected to ${url}: ${answer.rule}` };
    if (answer.kind === 'unreachable')
      return { refuse: answer.reason, detail: `robots.txt of ${hostOf(url)}: ${answer.detail}` };
    await waitForSlot(
      this.#ports,
      hostOf(url),
      intervalUs(this.#input.task.pace.requestsPerSecond, answer.crawlDelaySeconds),
      signal,
    );
    return 'go';
  }

  async #robots(url: string, everyUs: number, signal: AbortSignal): Promise<RobotsAnswer> {
    const { task, allowAddresses } = this.#input;
    if (task.fetch.robots === 'ignore') return { kind: 'allowed' };
    return this.#ports.robots.check(url, this.#userAgent, async (robotsUrl) => {
      await waitForSlot(this.#ports, hostOf(robotsUrl), everyUs, signal);
      const request = {
        url: robotsUrl,
        method: 'GET',
        headers: { 'user-agent': this.#userAgent },
        secretHeaders: {},
        timeoutMs: task.fetch.timeoutSeconds * 1000,
        bytesMax: ROBOTS_BODY_BYTES_MAX,
        redirectsMax: ROBOTS_REDIRECTS_MAX,
        allowAddresses,
      };
      return this.#ports.fetcher.fetch(request, signal);
    });
  }

  // ---------------------------------------------------------------- ends

  #keep(target: PendingTarget, result: Extract<FetchResult, { ok: true }>): AttemptEnd {
    const { url } = target;
    const { finalUrl, headers, body, status } = result;
    const extraction = this.#input.extractor.extract({ url, finalUrl, headers, body });
    const bytes = body.byteLength;
    if (!extraction.ok)
      return this.#end(target, 'failed', { reason: extraction.reason, detail: extraction.detail, status }, 1, {
        bytes,
      });
    const fetchedAt = new Date(this.#ports.clock.now()).toISOString();
    const records = extraction.records.map((data, index) =>
      JSON.stringify({ url, fetchedAt, status, finalUrl, index, data }),
    );
    const links = this.#links(target, finalUrl, extraction.links);
    const end = this.#end(target, 'collected', { status }, 1, { bytes, records, links });
    return end.kind === 'finished' && extraction.next !== undefined ? this.#follow(end, extraction.next) : end;
  }

  #links(target: PendingTarget, finalUrl: string, found: string[]): string[] {
    const { linkScope } = this.#input;
    if (!linkScope?.(finalUrl)) return [];
    const lines: string[] = [];
    for (const url of found) {
      const identity = targetIdentity({ url });
      if (identity === undefined || !linkScope(identity) || this.#sentLinks.has(identity)) continue;
      this.#sentLinks.add(identity);
      lines.push(JSON.stringify({ url, from: target.url, depth: (target.depth ?? 0) + 1 }));
    }
    return lines;
  }

  /** The page after this one: a target of its own, or the line that says why it is none. */
  #follow(end: Extract<AttemptEnd, { kind: 'finished' }>, next: string): AttemptEnd {
    const { seenPages, task } = this.#input;
    const identity = targetIdentity({ url: next });
    if (identity === undefined || seenPages.has(identity)) return end;
    seenPages.add(identity);
    const { index } = end.target;
    const target: PendingTarget = { url: next, index: index + 1, attempts: 0, nextAt: 0, from: end.target.url };
    const kept = this.#keepPage(identity);
    const extra = (bucket: EndBucket, detail: string): AttemptEnd => {
      const line = this.#line(target, bucket, { detail });
      return { ...end, finished: [...end.finished, { index: undefined, line, records: [], links: [], bytes: 0 }] };
    };
    if (!kept.keep) return extra('excluded', kept.rule);
    const pagesMax = Math.min(task.source.follow?.maxPages ?? Infinity, task.limits.maxTargets);
    if (index + 1 >= pagesMax) return extra('overBudget', `beyond ${String(pagesMax)} pages`);
    return { ...end, grow: target };
  }

  #end(
    target: PendingTarget,
    bucket: EndBucket,
    why: { reason?: FailReason; detail?: string; status?: number },
    attempted = 1,
    got: { bytes?: number; records?: string[]; links?: string[] } = {},
  ): AttemptEnd {
    const { bytes = 0, records = [], links = [] } = got;
    const line = this.#line(target, bucket, why, records.length);
    return { kind: 'finished', target, attempted, finished: [{ index: target.index, line, records, links, bytes }] };
  }

  #line(
    target: PendingTarget,
    bucket: EndBucket,
    why: { reason?: FailReason; detail?: string; status?: number },
    records = 0,
  ): LedgerLine {
    return {
      url: target.url,
      ...identityFields(target),
      bucket,
      ...why,
      attempts: target.attempts,
      records,
      at: new Date(this.#ports.clock.now()).toISOString(),
      ...(target.depth !== undefined && { depth: target.depth }),
      ...(target.from !== undefined && { from: target.from }),
    };
  }
}

const statusOf = (verdict: Extract<Verdict, { kind: 'giveUp' }>): { status?: number } =>
  verdict.status === undefined ? {} : { status: verdict.status };
