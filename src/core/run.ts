/**
 * Runs and shards as the control table keeps them. Only `transition` functions and the steps write these; readers see
 * a run through `viewOf` (see `operations.ts`).
 */
export const RUN_STATES = [
  'QUEUED',
  'PLANNING',
  'RUNNING',
  'PAUSED',
  'FINALIZING',
  'SUCCEEDED',
  'PARTIAL',
  'FAILED',
  'STOPPED',
  'TIMED_OUT',
] as const;
export type RunState = (typeof RUN_STATES)[number];

export const END_STATES = ['SUCCEEDED', 'PARTIAL', 'FAILED', 'STOPPED', 'TIMED_OUT'] as const;
export type EndState = (typeof END_STATES)[number];
export const isEnded = (state: RunState): state is EndState => (END_STATES as readonly string[]).includes(state);

export const SHARD_STATES = ['WAITING', 'READY', 'LEASED', 'PARKED', 'DONE'] as const;
/**
 * WAITING: behind another shard of its lane. READY: sent, not yet claimed. LEASED: a worker has it. PARKED: handed back
 * with a delay. DONE: every target has an end.
 */
export type ShardState = (typeof SHARD_STATES)[number];
