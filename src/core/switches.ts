/**
 * What the operator has switched off: a document of few fields, the same for all. It is read from AppConfig by one sandbox at a
 * time and kept in one row, which all others read: AppConfig bills each receiver of a document eight hundredths of a cent, which
 * for two hundred workers would be half of what a million pages cost. Whoever finds the row old asks; who has asked before asks sooner, so
 * that it is nearly always the same one. What the row says holds until something else is known: AppConfig out of reach changes nothing.
 *
 * From the moment AppConfig gives a document out, the row has it after SWITCH_TAKEOVER_MS at most, and every sandbox
 * after SWITCH_READ_MS more.
 */
import { SWITCH_POLL_MS, SWITCH_READ_MS, SWITCH_TAKEOVER_MS } from './limits.ts';
import { SWITCHES_KEY } from './names.ts';
import type { Clock, Item, Log, Table } from './ports.ts';

export interface Switches {
  /** Runs that are asked for wait, QUEUED. */
  pauseNewRuns: boolean;
  /** Tenants whose runs rest, and whose new runs wait. */
  pauseTenants: readonly string[];
  /** Hosts (with the port, where it is not the scheme's) that get no requests; their targets wait. */
  pauseHosts: readonly string[];
  /** No body is kept, whatever `extract.keepBody` says. */
  noBodies: boolean;
  /** No request leaves: what would need one waits. */
  cacheOnly: boolean;
}
export const NO_SWITCHES: Switches = {
  pauseNewRuns: false,
  pauseTenants: [],
  pauseHosts: [],
  noBodies: false,
  cacheOnly: false,
};

const NAMES_MAX = 1_000;
const NAME = '^[a-z0-9][a-z0-9.:\\-]{0,252}$';
const names = { type: 'array', maxItems: NAMES_MAX, items: { type: 'string', pattern: NAME } };
/** For the validator of AppConfig: a document that it lets pass is one that `parseSwitches` takes. */
export const SWITCHES_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
  properties: {
    pauseNewRuns: { type: 'boolean' },
    pauseTenants: names,
    pauseHosts: names,
    noBodies: { type: 'boolean' },
    cacheOnly: { type: 'boolean' },
  },
} as const;

/** A field that is absent is off. Undefined when it is no such document. */
export function parseSwitches(text: string): Switches | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const isFlag = (field: unknown): boolean => typeof field === 'boolean';
  const isNames = (field: unknown): boolean =>
    Array.isArray(field) &&
    field.length <= NAMES_MAX &&
    field.every((name) => typeof name === 'string' && new RegExp(NAME).test(name));
  const fits = Object.entries(value).every(([name, field]) => {
    if (!Object.hasOwn(NO_SWITCHES, name)) return false;
    return Array.isArray(NO_SWITCHES[name as keyof Switches]) ? isNames(field) : isFlag(field);
  });
  return fits ? { ...NO_SWITCHES, ...(value as Partial<Switches>) } : undefined;
}

/** Does nothing of this tenant go on? */
export const isStilled = (switches: Switches, tenant: string): boolean =>
  switches.cacheOnly || switches.pauseTenants.includes(tenant);
/** Does a new run of this tenant wait? */
export const holdsNewRuns = (switches: Switches, tenant: string): boolean =>
  switches.pauseNewRuns || isStilled(switches, tenant);

/** Whose requests may not leave now: a planner's or a preview's. */
export const holdsRequest = (switches: Switches, tenant: string, host: string): boolean =>
  isStilled(switches, tenant) || switches.pauseHosts.includes(host);

/** As the row tells them that others keep: for whoever asks so seldom that it need not ask AppConfig itself. */
export async function readSwitches(table: Pick<Table, 'get'>): Promise<Switches> {
  const text = textOf(await table.get(SWITCHES_KEY));
  return (text === undefined ? undefined : parseSwitches(text)) ?? NO_SWITCHES;
}

/** Where the document comes from. */
export interface OperatorConfig {
  /** Has been asked before, so that asking again costs next to nothing. */
  readonly isOpen: boolean;
  /** The document, or undefined when it is still the one that was given last. Throws when it is out of reach. */
  latest(): Promise<string | undefined>;
}
export interface SwitchBoard {
  /** Never throws: what cannot be read stays as it was. */
  now(): Promise<Switches>;
}

export function switchBoard(ports: { table: Table; clock: Clock; log: Log; operator: OperatorConfig }): SwitchBoard {
  const { table, clock, log } = ports;
  let known = NO_SWITCHES;
  let readAt = -Infinity;
  return {
    async now() {
      if (clock.now() - readAt < SWITCH_READ_MS) return known;
      readAt = clock.now();
      try {
        const row = await table.get(SWITCHES_KEY);
        const text = (await newer(ports, row)) ?? textOf(row);
        const parsed = text === undefined ? NO_SWITCHES : parseSwitches(text);
        if (parsed === undefined) log.error('the switches are no such document; what was known holds', {});
        else known = parsed;
      } catch (error) {
        log.warn('the switches could not be read; what was known holds', { error: String(error) });
      }
      return known;
    },
  };
}

const textOf = (row: Item | undefined): string | undefined => (typeof row?.text === 'string' ? row.text : undefined);

/** Asks when it is time and nobody else does; the text, when there is a new one. */
async function newer(
  { table, clock, log, operator }: Parameters<typeof switchBoard>[0],
  row: Item | undefined,
): Promise<string | undefined> {
  const askedAt = typeof row?.askedAt === 'number' ? row.askedAt : 0;
  const age = clock.now() - askedAt;
  if (age < (operator.isOpen ? SWITCH_POLL_MS : SWITCH_TAKEOVER_MS)) return undefined;
  const mine = await table.update(
    SWITCHES_KEY,
    { set: { kind: 'switches', askedAt: clock.now() } },
    row?.askedAt === undefined ? { absent: 'askedAt' } : { eq: ['askedAt', askedAt] },
  );
  if (!mine.ok) return undefined;
  try {
    const text = await operator.latest();
    if (text === undefined || text === textOf(row)) return undefined;
    if (parseSwitches(text) === undefined) throw new Error('it is no document of switches');
    await table.update(SWITCHES_KEY, { set: { text, changedAt: clock.now() } });
    log.info('switches changed', { text });
    return text;
  } catch (error) {
    log.warn('AppConfig did not tell the switches; what was known holds', { error: String(error) });
    return undefined;
  }
}
