/** A host's record in words, for `GET /v1/hosts/{host}`. */
import type { HostRecord, Why } from './record.ts';

const percent = (share: number): string => `${String(Math.round(share * 1000) / 10)} %`;
const rate = (value: number): string => `${String(Math.round(value * 100) / 100)} requests per second`;

/** What the number beside each reason means. */
const REASONS: Record<Why, (value: number) => string> = {
  new: (r) => `nothing is known of it yet: ${rate(r)}`,
  start: (r) => `doubling from the start: ${rate(r)}`,
  hold: (r) => `holding what it bears: ${rate(r)}`,
  probe: (r) => `trying a little more: ${rate(r)}`,
  refused: (share) => `it refused ${percent(share)} of the requests`,
  errors: (share) => `${percent(share)} of the requests failed`,
  latency: (times) => `its answers took ${String(Math.round(times * 100) / 100)} times as long as usual`,
  drained: (times) => `its answers are quick again (${String(Math.round(times * 100) / 100)} times the usual)`,
  wall: (r) => `it let nobody in for a while; it accepts ${rate(r)}`,
  headers: (r) => `its own headers leave ${rate(r)}`,
  open: (failures) => `it did not answer ${String(failures)} times in a row`,
  half: (openings) => `one request shall show whether it is back (attempt ${String(openings)})`,
  closed: (r) => `it answers again: ${rate(r)}`,
  aged: (r) => `it was not asked for a while: ${rate(r)}`,
};

/** Every reason a host's rate may have. */
export const HOST_WHYS = [...(Object.keys(REASONS) as Why[]), 'stopped', 'operator', 'tenant'] as const;

export interface HostView {
  /** At which it is asked, or would be by whom nothing else holds back. 0 = nothing leaves. */
  requestsPerSecond: number;
  /** Whose word that is; absent before the first request. */
  limitedBy?: string;
  /** Targets that the worker which asked last had waiting. */
  waiting?: number;
  /** What it was last seen to bear; absent = unknown. */
  capacity?: number;
  why: Why | 'stopped' | 'operator';
  /** One sentence. */
  because: string;
  since?: string;
  pausedUntil?: string;
  /** Requests accepted so far, and answers in the current window. */
  accepted: number;
  window: { sent: number; limited: number; errors: number };
  latencyMs?: number;
  bookedUntil?: string;
  operator?: { requestsPerSecond?: number; stop: boolean };
}

const iso = (us: number): string => new Date(us / 1000).toISOString();

export function viewOf(record: HostRecord, nowMs: number): HostView {
  const { control, opMax, opStop, pausedUs, bookedUs, window } = record;
  const nowUs = nowMs * 1000;
  const { used } = record;
  const rateNow = Math.min(used?.rate ?? control.rate, opMax ?? Infinity);
  const still = opStop || control.phase === 'open';
  return {
    requestsPerSecond: still ? 0 : rateNow,
    ...(used && { limitedBy: used.by, waiting: used.waiting }),
    ...(control.capacity > 0 && { capacity: control.capacity }),
    ...because(record),
    ...(control.whyUs > 0 && { since: iso(control.whyUs) }),
    ...(pausedUs > nowUs && { pausedUntil: iso(pausedUs) }),
    accepted: record.ok,
    window: { sent: window.sent, limited: window.limited, errors: window.errors },
    ...(control.baseMs > 0 && { latencyMs: Math.round(control.baseMs) }),
    ...(bookedUs !== undefined && bookedUs > nowUs && { bookedUntil: iso(bookedUs) }),
    ...((opStop || opMax !== undefined) && {
      operator: { ...(opMax !== undefined && { requestsPerSecond: opMax }), stop: opStop },
    }),
  };
}

function because({ control, opStop, opMax, used }: HostRecord): Pick<HostView, 'why' | 'because'> {
  if (opStop) return { why: 'stopped', because: 'the operator stopped it' };
  if (opMax !== undefined && opMax <= (used?.rate ?? control.rate))
    return { why: 'operator', because: `the operator caps it: ${rate(opMax)}` };
  return { why: control.why, because: REASONS[control.why](control.whyValue) };
}
