/**
 * What a host says about its own limit: `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers:
 * `"default";r=50;t=30` and `"default";q=100;w=60`), the same of its earlier drafts (`limit=100, remaining=50, reset=30`,
 * `RateLimit-Remaining`, `RateLimit-Reset`, `100;w=60`), and the older `X-RateLimit-*`, whose reset is seconds in some
 * places and a UNIX time in others.
 */

/** Requests per second that may be sent for this long. */
export interface Advice {
  rate: number;
  forMs: number;
}

/** Room for those who ask beside us, and for clocks. */
const ROOM = 0.98;
/** A reset further away than a day is no reset but another unit. */
const SECONDS_MAX = 86_400;
const UNIX_TIME_MIN = 1_000_000_000;

/** So many requests in so many seconds. */
interface Said {
  requests: number;
  seconds: number;
}

/** What is left until the reset, or else what the policy allows in a window; of several the tightest. */
export function adviceOf(headers: Record<string, string>, nowMs: number): Advice | undefined {
  const policies = items(headers['ratelimit-policy']).flatMap((item) =>
    said(parameter(item, 'q') ?? whole(item), parameter(item, 'w')),
  );
  const tightest =
    least(left(headers.ratelimit, policies)) ??
    least(fromNames(headers, 'ratelimit', nowMs)) ??
    least(fromNames(headers, 'x-ratelimit', nowMs)) ??
    least(policies);
  return tightest && { rate: (ROOM * tightest.requests) / tightest.seconds, forMs: tightest.seconds * 1000 };
}

/** An item that names no reset counts for the window of the policy, as it does where there is but one. */
function left(header: string | undefined, policies: readonly Said[]): Said[] {
  const window = policies.length === 1 ? policies[0]?.seconds : undefined;
  const one = header !== undefined && /\bremaining\s*=/.test(header);
  const each = one ? [header.replaceAll(',', ';')] : items(header);
  return each.flatMap((item) =>
    said(
      parameter(item, 'r') ?? parameter(item, 'remaining'),
      parameter(item, 't') ?? parameter(item, 'reset') ?? window,
    ),
  );
}

function fromNames(headers: Record<string, string>, prefix: string, nowMs: number): Said[] {
  const reset = whole(headers[`${prefix}-reset`]);
  const seconds = reset !== undefined && reset > UNIX_TIME_MIN ? reset - nowMs / 1000 : reset;
  return said(whole(headers[`${prefix}-remaining`]), seconds);
}

function said(requests: number | undefined, seconds: number | undefined): Said[] {
  if (requests === undefined || seconds === undefined || seconds <= 0 || seconds > SECONDS_MAX) return [];
  return [{ requests, seconds }];
}

function least(all: readonly Said[]): Said | undefined {
  const [first, ...rest] = all;
  if (first === undefined) return undefined;
  return rest.reduce(
    (tightest, each) => (each.requests * tightest.seconds < tightest.requests * each.seconds ? each : tightest),
    first,
  );
}

const items = (header: string | undefined): string[] => header?.split(',') ?? [];

function parameter(item: string, name: string): number | undefined {
  const match = new RegExp(`(?:^|[;\\s])${name}\\s*=\\s*(\\d{1,12})(?:\\s*(?:;|$))`).exec(item);
  return match === null ? undefined : Number(match[1]);
}

function whole(text: string | undefined): number | undefined {
  const match = /^\s*(\d{1,12})(?:\.\d*)?\s*(?:;|,|$)/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}
