/** How the collector names itself, and the name by which robots.txt groups address it. */

/** Sent unless a task sets its own User-Agent. */
export const DEFAULT_USER_AGENT = 'Gleaner/0.1 (web data collector)';

/**
 * The product token that robots.txt matches (RFC 9309 §2.2.1): the leading letters, `-` and `_` of the first product,
 * lower case. Empty when the string starts with anything else, which then matches only the `*` group.
 */
export function productToken(userAgent: string): string {
  return (/^\s*([a-z_-]+)/i.exec(userAgent)?.[1] ?? '').toLowerCase();
}
