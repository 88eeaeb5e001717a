/** The numbers of reservations and of rate control, each with its reason. Units are the last word of a name. */

// ---------------------------------------------------------------- reservations

/** Writes one record takes from all its workers together: 1/50 of what one DynamoDB item sustains. */
export const RECORD_WRITES_PER_SECOND = 20;
/** One round over all workers of a host with a known rate: short enough that a crash loses little. */
export const ROUND_MS = 1_000;
export const ROUND_MS_MAX = 5_000;
/** Where the rate is still being found, what is sold ahead delays every change of it. */
export const ADAPTIVE_ROUND_MS = 500;
export const ADAPTIVE_ROUND_MS_MAX = 2_000;
/** A timeline booked further ahead than this is full: half of the 60 s within which an operator is obeyed. */
export const HORIZON_MS = 30_000;
export const ADAPTIVE_HORIZON_MS = 2_000;
/** The next interval is taken this long before the last slot: three times what the table needs. */
export const PREFETCH_MS = 40;
/** A new timeline starts this much ahead of now, so that its first slots are not past when the reply comes. */
export const START_LEAD_MS = 15;
/** A slot missed by more is given up: two intervals, but at least what a busy event loop is late, at most this. */
export const GRACE_MS_MIN = 40;
export const GRACE_MS_MAX = 250;
/** A worker that holds slots looks at the record at least this often, so that an operator's word reaches it. */
export const CONTACT_MS = 10_000;

// ---------------------------------------------------------------- feedback

/** What came back is reported this long after it came when no reservation carries it. */
export const REPORT_MS = 300;
/** Two refusals in a row from one worker, with a time to wait, are a wall: the host refuses everybody. */
export const WALL_REFUSALS = 2;
/** A `Retry-After` from here on is meant for the client and not for one page. */
export const HOST_WIDE_MS = 5_000;
/** A host is never paused for longer on the word of one response. */
export const PAUSE_MS_MAX = 3_600_000;
/** Rings of counters: feedback of an epoch that is two behind still finds its own. */
export const RINGS = 3;

// ---------------------------------------------------------------- control

/** Requests per second asked of a host of which nothing is known. */
export const START_RATE = 2;
/** Nothing is asked more slowly than this by control alone: once per five minutes. */
export const RATE_MIN = 1 / 300;
export const RATE_MAX = 100_000;
export const TICK_MS = 1_000;
export const TICK_SAMPLES = 5;
export const TICK_MS_MAX = 10_000;
/** Trouble is acted upon before the tick. */
export const EARLY_MS = 250;
/** Below this rate a second holds too few answers for rates of rejects: one reject decides. */
export const SPARSE_RATE = 8;

/** Kept below what a cut has measured. */
export const MARGIN = 0.96;
export const HOLD_MS = 8_000;
export const HOLD_MS_MAX = 20_000;
export const HOLD_GROWTH = 1.5;
/** After a wall the capacity is known from the wall itself. */
export const WALL_HOLD_MS = 25_000;
export const WALL_MARGIN = 0.98;
export const PROBE_STEP = 0.03;
export const PROBE_MS = 2_500;
/** Above this share of the last known capacity the host has grown, and steps grow with it. */
export const PROBE_FAR = 1.2;
export const PROBE_FAR_MS = 1_000;
export const INFLATED = 1.35;
export const DEFLATED = 1.2;

// ---------------------------------------------------------------- circuit breaker

/** Failures in a row, over all workers, without an answer between them. */
export const BREAKER_FAILURES = 12;
export const OPEN_MS = 15_000;
export const OPEN_MS_MAX = 300_000;
/** While half open one request leaves in this time. */
export const HALF_OPEN_MS = 5_000;

// ---------------------------------------------------------------- ageing

/** What was learned is believed fully for this long, and half after each further half-life. */
export const FRESH_MS = 60_000;
export const HALF_LIFE_MS = 3 * 24 * 3_600_000;
