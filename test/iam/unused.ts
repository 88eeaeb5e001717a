/**
 * Grants that the exercise does not use, each with the reason why it stands all the same. Whoever adds one says what
 * would go wrong in an account without it, and why that cannot be shown here.
 */
export interface Unused {
  /** Beginning of the logical id of the role. */
  holder: string;
  action: string;
  reason: string;
  /** Which of several functions uses it is a matter of time: it may be used after all. */
  byChance?: true;
}

/** Of the functions that may ask AppConfig, the one that finds the switches' row old does; here the others find it new. */
const ASKED_BY_ANOTHER =
  'Whoever finds the row of the switches old asks AppConfig: without it, this function would read what is old for ever when no other one is called.';
const ASKERS = ['FunctionsApi', 'FunctionsFire', 'FunctionsSweep', 'FunctionsWork'];
const QUESTIONS = ['appconfig:StartConfigurationSession', 'appconfig:GetLatestConfiguration'];

export const UNUSED: readonly Unused[] = [
  {
    holder: 'FunctionsPlan',
    action: 's3:DeleteObject',
    reason:
      'A plan puts chunks aside only when a round does not fit its memory, far more targets than an exercise of seconds has; without the right they would stay for ever.',
  },
  {
    holder: 'FunctionsWork',
    action: 'dynamodb:DeleteItem',
    reason:
      'A shard is struck off its backlog only when its tenant has used up its places; without the right the tenant would be stuck there.',
  },
  ...ASKERS.flatMap((holder) =>
    QUESTIONS.map((action): Unused => ({ holder, action, reason: ASKED_BY_ANOTHER, byChance: true })),
  ),
];
