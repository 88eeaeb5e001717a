/** Of the bodies about tenants and keys. */
import { isIP } from 'node:net';
import { ALLOW_ADDRESSES_MAX, KEY_OVERLAP_SECONDS_DEFAULT, KEY_OVERLAP_SECONDS_MAX, WEIGHT_MAX } from '#core/limits.ts';
import { isTenantId } from '#core/names.ts';
import { SCOPES } from '#core/operations.ts';
import { PERMISSIONS, QUOTAS_DEFAULT } from '#core/quotas.ts';
import { bounded, decimal, list, oneOf, strict, text, whole } from './task-values.ts';

const isCidr = (value: string): boolean => {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(value) ?? [];
  const version = isIP(address);
  // A zone is of this machine's own interfaces.
  return version !== 0 && !address.includes('%') && Number(bits) <= (version === 4 ? 32 : 128);
};
const cidr = text('a range of addresses like 10.1.0.0/16 or fd00::/8', isCidr);

const whole15 = whole(0, Number.MAX_SAFE_INTEGER).nullable();
const quotas = strict({
  targetsPerDay: whole15.default(QUOTAS_DEFAULT.targetsPerDay),
  concurrentRuns: whole(1, 1_000).nullable().default(QUOTAS_DEFAULT.concurrentRuns),
  workers: whole(1, 1_000).nullable().default(QUOTAS_DEFAULT.workers),
  storedBytes: whole15.default(QUOTAS_DEFAULT.storedBytes),
  requestsPerMinute: whole(1, 1_000_000).nullable().default(QUOTAS_DEFAULT.requestsPerMinute),
  costUsdPerMonth: decimal(0, 1_000_000).nullable().default(QUOTAS_DEFAULT.costUsdPerMonth),
});

const label = bounded('a name of at most 100 characters', 100).exactOptional();
const settings = {
  name: label,
  permissions: list(oneOf(PERMISSIONS), 0, PERMISSIONS.length).default([]),
  allowAddresses: list(cidr, 0, ALLOW_ADDRESSES_MAX)
    .default([])
    .meta({ description: 'Addresses beyond the public ones that its tasks may reach, as CIDR ranges' }),
  weight: whole(1, WEIGHT_MAX).default(1).meta({ description: 'Share of the workers beside other tenants' }),
  quotas: quotas.prefault({}).meta({ description: 'null = no bound; what is absent gets the default' }),
  hostRequestsPerSecond: decimal(0.001, 1_000)
    .meta({ description: 'No task of it asks a host faster, requests per second; absent = no bound of its own' })
    .exactOptional(),
};
const ID = 'an id of 1 to 40 lower-case letters, digits and hyphens that starts with a letter or digit';

export const tenantSettingsSchema = strict(settings);
export const createTenantSchema = strict({ id: text(ID, isTenantId), ...settings });

/** Dates that exist, to the second at least. */
const isInstant = (value: string): boolean =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.test(value) &&
  !Number.isNaN(Date.parse(value));
const expiresAt = text('a time to come like 2030-01-31T12:00:00Z', isInstant)
  .meta({ format: 'date-time' })
  .exactOptional();

export const createKeySchema = strict({ name: label, scopes: list(oneOf(SCOPES), 1, SCOPES.length), expiresAt });
export const rotateKeySchema = strict({
  overlapSeconds: whole(0, KEY_OVERLAP_SECONDS_MAX)
    .default(KEY_OVERLAP_SECONDS_DEFAULT)
    .meta({ description: 'The old key works on for so long' }),
  expiresAt: expiresAt.meta({ description: 'Of the new key; absent: it lasts as long as the old one did' }),
});
