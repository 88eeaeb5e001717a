/** One request for one target, from robots.txt to ledger line. Decides by verdict; touches no table but the pace. */
import { HOP_PATIENCE_MS, PARK_AFTER_MS, ROBOTS_BODY_BYTES_MAX, ROBOTS_REDIRECTS_MAX } from '../limits.ts';
import { ledgerLine } from '../ledger-line.ts';
import { pacedFetch, type Later, type PacedRequest } from '../pace/paced-fetch.ts';
import { throughStore } from '../robots-store.ts';
import { fresh, transition, type TargetState } from '../target.ts';
import { compileFilter, hostOf, targetIdentity } from '../url.ts';
import { failure, judge, type Verdict } from '../verdict.ts';
import { HostQueue } from './host-queue.ts';
import { shareOf } from './share.ts';
import type { Budget, Turn } from '../pace/budget.ts';
import type { BudgetsShare } from '../pace/budgets.ts';
import type { PendingTarget } from '../open-targets.ts';
import type { Context, Outgoing } from '../context.ts';
import type { EndBucket, FailReason, LedgerLine } from '../ledger.ts';
import type { Extraction, Extractor, FetchResult, HopAnswer, RobotsAnswer } from '../ports.ts';
import type { SecretsFor } from '../secret-headers.ts';
import type { ShardRow } from '../rows.ts';
import type { TaskSpec } from '../task.ts';
import { recordLine, type RecordLine } from '../line-buffer.ts';
import type { Finished } from './batch.ts';
import { letGoOfBody } from './long-body.ts';

export type WorkPorts = Pick<
  Context,
  | 'region'
  | 'switches'
  | 'table'
  | 'pace'
  | 'objects'
  | 'queue'
  | 'workersMax'
  | 'orchestrator'
  | 'clock'
  | 'chance'
  | 'log'
  | 'meter'
> &
  Outgoing;

/** `attempted` = requests sent. `finished` holds the target's own line first. */
export type AttemptEnd =
  | { kind: 'aborted' }
  | { kind: 'retry'; target: PendingTarget; attempted: number }
  | { kind: 'finished'; target: PendingTarget; attempted: number; finished: Finished[]; grow?: PendingTarget };

export interface AttemptsInput {
  task: TaskSpec;
  shard: ShardRow;
  budgets: BudgetsShare;
  extractor: Extractor;
  allowAddresses: string[];
  /** The secret headers that a request to this URL carries. */
  secretsFor: SecretsFor;
  /** Which links of a crawl are kept, and of targets up to which depth; undefined when none are followed. */
  links?: { scope: (url: string) => boolean; depth: number };
  /** Identities of pages a follow shard has seen. */
  seenPages: Set<string>;
  beforeDone: (shard: ShardRow) => Promise<void>;
  /** A host of this shard may be asked from now on. */
  onHost: (host: HostQueue, crawlDelaySeconds: number | undefined) => Promise<void>;
}

export class Attempts {
  readonly #ports: WorkPorts;
  readonly #input: AttemptsInput;
  readonly #sentLinks = new Set<string>();
  readonly #keepPage: (url: string) => { keep: true } | { keep: false; rule: string };
  readonly #userAgent: string;
  aborted = 0;

  constructor(ports: WorkPorts, input: AttemptsInput) {
    this.#ports = ports;
    this.#input = input;
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
      queue = new HostQueue(host, shareOf(this.#input.shard, host));
      queue.gateAttempts = this.#input.shard.gates[host] ?? 0;
      hosts.set(host, queue);
    }
    // A page that a follow reached later must pass the gate again: its path was not asked about.
    if (queue.gate === 'open') queue.gate = 'closed';
    queue.add(target, this.#ports.clock.now());
  }

  /** Asks robots.txt once for all targets of a host; returns those that it ended. */
  async openGate(host: HostQueue, signal: AbortSignal): Promise<AttemptEnd[]> {
    const ends: AttemptEnd[] = [];
    const { clock } = this.#ports;
    const targets = host.takeAll();
    let delaySeconds: number | undefined;
    for (const [i, target] of targets.entries()) {
      host.budget ??= await this.#input.budgets.of(target.url);
      const asked = signal.aborted ? undefined : this.#robots(target.url, host.budget, PARK_AFTER_MS, signal);
      const answer = asked instanceof Promise ? await asked : asked;
      if (answer === undefined || signal.aborted || 'untilMs' in answer) {
        for (const left of targets.slice(i)) host.add(left, clock.now());
        if (answer !== undefined && 'untilMs' in answer) {
          host.blockedUntil = answer.untilMs;
          host.gate = 'closed';
        }
        return ends;
      }
      if (answer.kind === 'unreachable') return [...ends, ...this.#gateFailed(host, targets.slice(i), answer)];
      if (answer.kind === 'disallowed') ends.push(this.#decide(target, { bucket: 'disallowed', detail: answer.rule }));
      else {
        delaySeconds = answer.crawlDelaySeconds;
        host.add(target, clock.now());
      }
    }
    if (host.budget) this.#input.budgets.setCrawlDelay(host.budget, host.host, delaySeconds);
    await this.#input.onHost(host, delaySeconds);
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
    return targets.map((target) => this.#decide(target, { bucket: 'failed', reason, detail: `robots.txt: ${detail}` }));
  }

  /**
   * Sends one request and says what it means. The state of the target is moved on.
   * @param answered called when the request is over; its answer is read after that.
   */
  async attempt(
    host: HostQueue,
    target: PendingTarget,
    turn: Turn,
    answered: () => void,
    signal: AbortSignal,
  ): Promise<AttemptEnd> {
    const { clock, chance } = this.#ports;
    const { task, budgets } = this.#input;
    const asked = transition(target.state, { kind: 'ask' });
    const request = this.#request(target, signal);
    const { result, later } = await pacedFetch(this.#ports, budgets, turn, request, HOP_PATIENCE_MS, signal);
    answered();
    const at = clock.now();
    if (!result.ok && result.reason === 'aborted') {
      this.aborted++;
      target.state = transition(asked, { kind: 'aborted', at });
      return { kind: 'aborted' };
    }
    let verdict = judge(result, task.retry, asked.attempts + 1, at, chance);
    const extraction = result.ok && verdict.kind === 'keep' ? await this.#extract(target, result, at) : undefined;
    const bytes = result.ok && extraction !== undefined ? result.body.byteLength : 0;
    if (result.ok) letGoOfBody(result.body);
    if (extraction?.ok === false) verdict = { kind: 'giveUp', ...extraction.why };
    if (verdict.kind === 'retry' && later) verdict = { ...verdict, at: Math.max(verdict.at, later.untilMs) };
    const next = transition(asked, { kind: 'verdict', verdict, at });
    if (next.kind === 'waiting') {
      target.state = next;
      host.add(target, at);
      return { kind: 'retry', target, attempted: 1 };
    }
    if (!result.ok || !extraction?.ok) return this.#end(target, next, 1, { bytes });
    return this.#keep(target, next, { finalUrl: result.finalUrl, status: result.status, bytes }, extraction);
  }

  #request(target: PendingTarget, signal: AbortSignal): PacedRequest {
    const { fetch } = this.#input.task;
    return {
      url: target.url,
      method: target.method ?? 'GET',
      headers: { ...fetch.headers, ...target.headers },
      secretHeaders: this.#input.secretsFor(target.url),
      ...(target.body !== undefined && { body: target.body }),
      timeoutMs: fetch.timeoutSeconds * 1000,
      bytesMax: fetch.maxBytes,
      redirectsMax: fetch.redirects,
      allowAddresses: this.#input.allowAddresses,
      allow: (hop) => this.#hop(hop, signal),
    };
  }

  /** A redirect is a request like any other: robots.txt of its host holds. */
  async #hop(url: string, signal: AbortSignal): Promise<HopAnswer | Later> {
    const { budgets } = this.#input;
    const budget = await budgets.of(url);
    const answer = await this.#robots(url, budget, HOP_PATIENCE_MS, signal);
    if ('untilMs' in answer) return answer;
    if (answer.kind === 'disallowed') return { refuse: 'disallowed', detail: `redirected to ${url}: ${answer.rule}` };
    if (answer.kind === 'unreachable')
      return { refuse: answer.reason, detail: `robots.txt of ${hostOf(url)}: ${answer.detail}` };
    budgets.setCrawlDelay(budget, hostOf(url), answer.crawlDelaySeconds);
    return 'go';
  }

  #robots(
    url: string,
    budget: Budget,
    patienceMs: number,
    signal: AbortSignal,
  ): RobotsAnswer | Promise<RobotsAnswer | Later> {
    const { task, allowAddresses, budgets } = this.#input;
    if (task.fetch.robots === 'ignore') return { kind: 'allowed' };
    let later: Later | undefined;
    const ask = async (robotsUrl: string): Promise<FetchResult> => {
      const got = await budget.turn(patienceMs, signal);
      if (got.kind !== 'turn') {
        later = got.kind === 'later' ? got : undefined;
        return { ok: false, reason: 'aborted', detail: got.kind, finalUrl: robotsUrl, ms: 0 };
      }
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
      const paced = await pacedFetch(this.#ports, budgets, got.turn, request, patienceMs, signal);
      later = paced.later;
      return paced.result;
    };
    const fetch = throughStore(this.#ports, this.#userAgent, ask);
    const answer = this.#ports.robots.check(url, this.#userAgent, fetch);
    return answer instanceof Promise ? answer.then((given) => later ?? given) : answer;
  }

  // ---------------------------------------------------------------- ends

  /** Ends a target without asking for it. */
  condemn(target: PendingTarget, detail: string): AttemptEnd {
    return this.#decide(target, { bucket: 'failed', reason: 'extract', detail });
  }

  /** An extractor that throws at a document says no more about it than that it cannot be read. */
  #extract(target: PendingTarget, result: Extract<FetchResult, { ok: true }>, at: number): Promise<Extracted> {
    const { url } = target;
    const { finalUrl, headers, body, status } = result;
    const fetchedAt = new Date(at).toISOString();
    const read = (extraction: Extraction): Extracted => {
      if (!extraction.ok) return { ok: false, why: { reason: extraction.reason, detail: extraction.detail, status } };
      const lines = extraction.records.map((data, index) =>
        recordLine({ url, fetchedAt, status, finalUrl, index }, data),
      );
      return { ...extraction, lines };
    };
    const failed = (error: unknown): Extracted => {
      return { ok: false, why: { reason: 'extract', detail: `the extractor failed: ${String(error)}`, status } };
    };
    return this.#ports.fetcher
      .whenQuiet(body.byteLength, () => {
        const extraction = this.#input.extractor.extract({ url, finalUrl, headers, body });
        return extraction instanceof Promise ? extraction.then(read) : read(extraction);
      })
      .catch(failed);
  }

  #keep(
    target: PendingTarget,
    state: Ended,
    { finalUrl, status, bytes }: { finalUrl: string; status: number; bytes: number },
    extraction: Extract<Extraction, { ok: true }> & { lines: RecordLine[] },
  ): AttemptEnd {
    const links = this.#links(target, finalUrl, extraction.links);
    const end = this.#end(target, { ...state, status }, 1, { bytes, records: extraction.lines, links });
    return end.kind === 'finished' && extraction.next !== undefined ? this.#follow(end, extraction.next) : end;
  }

  #links(target: PendingTarget, finalUrl: string, found: string[]): string[] {
    const { links } = this.#input;
    const depth = (target.depth ?? 0) + 1;
    if (links === undefined || depth > links.depth || !links.scope(finalUrl)) return [];
    const lines: string[] = [];
    for (const url of found) {
      const identity = targetIdentity({ url });
      if (identity === undefined || !links.scope(identity) || this.#sentLinks.has(identity)) continue;
      this.#sentLinks.add(identity);
      lines.push(JSON.stringify({ url, from: target.url, depth }));
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
    const target: PendingTarget = { url: next, index: index + 1, state: fresh, from: end.target.url };
    const kept = this.#keepPage(identity);
    const extra = (bucket: EndBucket, detail: string): AttemptEnd => {
      const line = this.#line(target, transition(target.state, { kind: 'decide', bucket, detail }));
      return { ...end, finished: [...end.finished, { index: undefined, line, records: [], links: [], bytes: 0 }] };
    };
    if (!kept.keep) return extra('excluded', kept.rule);
    const pagesMax = Math.min(task.source.follow?.maxPages ?? Infinity, task.limits.maxTargets);
    if (index + 1 >= pagesMax) return extra('overBudget', `beyond ${String(pagesMax)} pages`);
    return { ...end, grow: target };
  }

  #decide(target: PendingTarget, why: { bucket: EndBucket; reason?: FailReason; detail: string }): AttemptEnd {
    return this.#end(target, transition(target.state, { kind: 'decide', ...why }), 0);
  }

  #end(
    target: PendingTarget,
    state: Ended,
    attempted: number,
    got: { bytes?: number; records?: RecordLine[]; links?: string[] } = {},
  ): AttemptEnd {
    const { bytes = 0, records = [], links = [] } = got;
    const { index } = target;
    const line = this.#line(target, state, index, records.length);
    return { kind: 'finished', target, attempted, finished: [{ index, line, records, links, bytes }] };
  }

  #line(target: PendingTarget, state: Ended, index?: number, records = 0): LedgerLine {
    const at = new Date(this.#ports.clock.now()).toISOString();
    return ledgerLine(target, state, { at, records, ...(index !== undefined && { index }) });
  }
}

type Ended = Extract<TargetState, { kind: 'ended' }>;
type Extracted =
  | (Extract<Extraction, { ok: true }> & { lines: RecordLine[] })
  | { ok: false; why: Omit<Extract<Verdict, { kind: 'giveUp' }>, 'kind'> };
