/**
 * What a tenant may use, and what it may do. `null` = no bound. Each is kept where it is spent: `workers` in `flow.ts`,
 * `requestsPerMinute` in `service/allowance.ts`, those of runs in `quota-gate.ts`. A tenant is an operator when it has the permission to be one: its admin keys manage all tenants, those of the others their own keys.
 */
export const PERMISSIONS = ['ignoreRobots', 'operator'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const QUOTAS = [
  'targetsPerDay',
  'concurrentRuns',
  'workers',
  'storedBytes',
  'requestsPerMinute',
  'costUsdPerMonth',
] as const;
export type QuotaName = (typeof QUOTAS)[number];
export type Quotas = Record<QuotaName, number | null>;

/**
 * Of a tenant that was given no other. Ten million targets cost about 3 USD a day, a hundred runs are more than people watch;
 * 6,000 requests a minute are what a hundred watchers send. `workers: null` = the share that fairness leaves to one tenant.
 */
export const QUOTAS_DEFAULT: Quotas = {
  targetsPerDay: 10_000_000,
  concurrentRuns: 100,
  workers: null,
  storedBytes: 1_000_000_000_000,
  requestsPerMinute: 6_000,
  costUsdPerMonth: null,
};
export const UNBOUNDED: Quotas = {
  targetsPerDay: null,
  concurrentRuns: null,
  workers: null,
  storedBytes: null,
  requestsPerMinute: null,
  costUsdPerMonth: null,
};

export const quotasOf = ({ quotas }: { quotas?: Partial<Quotas> }): Quotas => ({ ...QUOTAS_DEFAULT, ...quotas });
