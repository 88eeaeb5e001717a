/**
 * Dates as pages write them to RFC 3339. Only forms that mean one thing: ISO 8601 in its extended format and RFC 2822.
 * Nothing is guessed from order, language or the local time zone.
 */

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?[ ]?([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/;
const RFC_2822 =
  /^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{2}|\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?(?:\s+([+-]\d{4}|[a-z]{1,4}))?(?:\s*\([^()]*\))?$/i;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** RFC 2822 §4.3; any other letters there mean an unknown zone. */
const ZONES = new Map([
  ['ut', 0], ['gmt', 0], ['utc', 0], ['z', 0],
  ['est', -300], ['edt', -240], ['cst', -360], ['cdt', -300], ['mst', -420], ['mdt', -360], ['pst', -480], ['pdt', -420],
]); // prettier-ignore

/** A name of a zone in brackets, or digits of a second: more of them say nothing, and none need be looked at. */
const DATE_CHARS_MAX = 200;

/**
 * A date alone stays `YYYY-MM-DD`; a date-time becomes `YYYY-MM-DDTHH:MM:SS[.fraction]Z` in UTC, and one without zone is
 * taken for UTC. Null for anything else, and for days and times that do not exist.
 */
export function readDate(text: string): string | null {
  if (text.length > DATE_CHARS_MAX) return null;
  const iso = ISO.exec(text);
  if (iso) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso;
    if (hour === undefined) return daysExist(Number(year), Number(month), Number(day)) ? text : null;
    const offset = zone === undefined || zone.toLowerCase() === 'z' ? 0 : offsetMinutes(zone);
    return compose([year, month, day, hour, minute, second ?? '0'].map(Number), offset, fraction);
  }
  const mail = RFC_2822.exec(text);
  if (!mail) return null;
  const [, day, month = '', year = '', hour, minute, second, zone = 'z'] = mail;
  const offset = /^[+-]/.test(zone) ? offsetMinutes(zone) : ZONES.get(zone.toLowerCase());
  const number = MONTHS.indexOf(month.toLowerCase()) + 1;
  return compose(
    [fullYear(year), number, Number(day), Number(hour), Number(minute), Number(second ?? '0')],
    offset,
    undefined,
  );
}

/** RFC 2822 §4.3: two digits up to 49 are this century's. */
const fullYear = (year: string): number =>
  year.length === 4 ? Number(year) : Number(year) + (Number(year) < 50 ? 2000 : 1900);

/** `+HH`, `+HHMM`, `+HH:MM`; undefined when there is no such offset. */
function offsetMinutes(zone: string): number | undefined {
  const digits = zone.slice(1).replace(':', '');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2) || '0')];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function daysExist(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(utcMs(year, month + 1, 0, 0, 0, 0)).getUTCDate();
}

/** `Date.UTC` takes the years 0 to 99 for 1900 to 1999. */
function utcMs(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second);
}

function compose(numbers: number[], offset: number | undefined, fraction: string | undefined): string | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  if (offset === undefined || !daysExist(year, month, day) || hour > 23 || minute > 59 || second > 59) return null;
  const moment = new Date(utcMs(year, month, day, hour, minute - offset, second));
  if (moment.getUTCFullYear() < 0 || moment.getUTCFullYear() > 9999) return null;
  const digits = (fraction ?? '').replace(/0+$/, '');
  return `${moment.toISOString().slice(0, 19)}${digits === '' ? '' : `.${digits}`}Z`;
}
