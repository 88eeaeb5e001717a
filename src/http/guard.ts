/**
 * The guard at connect time: a name is resolved once, its addresses are checked, and the socket is opened to a checked
 * address and to no other. A name that changes its answer between check and connect therefore gains nothing.
 */
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import connectorOf from 'undici/lib/core/connect.js';
import { addressAllowed, isLoopback, sameAddress } from './address.ts';
import type { Resolve } from './resolver.ts';

export { addressAllowed, isPublicAddress } from './address.ts';

/** The address was refused; no socket was opened. The message names no URL. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'ERR_BLOCKED_ADDRESS';
}

const VERDICTS_MAX = 2_000;
/** TLS sessions kept, each of some kilobytes; one for each host. */
const SESSIONS_MAX = 500;

/** `host:port`, refused whatever a tenant's allow-list says. A loopback host stands for every loopback address. */
export interface Endpoint {
  host: string;
  port: number;
}

export interface GuardOptions {
  resolve: Resolve;
  allowCidrs: readonly string[];
  forbidden: readonly Endpoint[];
  connectTimeoutMs: number;
  /** PEM certificates trusted instead of the built-in list. */
  tlsCa?: string;
  /** Told the origin (`scheme://host[:port]`) each time a new connection is begun. */
  onConnecting?: (origin: string) => void;
}

/** `127.0.0.1:9001`, `[::1]:9001`, `localhost:2772`; what has no port is dropped, as it names no endpoint. */
export function parseEndpoints(texts: readonly string[]): Endpoint[] {
  return texts.flatMap((text): Endpoint[] => {
    const match = /^(?:https?:\/\/)?(\[[^\]]+\]|[^:/]+):(\d{1,5})(?:\/|$)/i.exec(text.trim());
    if (match?.[1] === undefined) return [];
    return [{ host: match[1].replace(/^\[|\]$/g, '').toLowerCase(), port: Number(match[2]) }];
  });
}

/** A connector for undici. Refusals reach the request as `BlockedAddressError`. */
export function guardedConnector(options: GuardOptions): buildConnector.connector {
  const plain = connectorFor(options, []);
  // A lookup does not know its port, so each forbidden port has a connector of its own.
  const strict = new Map<string, buildConnector.connector>();
  for (const { port } of options.forbidden) {
    const hosts = options.forbidden.filter((e) => e.port === port).map((e) => e.host);
    strict.set(String(port), connectorFor(options, hosts));
  }
  return (target, callback) => {
    options.onConnecting?.(`${target.protocol}//${target.host ?? target.hostname}`);
    const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
    (strict.get(port) ?? plain)(target, callback);
  };
}

function connectorFor(options: GuardOptions, forbiddenHosts: readonly string[]): buildConnector.connector {
  // Ranges are read anew for each question, and an origin has one address for all its connections.
  const verdicts = new Map<string, boolean>();
  const allowed = (ip: string): boolean => {
    let verdict = verdicts.get(ip);
    if (verdict === undefined) {
      verdict = addressAllowed(ip, options.allowCidrs) && !forbiddenHosts.some((host) => leadsTo(host, ip));
      if (verdicts.size >= VERDICTS_MAX) verdicts.clear();
      verdicts.set(ip, verdict);
    }
    return verdict;
  };
  const lookup: LookupFunction = (hostname, { all }, callback) => {
    options.resolve(hostname).then(
      (addresses) => {
        const safe = addresses.filter(({ address }) => allowed(address));
        const [first] = safe;
        if (first === undefined) callback(refusal(hostname, addresses[0]?.address), []);
        else if (all === true) callback(null, safe);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => {
        callback(error, []);
      },
    );
  };
  const connect = connectorOf({
    allowH2: false,
    maxCachedSessions: SESSIONS_MAX,
    timeout: options.connectTimeoutMs,
    lookup,
    ...(options.tlsCa === undefined ? {} : { ca: options.tlsCa }),
  });
  const sessions = new Map<string, Buffer>();
  const keepSession = (host: string, session: Buffer): void => {
    sessions.delete(host);
    sessions.set(host, session);
    if (sessions.size > SESSIONS_MAX) sessions.delete(sessions.keys().next().value ?? '');
  };
  const open: buildConnector.connector = (target, callback) => {
    // The types do not tell that it answers with its socket.
    const socket = connect(target, callback) as unknown as Socket;
    // undici holds TLS sessions weakly: the next collection of garbage would take them, and with them every resumption.
    if (target.protocol === 'https:')
      socket.on('session', (session: Buffer) => {
        keepSession(target.servername ?? target.hostname, session);
      });
  };
  return (target, callback) => {
    // Address literals are never looked up.
    const literal = target.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) === 0 || allowed(literal)) open(target, callback);
    else
      queueMicrotask(() => {
        callback(refusal(literal, literal), null);
      });
  };
}

function leadsTo(host: string, ip: string): boolean {
  if (host === 'localhost' || isLoopback(host)) return isLoopback(ip);
  return sameAddress(host, ip);
}

function refusal(hostname: string, address: string | undefined): BlockedAddressError {
  const where = address === undefined || address === hostname ? hostname : `${hostname} (${address})`;
  return new BlockedAddressError(`${where} is not an address that may be reached`);
}
