/** Local time of a zone and back. Local times are written as the UTC milliseconds that a clock on the wall there would show. */

export interface Zone {
  /** Local time minus UTC at this moment. */
  offsetMs(utcMs: number): number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** To make one costs more than a thousand questions to it; there are a few hundred. */
const zones = new Map<string, Zone>();

/** @param name IANA. @throws RangeError when there is no such zone. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = made(name);
  zones.set(name, zone);
  return zone;
}

function made(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return {
    offsetMs(utcMs) {
      const wall: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(utcMs)) wall[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = wall;
      return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1000) * 1000;
    },
  };
}

/** What a local time is in UTC: once as a rule, twice when clocks are set back, never when they are set forward. */
export type Moments = { kind: 'once'; utcMs: number } | { kind: 'twice'; first: number; second: number } | { kind: 'never'; gapEndMs: number }; // prettier-ignore

/** No zone changes its clocks twice within three days. */
export function momentsOf(zone: Zone, localMs: number): Moments {
  const before = zone.offsetMs(localMs - DAY_MS);
  const after = zone.offsetMs(localMs + DAY_MS);
  if (before === after) return { kind: 'once', utcMs: localMs - before };
  const [first, second] = [before, after].map((offset) => localMs - offset).filter((utcMs) => utcMs + zone.offsetMs(utcMs) === localMs); // prettier-ignore
  if (first === undefined) return { kind: 'never', gapEndMs: changeBetween(zone, localMs - DAY_MS, localMs + DAY_MS) };
  return second === undefined ? { kind: 'once', utcMs: first } : { kind: 'twice', first, second };
}

/** Is the zone's offset the same all through the local day that begins here? Then that offset, else undefined. */
export function steadyOffset(zone: Zone, dayStartMs: number): number | undefined {
  const before = zone.offsetMs(dayStartMs - DAY_MS);
  return before === zone.offsetMs(dayStartMs + 2 * DAY_MS) ? before : undefined;
}

/** The first minute with the new offset; clocks are changed at whole minutes. */
function changeBetween(zone: Zone, fromMs: number, toMs: number): number {
  const old = zone.offsetMs(fromMs);
  let [low, high] = [Math.floor(fromMs / MINUTE_MS), Math.ceil(toMs / MINUTE_MS)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetMs(middle * MINUTE_MS) === old) low = middle;
    else high = middle;
  }
  return high * MINUTE_MS;
}
