/**
 * What CDK (`lib/`) and the handlers (`lambdas/`) must agree on, in one place: functions, the environment each one gets,
 * table keys and indexes, metric names. `lib` types its environments against `Environments`, handlers read them through
 * `environment()`, so a forgotten variable does not compile on one side and fails at the first line on the other.
 */

/** Every function, by the one word that handler, step, test, log group and alarm share. */
export const FUNCTIONS = [
  'api',
  'plan',
  'dispatch',
  'await',
  'merge',
  'finish',
  'sweep',
  'work',
  'fire',
  'notify',
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

interface Common {
  /** `local`, `dev`, `prod`, …: part of every physical name that is not generated. */
  GLEANER_STAGE: string;
  /** The region this function works for; equals AWS_REGION in AWS. */
  GLEANER_REGION: string;
  POWERTOOLS_SERVICE_NAME: string;
  POWERTOOLS_METRICS_NAMESPACE: string;
}

/** Where the schedules of tasks are kept, whom they call, and as whom. */
export interface ScheduleEnvironment {
  SCHEDULE_GROUP: string;
  FIRE_FUNCTION_ARN: string;
  SCHEDULE_ROLE_ARN: string;
  SCHEDULE_DEAD_LETTERS_ARN: string;
}

export interface Environments {
  api: Common &
    ScheduleEnvironment & {
      WORKERS_MAX: string;
      CONTROL_TABLE: string;
      PACE_TABLE: string;
      RESULTS_BUCKET: string;
      SHARD_QUEUE_URL: string;
      RUN_MACHINE_ARN: string;
      LIST_BUCKETS: string;
      WEBHOOK_SECRET_ARN: string;
      OPERATOR_CONFIG: string;
    };
  plan: Common & {
    CONTROL_TABLE: string;
    PACE_TABLE: string;
    RESULTS_BUCKET: string;
    LIST_BUCKETS: string;
    /** Workers there may be at a time. */
    WORKERS_MAX: string;
    NODE_OPTIONS: string;
    MALLOC_ARENA_MAX: string;
  };
  dispatch: Common & { WORKERS_MAX: string; CONTROL_TABLE: string; SHARD_QUEUE_URL: string };
  await: Common & { CONTROL_TABLE: string; RUN_MACHINE_ARN: string };
  merge: Common & { CONTROL_TABLE: string; RESULTS_BUCKET: string };
  finish: Common & {
    CONTROL_TABLE: string;
    RESULTS_BUCKET: string;
    RUN_MACHINE_ARN: string;
    SIGNING_SECRET_ARN: string;
  };
  sweep: Common &
    ScheduleEnvironment & {
      WORKERS_MAX: string;
      CONTROL_TABLE: string;
      RESULTS_BUCKET: string;
      SHARD_QUEUE_URL: string;
      DEAD_LETTER_QUEUE_URL: string;
      RUN_MACHINE_ARN: string;
      OPERATOR_CONFIG: string;
    };
  work: Common & {
    WORKERS_MAX: string;
    CONTROL_TABLE: string;
    PACE_TABLE: string;
    RESULTS_BUCKET: string;
    SHARD_QUEUE_URL: string;
    RUN_MACHINE_ARN: string;
    /** `application/environment/profile` in AppConfig. */
    OPERATOR_CONFIG: string;
  };
  notify: Common & {
    CONTROL_TABLE: string;
    EVENT_BUS: string;
    WEBHOOK_SECRET_ARN: string;
    /** Whom mail is from; empty = the stage sends none. */
    MAIL_FROM: string;
  };
  fire: Common & { CONTROL_TABLE: string; RUN_MACHINE_ARN: string; SCHEDULE_GROUP: string; OPERATOR_CONFIG: string };
}

const SCHEDULE = ['SCHEDULE_GROUP', 'FIRE_FUNCTION_ARN', 'SCHEDULE_ROLE_ARN', 'SCHEDULE_DEAD_LETTERS_ARN'] as const;

const VARIABLES: { [F in FunctionName]: readonly (keyof Environments[F] & string)[] } = {
  api: [
    'WORKERS_MAX',
    'CONTROL_TABLE',
    'PACE_TABLE',
    'RESULTS_BUCKET',
    'SHARD_QUEUE_URL',
    'RUN_MACHINE_ARN',
    'LIST_BUCKETS',
    'WEBHOOK_SECRET_ARN',
    'OPERATOR_CONFIG',
    ...SCHEDULE,
  ],
  plan: [
    'CONTROL_TABLE',
    'PACE_TABLE',
    'RESULTS_BUCKET',
    'LIST_BUCKETS',
    'WORKERS_MAX',
    'NODE_OPTIONS',
    'MALLOC_ARENA_MAX',
  ],
  dispatch: ['WORKERS_MAX', 'CONTROL_TABLE', 'SHARD_QUEUE_URL'],
  await: ['CONTROL_TABLE', 'RUN_MACHINE_ARN'],
  merge: ['CONTROL_TABLE', 'RESULTS_BUCKET'],
  finish: ['CONTROL_TABLE', 'RESULTS_BUCKET', 'RUN_MACHINE_ARN', 'SIGNING_SECRET_ARN'],
  sweep: [
    'WORKERS_MAX',
    'CONTROL_TABLE',
    'RESULTS_BUCKET',
    'SHARD_QUEUE_URL',
    'DEAD_LETTER_QUEUE_URL',
    'RUN_MACHINE_ARN',
    'OPERATOR_CONFIG',
    ...SCHEDULE,
  ],
  work: [
    'WORKERS_MAX',
    'CONTROL_TABLE',
    'PACE_TABLE',
    'RESULTS_BUCKET',
    'SHARD_QUEUE_URL',
    'RUN_MACHINE_ARN',
    'OPERATOR_CONFIG',
  ],
  notify: ['CONTROL_TABLE', 'EVENT_BUS', 'WEBHOOK_SECRET_ARN', 'MAIL_FROM'],
  fire: ['CONTROL_TABLE', 'RUN_MACHINE_ARN', 'SCHEDULE_GROUP', 'OPERATOR_CONFIG'],
};

/** Optional everywhere: may be empty, must be set. */
const MAY_BE_EMPTY = new Set<string>(['LIST_BUCKETS', 'MAIL_FROM']);

/** The environment of a function, checked once at cold start. */
export function environment<F extends FunctionName>(name: F, env: Record<string, string | undefined>): Environments[F] {
  const wanted = ['GLEANER_STAGE', 'GLEANER_REGION', ...VARIABLES[name]];
  const missing = wanted.filter((v) => env[v] === undefined || (env[v] === '' && !MAY_BE_EMPTY.has(v)));
  if (missing.length > 0) throw new Error(`function ${name}: missing environment ${missing.join(', ')}`);
  return env as unknown as Environments[F];
}

/**
 * Of the processes that plan and collect: a small young generation, two arenas, and what is freed given back. Most of what they
 * make lives for one line of a list or one page; what the allocator keeps aside for it is a quarter of their memory and more.
 */
export const PLAN_PROCESS = {
  NODE_OPTIONS: '--max-semi-space-size=8',
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;
/** A page's memory is wanted again by the next one: given back and fetched anew, page by page, it would cost a thirtieth of the time. */
export const WORK_PROCESS = {
  ...PLAN_PROCESS,
  MALLOC_TRIM_THRESHOLD_: String(16 * 2 ** 20),
  MALLOC_MMAP_THRESHOLD_: String(2 ** 20),
} as const;

/** Keys and indexes of both tables (DESIGN §4). */
export const TABLE_KEYS = { partition: 'pk', sort: 'sk', ttl: 'expiresAt' } as const;
/** Sparse: only items with work due carry `duePk`. Keys only. */
export const DUE_INDEX = { name: 'due', partition: 'duePk', sort: 'dueAt' } as const;
/** Sparse: what users list (runs), newest first. All attributes. */
export const LIST_INDEX = { name: 'list', partition: 'listPk', sort: 'listSk' } as const;

/** Physical name of the state machine: known beforehand, so that functions inside it may be granted to answer its tokens. */
export const machineName = (stage: string): string => `gleaner-${stage}-run`;

/** In AppConfig: names, and not ids, so that a function's environment depends on nothing that watches it. */
export const operatorApplication = (stage: string): string => `gleaner-${stage}`;
export const OPERATOR_PROFILE = 'switches';

/** State transitions that come with one call of a task: its own and those of the choices behind it; with `finish`, the Begin. */
export const TRANSITIONS = { plan: 2, dispatch: 1, await: 2, merge: 2, finish: 2 } as const;
/** Of the group that holds the schedules of tasks: known beforehand, like the machine's. */
export const scheduleGroupName = (stage: string): string => `gleaner-${stage}`;
/** Of the bus that tells what happens. */
export const busName = (stage: string): string => `gleaner-${stage}`;
/** As rules on the bus name who tells. */
export const EVENT_SOURCE = 'gleaner';
/** What Scheduler calls `fire` with. */
export interface FireInput {
  tenant: string;
  taskId: string;
  /** RFC 3339. */
  dueAt: string;
}

/** All names of secrets that this stage's tenants have begin so. */
export const secretsPrefix = (stage: string): string => `gleaner/${stage}/`;

/** Payloads of the state machine's tasks, and what each returns. */
export interface RunRef {
  tenant: string;
  runId: string;
}
export interface MachineInput extends RunRef {
  /** Which execution of this run: 0, and one more each time the sweep had to start it again or it was redriven. */
  attempt: number;
}
export interface PlanInput extends MachineInput {
  round: number;
}
export interface PlanOutput {
  round: number;
  shards: number;
  /** Until the run's time is up; feeds the time-out of the wait. At least 1. */
  secondsLeft: number;
  /** False when the run was stopped, is out of time or could not be planned: go to finish. */
  proceed: boolean;
  /** With `proceed` false: workers may still be at it and get time to put their things down. */
  grace: boolean;
  /** Links of this round may become another: only then there is something to merge. */
  crawls: boolean;
}
export interface AwaitInput extends MachineInput {
  round: number;
  token: string;
}
export interface AwaitOutput {
  outcome: 'roundDone' | 'stopped';
}
export interface MergeOutput {
  /** Another round is to be planned. */
  more: boolean;
  round: number;
}
export interface FinishInput extends MachineInput {
  /** Why the machine came here, when it was not by the normal path. */
  outcome?: 'timedOut' | 'failed';
  /** Error name and cause as the state machine caught them. */
  error?: string;
  cause?: string;
}
export interface FinishOutput {
  state: string;
}

export const METRICS_NAMESPACE = 'Gleaner';
export { METRICS } from '#core/metrics.ts';
export { SWITCHES_SCHEMA } from '#core/switches.ts';

/** Of every answer with a file of the console: nothing but its own files runs, nobody else is asked, nobody frames it. */
export const CONSOLE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const;
