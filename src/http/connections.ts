/**
 * Keep-alive connections, one set for each allow-list: a socket that one tenant may open to a private address must
 * never be found in the pool by another.
 */
import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import { guardedConnector, parseEndpoints } from './guard.ts';
import type { Resolve } from './resolver.ts';

export interface ConnectionOptions {
  resolve: Resolve;
  connectTimeoutMs: number;
  forbiddenEndpoints: readonly string[];
  tlsCa?: string;
}

/** Allow-lists alive at once; the least recently used one is closed once its requests are done. */
const AGENTS_MAX = 32;
/** Of which is known when the last connection was begun. */
const ORIGINS_MAX = 10_000;
/** Sockets per origin: more than a worker has in flight in all, so that pace and lanes decide, never the pool. */
const CONNECTIONS_PER_ORIGIN = 256;
/** Idle life when the server gives no hint: outlives the gaps of a slow pace, ends before common servers' own 15–75 s mostly do. */
const KEEP_ALIVE_MS = 10_000;
const KEEP_ALIVE_MAX_MS = 60_000;
/** Sites with long cookies and policies pass node's 16 KB. */
const HEADER_BYTES_MAX = 65_536;

export class Connections {
  readonly #options: ConnectionOptions;
  readonly #agents = new Map<string, Agent>();
  /** Connections begun, by origin. */
  readonly #begun = new Map<string, number>();

  #last: { list: readonly string[]; agent: Agent } | undefined;
  #closed = false;
  #connections = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  agent(allowAddresses: readonly string[]): Dispatcher {
    // The targets of a run bring the same list one after the other.
    if (this.#last?.list !== allowAddresses)
      this.#last = { list: allowAddresses, agent: this.#agentOf(allowAddresses) };
    return this.#last.agent;
  }

  #agentOf(allowAddresses: readonly string[]): Agent {
    const cidrs = [...new Set(allowAddresses.map((cidr) => cidr.trim()))].sort();
    const key = cidrs.join(' ');
    const agent = this.#agents.get(key) ?? this.#create(cidrs);
    this.#agents.delete(key);
    this.#agents.set(key, agent);
    for (const [oldest, idle] of this.#agents) {
      if (this.#agents.size <= AGENTS_MAX) break;
      this.#agents.delete(oldest);
      void idle.close();
    }
    return agent;
  }

  /** Is another number once a connection to the origin has been begun. */
  begun(origin: string): number {
    return this.#begun.get(origin) ?? 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Ends every socket and fails what is in flight. No agent may be asked for afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    this.#last = undefined;
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  #create(allowCidrs: readonly string[]): Agent {
    const { resolve, connectTimeoutMs, tlsCa } = this.#options;
    return new Agent({
      allowH2: false,
      pipelining: 1,
      connections: CONNECTIONS_PER_ORIGIN,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      connect: guardedConnector({
        resolve,
        allowCidrs,
        forbidden: parseEndpoints(this.#options.forbiddenEndpoints),
        connectTimeoutMs,
        ...(tlsCa === undefined ? {} : { tlsCa }),
        onConnecting: (origin) => {
          // The others are then taken to have new connections, and are not asked again.
          if (this.#begun.size >= ORIGINS_MAX) this.#begun.clear();
          this.#begun.set(origin, ++this.#connections);
        },
      }),
    });
  }
}
