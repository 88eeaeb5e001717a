/** Numbers as people read them. All pure, all without a locale: output must not depend on the machine's settings. */

export const count = (n: number): string =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

/** 1023 B, 1.5 KiB, 20 MiB: binary units, three significant digits at most where there is a point. */
export function bytes(n: number): string {
  if (n < 1024) return `${String(Math.round(n))} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = n / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 2 : 1).replace(/\.?0+$/, '')} ${units[unit] ?? ''}`;
}

/** 0.4 s, 12.3 s, 3 min 05 s, 2 h 07 min, 3 d 4 h. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${String(Math.floor(whole / 60))} min ${two(whole % 60)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 48 * 60) return `${String(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`;
  return `${String(Math.floor(minutes / 1440))} d ${String(Math.floor((minutes % 1440) / 60))} h`;
}

/** 0.05/s, 4.2/s, 120/s; with a unit like ` targets`: 4.2 targets/s. */
export function rate(perSecond: number, unit = ''): string {
  if (perSecond >= 99.95) return `${count(perSecond)}${unit}/s`;
  return `${perSecond.toFixed(perSecond >= 0.95 || perSecond === 0 ? 1 : 2)}${unit}/s`;
}

/** `1 target`, `2 targets`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
