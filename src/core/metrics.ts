/** Every metric there is. Dimensions are the stage and the function, never tenant, run or host: each combination costs. */
export const METRICS = {
  targetsCollected: 'TargetsCollected',
  targetsFailed: 'TargetsFailed',
  attempts: 'Attempts',
  records: 'Records',
  bodyBytes: 'BodyBytes',
  /** Of records and ledger, packed, as they lie in the bucket. */
  storedBytes: 'StoredBytes',
  commits: 'Commits',
  commitsLost: 'CommitsLost',
  shardsDone: 'ShardsDone',
  shardsParked: 'ShardsParked',
  /** Time of workers, and how much of it nothing was in flight: what was paid for waiting. */
  workerMs: 'WorkerMs',
  idleMs: 'IdleMs',
  runsStarted: 'RunsStarted',
  runsFinished: 'RunsFinished',
  /** Of those that finished: as FAILED or TIMED_OUT. */
  runsFailed: 'RunsFailed',
  runsDue: 'RunsDue',
  runsLate: 'RunsLate',
  runsMissed: 'RunsMissed',
  noticesDelivered: 'NoticesDelivered',
  noticesFailed: 'NoticesFailed',
  noticesGivenUp: 'NoticesGivenUp',
  sweepResent: 'SweepResent',
  sweepWoken: 'SweepWoken',
  sweepFailures: 'SweepFailures',
  deadLetters: 'DeadLetters',
  apiRequests: 'ApiRequests',
  apiErrors: 'ApiErrors',
} as const;
export type MetricName = (typeof METRICS)[keyof typeof METRICS];
