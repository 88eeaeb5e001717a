/**
 * Every bound in one place, each with the reason it is what it is; `test/core/limits.test.ts` derives them again from
 * the AWS quotas they come from. Units are the last word of a name.
 */

/** Lambda's longest run. */
export const LAMBDA_SECONDS_MAX = 900;
/** A worker stops taking new requests this long before its deadline: longest request (120 s) would not fit, so it is aborted and retried; commit and park need seconds. */
export const WORK_RESERVE_MS = 30_000;
/** Chain to a fresh invocation after this long: leaves a third of Lambda's time to the slowest commit and costs one cold start per ten minutes. */
export const WORK_CHAIN_MS = 600_000;
/** Queue visibility: 6 × the function's time-out (AWS's advice for SQS event sources), so a live invocation is never doubled by the queue. */
export const WORK_VISIBILITY_SECONDS = 6 * LAMBDA_SECONDS_MAX;
/** Deliveries of one shard message before it goes to the dead letters. Parking sends a new message and costs none. */
export const WORK_RECEIVES_MAX = 5;

/** A lease lives this long without being renewed; a crash is noticed after it at the latest. */
export const LEASE_MS = 30_000;
/** Renewed at a third of its life, so two renewals may fail before it is lost. */
export const LEASE_RENEW_MS = LEASE_MS / 3;
/** A shard whose worker met trouble of its own rests this long: as long as a throttled table needs to grow. */
export const RELEASE_MS = 5_000;
/** Claims of a shard may end without an orderly end this often before its targets come under suspicion: deploys and power cuts do that. */
export const DEATHS_BEFORE_SUSPICION = 2;
/** So often a worker must die with one target alone before that target is held to be the cause. */
export const DEATHS_ALONE = 3;
/** How often a worker looks whether its run is still wanted: bounds what leaves after a stop (promise: 5 s). */
export const RUN_CHECK_MS = 1_500;
/** The stop path waits this long before it fences the workers: a check interval, a commit and a margin. */
export const STOP_GRACE_SECONDS = 5;

/**
 * Targets in a shard: its calls (some ten) weigh on fast hosts, where a shard lasts seconds; what its row tells of targets that
 * wait for another attempt (50 bytes each) and of commits has to fit into 400 KB. 1,000,000 targets are 500 rows.
 */
export const SHARD_TARGETS_MAX = 2_000;
/**
 * A batch is committed when any of these is reached; it is also what a crash may cost in re-fetching. Of
 * all that a target costs beside Lambda's time objects are the dearest, two for each commit; but the last one of a run is waited for.
 */
export const BATCH_TARGETS_MAX = 1_000;
export const BATCH_MS_MAX = 5_000;
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/**
 * Each commit of a shard waits this much longer than the one before: at 250 bytes a commit, a `follow` shard of the longest
 * run (31 days) stays under 300 KB of DynamoDB's 400 KB item. A shard of targets cannot commit more often than it has targets.
 */
export const BATCH_STRETCH = 1.007;
/** From this many commits on a shard sleeps through waits of up to a minute rather than commit and park for each. */
export const PARK_SPARINGLY_COMMITS = 600;
export const PARK_SPARINGLY_AFTER_MS = 60_000;

/** Requests in flight in one worker over all hosts: sockets and body buffers at 1 GB of memory. */
export const WORK_CONCURRENCY_MAX = 64;
/** When everything left must wait longer than this, the shard is parked instead of sleeping on the clock of Lambda. */
export const PARK_AFTER_MS = 300;
/**
 * A slot that is held is waited for this long: the queue's finest delay is a second and claiming the shard again takes some
 * 200 ms, so parking would lose it.
 */
export const PARK_SLOT_AFTER_MS = 1_200;
/** A shard parked for a slot is sent this much before it: delays of the queue are rounded up to its grain of a second. */
export const PARK_SLOT_LEAD_MS = 1_000;
/** Budgets whose slots a parked shard may keep: some 60 bytes each in its row. */
export const HELD_BUDGETS_MAX = 32;
/** A redirect waits this long for the pace of the host it leads to; its worker has other things to do meanwhile. */
export const HOP_PATIENCE_MS = 5_000;
/** A worker reads its tenant's words on hosts this often: a third of the minute within which they are obeyed. */
export const HOST_WORDS_MS = 20_000;
/**
 * Switches take effect within 60 s: a sandbox looks at their row this often, whoever asked AppConfig before asks again after
 * POLL, somebody else after TAKEOVER. 40 + 5 s and a worker's look every 1.5 s leave room for a slow answer.
 */
export const SWITCH_READ_MS = 5_000;
export const SWITCH_POLL_MS = 20_000;
export const SWITCH_TAKEOVER_MS = 40_000;
/** What a switch keeps from being asked rests this long before it is looked at again. */
export const SWITCH_REST_MS = 60_000;
/** Run slots that are looked at when there is none, oldest first; one whose run does not come to be is taken back after so long. */
export const RUN_SLOT_LOOKS = 5;
export const RUN_SLOT_UNBORN_MS = 60_000;
/** A tenant's hosts are remembered this long after it last had targets there. */
export const HOST_SEEN_SECONDS = 7 * 24 * 3600;
/** A shard says that it has targets in a host at its first lease, and again after so many: drips lease it often. */
export const HOST_SEEN_LEASES = 50;
/** Hosts that one lease says it has targets in. */
export const HOSTS_SEEN_MAX = 200;
/** SQS's longest delay. */
export const DELAY_SECONDS_MAX = 900;

/** A stream's worker is reckoned to keep this share of its slots busy: hosts pause, and the last requests of a shard run alone. */
export const STREAM_LOAD = 0.77;
/** No plan aims at an end sooner than this: a worker costs a start, and below it one more would hardly be warm. */
export const STREAM_SECONDS_MIN = 20;
/** A shard of slow targets holds as many as last about this long: what is left in it is out of reach when a stream is split. */
export const SHARD_SECONDS = 40;
/** And no fewer than this, or the calls for a shard (some ten) would weigh more than 0.05 for each target. */
export const SHARD_TARGETS_MIN = 250;
/** Shards of one stream that its worker may have open at once: what waits for its next attempt does not hold up the rest. */
export const STREAM_SHARDS_OPEN_MAX = 4;
/** A stream whose end is further away than this may be split: a start, a claim and a cold cache are worth it then. */
export const SPLIT_SECONDS = 20;
/** And so much further than its slowest host makes it last anyway. */
export const SPLIT_MARGIN = 1.15;
/** Only a worker whose slots are that full is held up by them. */
export const SPLIT_BUSY = 0.84;
/** A stream goes on without what cannot be started for so long: its host has asked for a pause. */
export const OVERTAKE_AFTER_MS = 10_000;
/** A change of what is known of the slowest host is told when it is more than this: a write on the run's row for each. */
export const CRITICAL_NEWS_MS = 10_000;
/** A worker looks this often whether to split, and looks back as long. */
export const SPLIT_LOOK_MS = 5_000;
/** Hosts whose record a planner asks for, heaviest first: at 64 at a time a second or two. The others are taken to be as the task says. */
export const PLAN_HOSTS_ASKED = 1_000;
/** What a request takes where nothing is known: the median over many sites. */
export const LATENCY_SECONDS_ASSUMED = 0.5;
/** Bytes of targets that a planner holds in memory between its passes; what is more goes to objects. */
export const PLAN_HELD_BYTES = 32 * 1024 * 1024;
/** Pieces in which it goes there: few requests, and none larger than one PUT. */
export const PLAN_CHUNK_BYTES = 4 * 1024 * 1024;
export const PLAN_CHUNK_BYTES_MIN = 64 * 1024;
/** Bytes of targets that are put into order at a time. */
export const PLAN_BIN_BYTES = 16 * 1024 * 1024;
/** Rounds of a crawl: each is an entry of about 1 KB in the run's row and some 20 events of the execution's 25,000. */
export const ROUNDS_MAX = 100;

/** One SendMessageBatch. */
export const QUEUE_BATCH_MAX = 10;
/** Rows or lines an API page may hold. */
export const PAGE_LIMIT_MAX = 1_000;
export const PAGE_LIMIT_DEFAULT = 100;
/** Days that one answer about usage may span: a quarter. */
export const USAGE_DAYS_MAX = 92;
/** Lambda answers with at most 6 MB; a page of records stays below it even where every character takes three bytes. */
export const PAGE_CHARS_MAX = 1_300_000;
/** Inline targets of a task (CONTRACT §2). */
export const INLINE_URLS_MAX = 1_000;
/** A task document must fit a row with room: DynamoDB items hold 400 KB. */
export const TASK_BYTES_MAX = 256 * 1024;
/** Longest URL taken: what common servers accept. */
export const URL_CHARS_MAX = 8_192;
/** API Gateway's answer time is 30 s; the function gives up before. */
export const API_SECONDS_MAX = 29;
export const IDEMPOTENCY_SECONDS = 24 * 3600;
/** Download and upload URLs live this long. */
export const SIGNED_URL_SECONDS = 3600;
/**
 * robots.txt may be cached for at most a day (RFC 9309 §2.4). It is kept twice, by the region and by a worker that read it
 * there, one after the other: half a day each.
 */
export const ROBOTS_CACHE_MS = 12 * 3600 * 1000;
/** A larger one is left to each worker: it would cost a read unit of the pace table for each 4 KB. */
export const ROBOTS_STORED_BYTES_MAX = 64 * 1024;
/** It must be read up to 500 KiB (§2.5). */
export const ROBOTS_BYTES_MAX = 512 * 1024;
/** A larger file is still taken, and cut where the standard allows: this much is read before giving up. */
export const ROBOTS_BODY_BYTES_MAX = 8 * ROBOTS_BYTES_MAX;
/** Redirects of robots.txt to follow (RFC 9309 §2.3.1.2). */
export const ROBOTS_REDIRECTS_MAX = 5;
/** Sitemaps hold at most 50,000 URLs and 50 MB uncompressed (sitemaps.org). */
export const SITEMAP_BYTES_MAX = 50 * 1024 * 1024;
/** Sitemap indexes may nest this deep: the protocol says one level, sites do two. */
export const SITEMAP_DEPTH_MAX = 3;
/** Sweep: due items handled per pass and partition; a pass must end within its minute. */
export const SWEEP_ITEMS_MAX = 200;
/** Partitions of the due index: 1,000 writes/s each. */
export const DUE_PARTITIONS = 8;
/** Dead messages buried per pass. */
export const SWEEP_DEAD_MAX = 100;
/** What one pass deletes of what lost leases left, shards looked at included, and of lost plans: one page of a listing. */
export const SETTLE_OBJECTS_MAX = 1_000;
/** A start that took the lock of its task and left no run behind is dead after this: the API gives up after 29 s. */
export const LOCK_ABANDONED_MS = 120_000;
/** A paused run's execution looks at it again after this long. */
export const PAUSED_LOOK_SECONDS = 86_400;
/** Dead letters that one call redrives, and a page of them. */
export const DEAD_LETTERS_MAX = 1_000;
/** A task's schedule that was not put in place outside is put there by the sweep after this: the API gives up after 29 s. */
export const PLACE_AFTER_MS = 60_000;
/** A due run that nobody has called for is started by the sweep after this: Scheduler calls within its minute, and a call may be tried again. */
export const DUE_GRACE_MS = 120_000;
/** A due run that could not be started for so long is missed: it is told of and not made up for, or a day's absence would come back as a stampede. */
export const DUE_LATE_MS = 3_600_000;
/** Missed runs that are counted in one pass: a week of minutes. */
export const DUE_MISSED_MAX = 10_080;
/** Due runs that one pass starts of one task: an hour of minutes. */
export const DUE_STARTS_MAX = 60;
/** Due times that a task shows. */
export const NEXT_RUNS_SHOWN = 3;
/** An alert whose telling was cut short is told by the sweep after this. */
export const ALERT_AGAIN_MS = 60_000;
/** Notices that one pass of `notify` takes up, and how long it takes up new ones: a pass ends within its minute. */
export const NOTICES_MAX = 200;
export const NOTIFY_PASS_MS = 35_000;
/** What a receiver has time for; Standard Webhooks recommends 15 to 30 s. */
export const WEBHOOK_TIMEOUT_MS = 15_000;
/** Of its answer nothing is used. */
export const WEBHOOK_BYTES_MAX = 64 * 1024;
/** Waits between attempts: seven attempts in some eighteen hours, so that a receiver may be down over night. */
export const WEBHOOK_RETRY_MS: readonly [number, ...number[]] = [1, 5, 30, 120, 300, 600].map(
  (minutes) => minutes * 60_000,
) as [number, ...number[]];
/** A secret that was changed signs beside the new one for a day: receivers are changed over in office hours. */
export const WEBHOOK_OVERLAP_MS = 24 * 3_600_000;
/** Receivers refuse what is older (or newer) than this, which Standard Webhooks recommends. */
export const WEBHOOK_TOLERANCE_SECONDS = 300;
/** What has been told is kept for so long. */
export const NOTICE_KEPT_SECONDS = 30 * 86_400;
/** A live run is looked at this often. */
export const RUN_SWEEP_MS = 60_000;
/** A shard that was sent but not claimed in this time is sent again, then after twice that, and so on: a long queue is no loss. */
export const SHARD_LOST_MS = 300_000;
export const SHARD_LOST_MS_MAX = 6 * 3_600_000;
/** API keys of a tenant that work: people, programs and a rotation of each; a list of them is one answer. */
export const API_KEYS_MAX = 100;
/** A rotated key works on for this long at most: time for every place that holds it, and no second key for ever. */
export const KEY_OVERLAP_SECONDS_MAX = 30 * 86_400;
export const KEY_OVERLAP_SECONDS_DEFAULT = 86_400;
/** Keys that have ceased to work are still listed for this long. */
export const KEY_KEPT_SECONDS = 90 * 86_400;
/** CIDR ranges that one tenant may be granted. */
export const ALLOW_ADDRESSES_MAX = 100;
/** Secrets of a tenant: each costs 0.40 USD a month. */
export const SECRETS_MAX = 50;
/** A header's value: common servers take 8 KiB of headers in all. */
export const SECRET_CHARS_MAX = 4_096;
/** A secret's value is read again after this long, so that a new one is in use within it. */
export const SECRET_CACHE_MS = 60_000;
/** A tenant that has taken no worker for this long is not active: longer than one worker stays at one shard. */
export const ACTIVE_MS = WORK_CHAIN_MS + 60_000;
/** One write a minute for each active tenant. */
export const ACTIVE_REFRESH_MS = 60_000;
/** Shards of runs that are over, struck off a backlog by one worker: its successor goes on. */
export const BACKLOG_SKIPS_MAX = 100;
/** Share of the workers of one tenant against another's. */
export const WEIGHT_MAX = 100;

/** `POST /v1/preview`: the gateway waits 30 s; robots.txt and the page each get a wait and an exchange within that. */
export const PREVIEW_PATIENCE_MS = 4_000;
export const PREVIEW_TIMEOUT_MS = 9_000;
/** Records that a preview shows. */
export const PREVIEW_RECORDS_MAX = 50;
