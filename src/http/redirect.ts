/** One redirect step by the Fetch standard's rules, decided without sending anything. */
import { withoutBodyHeaders, withoutSecrets, type HeaderMap } from './request-headers.ts';

/** A request about to be sent. `url` carries neither fragment nor credentials. */
export interface Hop {
  url: URL;
  method: string;
  headers: HeaderMap;
  body: string | undefined;
}
export type NextHop = { kind: 'none' } | { kind: 'hop'; hop: Hop } | { kind: 'refused'; detail: string };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export const isRedirect = (status: number, location: string | undefined): location is string =>
  REDIRECTS.has(status) && location !== undefined && location !== '';

/** `none`: the response is the answer (no redirect status, or no Location). */
export function nextHop(
  from: Hop,
  status: number,
  location: string | undefined,
  secretHeaders: Record<string, string>,
): NextHop {
  if (!isRedirect(status, location)) return { kind: 'none' };
  const url = parseHttpUrl(utf8(location), from.url);
  if (url === undefined)
    return { kind: 'refused', detail: `status ${status} leads to something that is no http or https URL` };
  const rewritten = rewrite(from, status);
  const crossOrigin = url.origin !== from.url.origin;
  const headers = crossOrigin ? withoutSecrets(rewritten.headers, secretHeaders) : rewritten.headers;
  return { kind: 'hop', hop: { ...rewritten, headers, url } };
}

/** Absolute http(s) URL without fragment and credentials; undefined for all else. */
export function parseHttpUrl(text: string, base?: URL): URL | undefined {
  const url = URL.parse(text, base?.href);
  return url === null || !isHttp(url) ? undefined : strip(url);
}

export const isHttp = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:';

/** Takes away what is not sent to a server in its address. Most URLs have nothing of it, and to set is dearer than to ask. */
export function strip(url: URL): URL {
  if (url.href.includes('#')) url.hash = '';
  if (url.username !== '') url.username = '';
  if (url.password !== '') url.password = '';
  return url;
}

function rewrite(from: Hop, status: number): Hop {
  const toGet =
    (status === 303 && from.method !== 'GET' && from.method !== 'HEAD') ||
    ((status === 301 || status === 302) && from.method === 'POST');
  return toGet ? { ...from, method: 'GET', body: undefined, headers: withoutBodyHeaders(from.headers) } : from;
}

/** Header bytes arrive as Latin-1; a Location with raw UTF-8 in it is meant as UTF-8. */
function utf8(header: string): string {
  if (!/[\x80-\xff]/.test(header)) return header;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'));
  } catch {
    return header;
  }
}
