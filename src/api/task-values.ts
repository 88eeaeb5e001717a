/** The leaves a task document is made of. Messages keep the convention of `refusals.ts`. */
import * as z from 'zod';
import type { Json } from '#core/json.ts';
import { URL_CHARS_MAX } from '#core/limits.ts';
import { parseCron } from '#core/schedule/cron.ts';
import { intervalMs } from '#core/schedule/rhythm.ts';
import { parseHttp } from '#core/url.ts';

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** An object that refuses unknown fields and names the known ones. */
export function strict<S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape).join(', ');
  const unknown = known === '' ? '!unknown field; none is known here' : `!unknown field; known here: ${known}`;
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? unknown : 'an object') });
}

export function whole(min: number, max: number): z.ZodInt {
  const error = `a whole number from ${String(min)} to ${String(max)}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function decimal(min: number, max: number): z.ZodNumber {
  const error = `a number from ${String(min)} to ${String(max)}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

export const flag = z.boolean({ error: 'true or false' });

/** A string with a rule of its own. */
export function text(expected: string, holds: (value: string) => boolean = () => true): z.ZodString {
  return z.string({ error: expected }).refine(holds, { error: expected });
}

/** A string of 1..max characters. */
export function bounded(expected: string, max: number): z.ZodString {
  return z.string({ error: expected }).min(1, { error: expected }).max(max, { error: expected });
}

export function list<T extends z.ZodType>(item: T, min: number, max: number): z.ZodArray<T> {
  const error = min === 0 ? `a list of at most ${String(max)}` : `a list of ${String(min)} to ${String(max)}`;
  return z.array(item, { error }).min(min, { error }).max(max, { error });
}

/** One of `now`; what the contract names for later is refused as such. */
export function oneOf<const T extends readonly [string, ...string[]]>(now: T, later: readonly string[] = []) {
  const expected = now.length === 1 ? JSON.stringify(now[0]) : `one of ${now.join(', ')}`;
  const notYet = (value: string): string => `!${JSON.stringify(value)} is not available yet; expected ${expected}`;
  return z.enum(now, {
    error: ({ input }) => (typeof input === 'string' && later.includes(input) ? notYet(input) : expected),
  });
}

const HTTP_URL = `an absolute http or https URL of at most ${String(URL_CHARS_MAX)} characters`;
export const USERINFO = '!a URL must not hold a user name or password: it would stand in every ledger and log';

export const isHttpUrl = (value: string): boolean => value.length <= URL_CHARS_MAX && parseHttp(value) !== undefined;
export function holdsUserinfo(value: string): boolean {
  const url = parseHttp(value);
  return url !== undefined && (url.username !== '' || url.password !== '');
}

export const httpUrl = text(HTTP_URL, isHttpUrl)
  .refine((value) => !holdsUserinfo(value), { error: USERINFO })
  .meta({ format: 'uri', maxLength: URL_CHARS_MAX });

/** RFC 9110 §5.1 and §5.5: names are tokens, values hold no CR, LF or NUL. */
export const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/, { error: 'an HTTP header name' });
const headerValue = text('a string without CR, LF or NUL', (value) => !/[\r\n\0]/.test(value));
export const headers = z.record(headerName, headerValue, { error: 'an object of header names and values' });

/** YAML knows more values than JSON: NaN, binary. Bounded by the depth the document was checked for. */
function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
}
/** Any JSON value, `null` too: only an absent field is none. */
export const json = z.custom<Json>(isJson, { error: 'a JSON value' });

/** Five fields that some day match; nicknames, seconds and `L`, `W`, `#` are not taken. */
export const isCron = (pattern: string): boolean => parseCron(pattern).ok;

export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** `15 minutes`, `1 hour`, `2 days`; at most a year, which is also the longest cron period but leap days. */
export const isInterval = (value: string): boolean => (intervalMs(value) ?? Infinity) <= 366 * 86_400_000;
