/** Figures, times and states as people read them. Pure. */
import type { Run } from './generated/api.ts';

const cached = new Map<string, Intl.NumberFormat>();
function formatter(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language + JSON.stringify(options);
  const made = cached.get(key) ?? new Intl.NumberFormat(language, options);
  cached.set(key, made);
  return made;
}

export const count = (value: number, language: string): string => formatter(language, {}).format(value);
export const rate = (value: number, language: string): string =>
  formatter(language, { maximumFractionDigits: value < 10 ? 2 : 0 }).format(value);
/** Small sums keep the digits that matter. */
export const usd = (value: number, language: string): string =>
  formatter(language, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...(value !== 0 && Math.abs(value) < 1 ? { maximumSignificantDigits: 2 } : {}),
  }).format(value);

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];
export function bytes(value: number, language: string): string {
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${formatter(language, { maximumFractionDigits: unit === 0 || size >= 100 ? 0 : 1 }).format(size)} ${UNITS[unit] ?? ''}`;
}

export function instant(text: string | undefined, language: string): string {
  if (text === undefined) return '–';
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(text));
}

/** `1 h 2 min`, `3 min 4 s`, `5.6 s`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${String(Math.round(ms / 100) / 10)} s`;
  const seconds = Math.round(ms / 1000);
  const [h, min, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${String(h)} h ${String(min)} min` : `${String(min)} min ${String(s)} s`;
}

const ENDED = new Set(['SUCCEEDED', 'PARTIAL', 'FAILED', 'STOPPED', 'TIMED_OUT']);
export const isEnded = (state: Run['state']): boolean => ENDED.has(state);

export type Tone = 'success' | 'warning' | 'error' | 'stopped' | 'in-progress' | 'pending' | 'info';
export const toneOf = (state: Run['state']): Tone => TONES[state];
const TONES: { [S in Run['state']]: Tone } = {
  QUEUED: 'pending',
  PLANNING: 'in-progress',
  RUNNING: 'in-progress',
  PAUSED: 'stopped',
  FINALIZING: 'in-progress',
  SUCCEEDED: 'success',
  PARTIAL: 'warning',
  FAILED: 'error',
  STOPPED: 'stopped',
  TIMED_OUT: 'error',
};

/** Share of the targets that have their place, 0..100; 0 while nothing is known. */
export function percentDone({ progress }: Run): number {
  const { discovered, pending } = progress;
  return discovered === 0 ? 0 : Math.floor(((discovered - pending) / discovered) * 100);
}

export interface DiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
}
/** Line by line, by the longest common subsequence: documents here have some hundred lines. */
export function diff(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const common: number[][] = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  const cell = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = common[i] as number[];
      row[j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: 'same', text: a[i] ?? '' });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && cell(i + 1, j) >= cell(i, j + 1)))
      lines.push({ kind: 'removed', text: a[i++] ?? '' });
    else lines.push({ kind: 'added', text: b[j++] ?? '' });
  }
  return lines;
}
