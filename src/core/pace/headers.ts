/**
 * What a host says about its own limit: `RateLimit` (draft-ietf-httpapi-ratelimit-headers: `"default";r=50;t=30`), the
 * fields of its earlier drafts (`RateLimit-Remaining` and `-Reset` in seconds) and the older `X-RateLimit-*`, whose
 * reset is seconds in some places and a UNIX time in others.
 */

/** Requests per second that may be sent for this long. */
export interface Advice {
  rate: number;
  forMs: number;
}

/** Room for those who ask beside us, and for clocks. */
const ROOM = 0.98;
/** A reset further away than a day is no reset but another unit. */
const RESET_SECONDS_MAX = 86_400;

export function adviceOf(headers: Record<string, string>, nowMs: number): Advice | undefined {
  const said = fromDraft(headers) ?? fromNames(headers, 'ratelimit', nowMs) ?? fromNames(headers, 'x-ratelimit', nowMs);
  if (said === undefined || said.seconds <= 0) return undefined;
  return { rate: (ROOM * said.remaining) / said.seconds, forMs: said.seconds * 1000 };
}

interface Said {
  remaining: number;
  seconds: number;
}

/** Several policies may be named: the tightest counts. */
function fromDraft(headers: Record<string, string>): Said | undefined {
  const items = headers.ratelimit?.split(',') ?? [];
  const said = items.flatMap((item) => {
    const remaining = parameter(item, 'r') ?? parameter(item, 'remaining');
    const seconds = parameter(item, 't') ?? parameter(item, 'reset');
    return remaining === undefined || seconds === undefined || seconds > RESET_SECONDS_MAX
      ? []
      : [{ remaining, seconds }];
  });
  return said.reduce<Said | undefined>(
    (least, each) =>
      least === undefined || each.remaining * least.seconds < least.remaining * each.seconds ? each : least,
    undefined,
  );
}

function parameter(item: string, name: string): number | undefined {
  const match = new RegExp(`(?:^|[;\\s])${name}\\s*=\\s*(\\d{1,12})(?:\\s*(?:;|$))`).exec(item);
  return match === null ? undefined : Number(match[1]);
}

function fromNames(headers: Record<string, string>, prefix: string, nowMs: number): Said | undefined {
  const remaining = whole(headers[`${prefix}-remaining`]);
  const reset = whole(headers[`${prefix}-reset`]);
  if (remaining === undefined || reset === undefined) return undefined;
  const seconds = reset > 1_000_000_000 ? reset - nowMs / 1000 : reset;
  return seconds > RESET_SECONDS_MAX ? undefined : { remaining, seconds };
}

function whole(text: string | undefined): number | undefined {
  const match = /^\s*(\d{1,12})(?:\.\d*)?\s*(?:;|,|$)/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]);
}
