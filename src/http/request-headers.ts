/** The headers of an outgoing request, and what of them survives a redirect. */
import { ACCEPT_ENCODING } from './decoding.ts';

/** Lower-case name → value. */
export type HeaderMap = ReadonlyMap<string, string>;

/** Owned by the connection (RFC 9110 §7.6.1) or by the framing: a task that sets them could only break the exchange. */
const OWNED = new Set([
  'host',
  'content-length',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'http2-settings',
]);
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];
/** Describe a body that a redirect may take away (Fetch standard, "request-body-header name"). */
const ABOUT_BODY = ['content-encoding', 'content-language', 'content-location', 'content-type'];

interface Wanted {
  headers: Record<string, string>;
  secretHeaders: Record<string, string>;
}

/** Task headers over the defaults, secrets over both; a user name and password in the URL become Basic credentials. */
export function requestHeaders(wanted: Wanted, userAgent: string, url: URL): HeaderMap {
  const map = new Map([
    ['user-agent', userAgent],
    ['accept', '*/*'],
    ['accept-encoding', ACCEPT_ENCODING],
  ]);
  const basic = basicCredentials(url);
  if (basic !== undefined) map.set('authorization', basic);
  for (const [name, value] of [...Object.entries(wanted.headers), ...Object.entries(wanted.secretHeaders)]) {
    if (!OWNED.has(name.toLowerCase())) map.set(name.toLowerCase(), value);
  }
  return map;
}

/** Without everything that another origin must not see. What is dropped once stays dropped on later hops. */
export function withoutSecrets(headers: HeaderMap, secretHeaders: Record<string, string>): HeaderMap {
  const secret = [...CREDENTIALS, ...Object.keys(secretHeaders).map((name) => name.toLowerCase())];
  return without(headers, secret);
}

export const withoutBodyHeaders = (headers: HeaderMap): HeaderMap => without(headers, ABOUT_BODY);

function without(headers: HeaderMap, names: readonly string[]): HeaderMap {
  return new Map([...headers].filter(([name]) => !names.includes(name)));
}

function basicCredentials(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const pair = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
