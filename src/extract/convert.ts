/** What the options of a field make of a raw value (CONTRACT §2). Every function is total: what does not fit is null. */
import type { Json } from '#core/json.ts';
import type { FieldType } from '#core/task.ts';
import { readDate } from './date.ts';
import { resolve } from './resolve.ts';
import { trimmed } from './space.ts';

/** Runs of HTML white space (space, tab, LF, FF, CR) made one space, ends trimmed. No-break spaces stay. */
export function collapse(text: string): string {
  // Most texts have nothing to collapse, and a test is much cheaper than building a string anew.
  const spaced = /[\t\n\f\r]| {2}/.test(text) ? text.replace(/[ \t\n\f\r]+/g, ' ') : text;
  const from = spaced.startsWith(' ') ? 1 : 0;
  const to = spaced.length - (spaced.length > from && spaced.endsWith(' ') ? 1 : 0);
  return from === 0 && to === spaced.length ? spaced : spaced.slice(from, to);
}

export interface Conversion {
  /** `html` is read by the markup engine; here it leaves the value alone. */
  as: FieldType;
  /** The attribute the value was read from, when it was. */
  attr: string | undefined;
  /** What relative URLs are relative to. */
  base: string;
}

/** Lists and objects have no other type: null. A JSON number or boolean is taken by its JSON text. */
export function convert(value: Json, { as, attr, base }: Conversion): Json {
  if (value === null || typeof value === 'object') return null;
  const text = String(value);
  switch (as) {
    case 'text':
      return attr === undefined ? collapse(text) : text;
    case 'html':
      return text;
    case 'number':
      return typeof value === 'boolean' ? null : toNumber(text);
    case 'integer':
      return typeof value === 'boolean' ? null : typeof value === 'number' ? safeInteger(value) : toInteger(text);
    case 'boolean':
      return toBoolean(text, attr);
    case 'date':
      return typeof value === 'string' ? readDate(text.trim()) : null;
    case 'url':
      return typeof value === 'string' ? toUrl(text, attr, base) : null;
  }
}

/**
 * Optional sign, digits, optional fraction, optional exponent, white space around. No thousands separators, no currency
 * and no decimal comma: which of them a page means is for `match` to say.
 */
function toNumber(text: string): number | null {
  if (!/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text.trim())) return null;
  const value = Number(text);
  return Number.isFinite(value) ? withoutNegativeZero(value) : null;
}

/** Optional sign and digits; beyond 2⁵³−1 a number would not be the one on the page. */
const toInteger = (text: string): number | null => (/^[+-]?\d+$/.test(text.trim()) ? safeInteger(Number(text)) : null);
const safeInteger = (value: number): number | null => (Number.isSafeInteger(value) ? withoutNegativeZero(value) : null);
const withoutNegativeZero = (value: number): number => (value === 0 ? 0 : value);

/** An HTML boolean attribute is true when it is there: empty, or with its own name for a value. */
function toBoolean(text: string, attr: string | undefined): boolean | null {
  const word = text.trim().toLowerCase();
  if (word === 'true' || word === '1' || word === 'yes') return true;
  if (word === 'false' || word === '0' || word === 'no') return false;
  return attr !== undefined && (word === '' || word === attr.toLowerCase()) ? true : null;
}

/** An empty attribute is a reference to the document itself; an empty text is no reference. */
function toUrl(text: string, attr: string | undefined, base: string): string | null {
  if (attr === undefined && collapse(text) === '') return null;
  return resolveUrl(text, base);
}

/** WHATWG resolution, serialised; null for what cannot be parsed. */
export function resolveUrl(reference: string, base: string): string | null {
  return resolve(trimmed(reference), base);
}

/** The document's base URL: `<base href>` resolved against where the document was found, unless it leads nowhere. */
export function baseUrl(baseHref: string | undefined, finalUrl: string): string {
  const url = baseHref === undefined ? null : URL.parse(baseHref, finalUrl);
  return url === null || url.protocol === 'data:' || url.protocol === 'javascript:' ? finalUrl : url.href;
}

/** A reference as something that can be requested: absolute, http or https, without fragment; otherwise undefined. */
export function requestUrl(reference: string, base: string): string | undefined {
  const url = resolve(reference, base);
  if (url === null || !/^https?:/.test(url)) return undefined;
  const hash = url.indexOf('#');
  return hash === -1 ? url : url.slice(0, hash);
}
