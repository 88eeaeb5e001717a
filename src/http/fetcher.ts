/**
 * The outgoing request: guarded connections, bounded bodies, redirects by hand. Whatever a server, a URL or a network
 * does comes back as a value; only a rejecting `onHop` is passed on.
 */
import type { FetchRequest, FetchResult, Fetcher } from '#core/ports.ts';
import { offAbort, onAbort } from './aborts.ts';
import { Bulk } from './bulk.ts';
import { Connections } from './connections.ts';
import { exchange, type ExchangeResult } from './exchange.ts';
import { isHttp, nextHop, strip, type Hop } from './redirect.ts';
import { requestHeaders } from './request-headers.ts';
import { createResolver, type Resolve } from './resolver.ts';
import { Turns } from './turns.ts';

export interface FetcherOptions {
  /** Sent unless the task's headers set another. */
  userAgent: string;
  /** DNS, TCP and TLS together. */
  connectTimeoutMs?: number;
  /** From the request's last byte to the response's headers; by default only the request's own time-out bounds it. Coarse: up to a second late. */
  headersTimeoutMs?: number;
  /** Longest silence within a body; as coarse. */
  bodyIdleMs?: number;
  /** `host:port` of local services (the runtime's API), refused even when an allow-list names the address. */
  forbiddenEndpoints?: string[];
  /** Instead of the system's resolver. */
  lookup?: Resolve;
  /** PEM certificates trusted instead of the built-in ones. */
  tlsCa?: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const BODY_IDLE_MS = 30_000;
/** RFC 9110 §9.2.2, as far as a collector uses them. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

export function createFetcher(options: FetcherOptions): Fetcher {
  const connections = new Connections({
    resolve: createResolver(options.lookup),
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    forbiddenEndpoints: options.forbiddenEndpoints ?? [],
    ...(options.tlsCa === undefined ? {} : { tlsCa: options.tlsCa }),
  });
  const bulk = new Bulk();
  const turns = new Turns();
  return {
    fetch: (request, signal) => new Journey(options, connections, request, signal, bulk, turns).run(),
    whenQuiet: (bytes, job) => turns.whenQuiet(bytes, job),
    close: () => connections.close(),
  };
}

type Failed = Extract<FetchResult, { ok: false }>;

/** One fetch with all its hops. The time-out covers the exchanges; what `onHop` waits for pace is not the host's time. */
class Journey {
  readonly #options: FetcherOptions;
  readonly #connections: Connections;
  readonly #request: FetchRequest;
  readonly #signal: AbortSignal | undefined;
  readonly #bulk: Bulk;
  readonly #turns: Turns;
  readonly #started = performance.now();
  #spentMs = 0;
  #at = '';

  constructor(
    options: FetcherOptions,
    connections: Connections,
    request: FetchRequest,
    signal: AbortSignal | undefined,
    bulk: Bulk,
    turns: Turns,
  ) {
    this.#bulk = bulk;
    this.#turns = turns;
    this.#options = options;
    this.#connections = connections;
    this.#request = request;
    this.#signal = signal;
  }

  async run(): Promise<FetchResult> {
    let hop = this.#firstHop();
    if (hop === undefined) return this.#fail('connect', 'the target is no absolute http or https URL');
    const visited = new Set<string>();
    for (let redirects = 0; ; redirects++) {
      this.#at = hop.url.href;
      const response = await this.#exchange(hop);
      if (!response.ok) return this.#fail(response.reason, response.detail);
      const next = nextHop(hop, response.status, response.headers['location'], this.#request.secretHeaders);
      if (next.kind === 'none') {
        const { status, headers, body, wireBytes } = response;
        return { ok: true, status, finalUrl: this.#at, headers, body, redirects, wireBytes, ms: this.#ms() };
      }
      if (next.kind === 'refused') return this.#fail('redirects', next.detail);
      visited.add(identity(hop));
      const refusal = this.#refusal(next.hop, visited, redirects) ?? (await this.#askHop(next.hop));
      if (refusal !== undefined) return refusal;
      hop = next.hop;
    }
  }

  #firstHop(): Hop | undefined {
    const { url: text, method, body } = this.#request;
    const url = URL.parse(text);
    if (url === null || !isHttp(url)) return undefined;
    const headers = requestHeaders(this.#request, this.#options.userAgent, url);
    strip(url);
    return { url, method: method.toUpperCase(), headers, body };
  }

  #refusal(next: Hop, visited: ReadonlySet<string>, redirects: number): Failed | undefined {
    if (visited.has(identity(next))) return this.#fail('redirects', `redirect loop after ${redirects + 1} redirects`);
    if (redirects >= this.#request.redirectsMax) {
      return this.#fail('redirects', `more than ${this.#request.redirectsMax} redirects`);
    }
    return undefined;
  }

  async #askHop(next: Hop): Promise<Failed | undefined> {
    const { onHop } = this.#request;
    if (onHop === undefined) return undefined;
    const answer = await untilAborted(() => onHop(next.url.href), this.#signal);
    if (answer === 'aborted') return this.#fail('aborted', 'aborted');
    if (answer === 'go') return undefined;
    this.#at = next.url.href;
    return this.#fail(answer.refuse, answer.detail);
  }

  async #exchange(hop: Hop): Promise<ExchangeResult> {
    const { origin } = hop.url;
    const begun = this.#connections.begun(origin);
    const first = await this.#attempt(hop, origin);
    if (first.ok || !first.stale || !IDEMPOTENT.has(hop.method)) return first;
    // No connection was begun, so this one had been kept from before: the server may have dropped it as the request left.
    const isReused = this.#connections.begun(origin) === begun;
    return isReused ? this.#attempt(hop, origin) : first;
  }

  async #attempt(hop: Hop, origin: string): Promise<ExchangeResult> {
    const start = this.#turns.start();
    if (start !== undefined) await start;
    if (this.#connections.closed) return CLOSED;
    const timeoutMs = this.#request.timeoutMs - this.#spentMs;
    if (timeoutMs <= 0) return { ok: false, stale: false, reason: 'timeout', detail: 'redirects used up the time-out' };
    const before = performance.now();
    const result = await exchange(this.#connections.agent(this.#request.allowAddresses), {
      hop,
      origin,
      timeoutMs,
      bytesMax: this.#request.bytesMax,
      headersTimeoutMs: this.#options.headersTimeoutMs ?? 0,
      bodyIdleMs: this.#options.bodyIdleMs ?? BODY_IDLE_MS,
      bulk: this.#bulk,
      signal: this.#signal,
    });
    this.#spentMs += performance.now() - before;
    return !result.ok && this.#connections.closed ? CLOSED : result;
  }

  #fail(reason: Failed['reason'], detail: string): Failed {
    return { ok: false, reason, detail, finalUrl: this.#at, ms: this.#ms() };
  }

  #ms(): number {
    return Math.round(performance.now() - this.#started);
  }
}

const CLOSED: ExchangeResult = { ok: false, stale: false, reason: 'aborted', detail: 'the fetcher was closed' };

const identity = (hop: Hop): string => `${hop.method} ${hop.url.href}`;

/** The answer, or `aborted` as soon as the signal says so, which may be while `ask` runs. */
async function untilAborted<T>(ask: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | 'aborted'> {
  if (signal === undefined) return ask();
  if (signal.aborted) return 'aborted';
  const { promise, resolve } = Promise.withResolvers<'aborted'>();
  const aborted = (): void => {
    resolve('aborted');
  };
  onAbort(signal, aborted);
  try {
    return await Promise.race([ask(), promise]);
  } finally {
    offAbort(signal, aborted);
  }
}
