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
/** Where tenants come with different numbers of workers: slots in the mean turn at least, and as a part of a worker's lanes. */
export const UNEVEN_SLOTS_MIN = 2.5;
export const UNEVEN_SLOTS_PART = 4;
/** A timeline booked further ahead than this is full: half of the 60 s within which an operator is obeyed. */
export const HORIZON_MS = 30_000;
export const ADAPTIVE_HORIZON_MS = 2_000;
/** The next interval is taken this long before the last slot: three times what the table needs. */
export const PREFETCH_MS = 40;
/** Requests over which the time that one keeps its lane is a mean, and the part of the lanes that is counted upon. */
export const LANE_COUNT = 16;
export const LANES_SURE = 0.7;
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
/** Two refusals in a row from one worker, with a time to wait, are a wall: the host refuses everybody. One where rates are sparse. */
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
/** A rate of the start is doubled after the answers of so many of its seconds, or after so many. */
export const START_SAMPLES_S = 0.35;
export const START_SAMPLES_MAX = 40;
/** Nothing is asked more slowly than this: once per five minutes. */
export const RATE_MIN = 1 / 300;
/** Refusals without a time to wait bring a rate down to here: each minute one request shows whether they are over. */
export const RATE_FLOOR = 1 / 60;
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
/** After a wall longer than this the level is held this many times as long as it stood, as far as an hour. */
export const WALL_LONG_MS = 15_000;
export const WALL_DEAR = 10;
export const WALL_HOLD_MS_MAX = 3_600_000;
/** A wall at a rate this far above the known level tells little; what it seems to hold is asked with this on top. */
export const WALL_FAR = 1.3;
export const WALL_GUESS = 1.25;
/** Ends of one and the same wall differ by less; two walls further apart than the other have nothing to do with each other. */
export const WALL_SAME_MS = 1_500;
export const WALL_NEXT_MS = 120_000;
/** A host's window is taken to be this long until two walls in a row show it. */
export const WALL_WINDOW_MS = 10_000;
/** Part of a rate that must have been accepted before more is tried; few answers differ more by chance. */
export const USED = 0.85;
export const USED_SPARSE = 0.7;
export const PROBE_STEP = 0.03;
export const PROBE_MS = 2_000;
/** Above this share of the last known capacity the host has grown, and steps grow with it. */
export const PROBE_FAR = 1.15;
export const PROBE_GROWTH_MAX = 0.25;
export const PROBE_FAR_MS = 1_000;
/** Where a rate is sparse a step must be larger to show anything; a failed one costs one refusal either way. */
export const SPARSE_STEP = 0.12;
/** Answers that a sparse step is tried for. */
export const SPARSE_SAMPLES = 8;
/** Answers between two tries. */
export const SPARSE_HOLD_SAMPLES = 80;
export const SPARSE_HOLD_MS_MAX = 35_000;
/** A refusal is mild up to here above what is known, and while at least this part of the rate was accepted; then this is kept. */
export const MILD_ABOVE = 1.26;
export const MUCH_REFUSED = 0.3;
export const MILD_SMOOTH = 0.8;
export const MILD_CUT = 1;
/** Seconds, and answers, over which the accepted rate is smoothed. */
export const SMOOTH_S = 5;
export const SMOOTH_SAMPLES = 8;

/** Failures above the usual that are no chance: at one in a hundred this comes once in a million requests. */
export const FAILS = 5;
export const ERRORS_USUAL = 0.05;
export const ERRORS_SLACK = 0.03;
/** Answers over which the usual share is a mean. */
export const ERRORS_COUNT = 1_000;

// ---------------------------------------------------------------- latency

/** Answers that are quicker count as this: what differs below it is the network and our own event loop, and no queue that harms. */
export const QUICK_MS = 100;
/** Logarithm of how much slower than usual is still usual. */
export const SLACK = Math.log(1.12);
/** Exponent of how seldom chance alone looks like a queue, and the least that is taken for one. */
export const PROOF = 8;
export const PROOF_MIN = 1.5;
/** How single answers differ (standard deviation of the logarithm) until a host has shown it, and at least. */
export const SPREAD_START = 0.5;
export const SPREAD_COUNT = 30;
export const SPREAD_MIN = 0.15;
/** A base made of few answers is doubted by this many more standard errors' worth. */
export const BASE_DOUBT = 4;
/** Answers over which the base is a mean; more where something seems to queue, as the base must not follow it. */
export const BASE_COUNT = 300;
export const BASE_COUNT_QUEUED = 3_000;
/** Halved so often without becoming quicker, a host has no queue but a new usual. */
export const DRAINS_MAX = 3;
/** A queue has grown for about this long before it shows. */
export const UNSEEN_S = 2.5;

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
