/** The limits, derived again from the quotas of AWS and the promises they keep. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as limits from '#core/limits.ts';
import { VERSION } from '#lambdas/version.ts';

const LAMBDA_SECONDS = 900;
const SQS_VISIBILITY_SECONDS = 12 * 3600;
const SQS_DELAY_SECONDS = 900;
const ITEM_BYTES = 400 * 1024;
const COMMIT_BYTES = 250;
/** In DynamoDB: a key of four digits, a list of three numbers and of why the last attempt failed. */
const RETRY_BYTES = 52;
const RUN_DAYS_MAX = 31;
const STOP_PROMISE_MS = 5_000;

it('a worker is never doubled by the queue, and visibility is one SQS allows', () => {
  expect(limits.LAMBDA_SECONDS_MAX).toBe(LAMBDA_SECONDS);
  expect(limits.WORK_VISIBILITY_SECONDS).toBe(6 * LAMBDA_SECONDS);
  expect(limits.WORK_VISIBILITY_SECONDS).toBeLessThanOrEqual(SQS_VISIBILITY_SECONDS);
  expect(limits.WORK_CHAIN_MS + limits.WORK_RESERVE_MS).toBeLessThan(LAMBDA_SECONDS * 1000);
  expect(limits.DELAY_SECONDS_MAX).toBe(SQS_DELAY_SECONDS);
});

it('two renewals of a lease may fail, and a stop is seen in time', () => {
  expect(limits.LEASE_RENEW_MS * 3).toBeLessThanOrEqual(limits.LEASE_MS);
  expect(limits.RUN_CHECK_MS * 2).toBeLessThan(STOP_PROMISE_MS);
  expect(limits.STOP_GRACE_SECONDS * 1000).toBeGreaterThan(limits.RUN_CHECK_MS * 2);
});

it('the commits of the longest run fit into the row of their shard, and so do the targets that wait for another attempt', () => {
  let [commits, elapsed] = [0, 0];
  while (elapsed < RUN_DAYS_MAX * 24 * 3600 * 1000) elapsed += limits.BATCH_MS_MAX * limits.BATCH_STRETCH ** commits++;
  expect(commits * COMMIT_BYTES).toBeLessThan(ITEM_BYTES * 0.8);
  // Of the targets each ends in a commit or waits: the worst is as many commits, of one target each, as there is time for.
  const bytes = Array.from({ length: Math.min(commits, limits.SHARD_TARGETS_MAX) + 1 }, (_, made) => {
    return made * COMMIT_BYTES + (limits.SHARD_TARGETS_MAX - made) * RETRY_BYTES;
  });
  expect(Math.max(...bytes)).toBeLessThan(ITEM_BYTES * 0.9);
});

it('tasks fit into a row, pages into an answer of Lambda, batches into one of SQS', () => {
  expect(limits.TASK_BYTES_MAX).toBeLessThan(ITEM_BYTES);
  expect(limits.PAGE_CHARS_MAX * 3).toBeLessThan(6_000_000);
  expect(limits.QUEUE_BATCH_MAX).toBe(10);
  expect(limits.API_SECONDS_MAX).toBeLessThan(30);
});

it('the release is the one of package.json', () => {
  expect(VERSION).toBe((JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
});
