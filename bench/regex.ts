/**
 * `node bench/regex.ts`: what a match takes by the engine of this project, by re2js and by V8's own, which backtracks without bound;
 * and what compiling takes. Option: `--rounds 7`. The engines take turns; told is the median round.
 */
import { parseArgs } from 'node:util';
import { RE2JS } from 're2js';
import { compileRegex } from '#extract/regex/regex.ts';
import { table } from '../src/sim/markdown.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const rounds = Number(values.rounds);

const SENTENCE =
  'The quick brown fox jumps over the lazy dog, 17 times on 2024-05-01; write to fox@example.org for more. ';
/** Flags for V8, whose patterns have none. */
const CASES: readonly [name: string, pattern: string, text: string, flags?: string][] = [
  ['price', '([0-9.]+)', 'Price: 12.50 EUR'],
  ['price, no hit', '([0-9.]+)', 'Price: on request'],
  ['date', '(\\d{4})-(\\d{2})-(\\d{2})', SENTENCE],
  ['prefix', 'fox@([a-z.]+)', SENTENCE],
  ['mail', '[\\w.+-]+@[\\w-]+\\.[\\w.]+', SENTENCE],
  ['words', '(?:red|lazy|green) (\\w+)', SENTENCE],
  ['(?i)', '(?i)LAZY (dog|cat)', SENTENCE, 'i'],
  ['greedy', '^(.*), (\\d+)', SENTENCE],
  ['10 KB, mail at the end', '[\\w.+-]+@[\\w-]+\\.org', 'lorem ipsum '.repeat(850) + SENTENCE],
  ['300 KB, no hit', '(\\d+) EUR', 'lorem 12 ipsum '.repeat(20_000)],
  ['non-ASCII', '(\\p{Lu}\\p{L}+) ([0-9]+)', 'äöü Größe Maß Ärger 42 €', 'u'],
];
/** With these V8's work grows by powers with the text, so it is not asked. */
const WORST: readonly [pattern: string, text: string][] = [
  ['(a+)+$', `${'a'.repeat(10_000)}b`],
  ['(a|aa)+$', `${'a'.repeat(10_000)}b`],
  ['(x+x+)+y', 'x'.repeat(10_000)],
  ['(.*)*=.*', 'x'.repeat(10_000)],
];

/** µs of one call, by as many as take 20 ms. */
function timed(call: () => unknown): number {
  for (let times = 1; ; times *= 2) {
    const begun = performance.now();
    for (let i = 0; i < times; i++) call();
    const ms = performance.now() - begun;
    if (ms >= 20) return (1000 * ms) / times;
  }
}

function medians(calls: readonly (() => unknown)[]): string[] {
  const all = calls.map((): number[] => []);
  for (let round = 0; round < rounds; round++) for (const [at, call] of calls.entries()) all[at]?.push(timed(call));
  return all.map((times) => (times.sort((a, b) => a - b)[rounds >> 1] ?? NaN).toPrecision(3));
}

const theirs = (pattern: string, text: string) => {
  const compiled = RE2JS.compile(pattern);
  const group = Math.min(1, compiled.groupCount());
  return () => {
    const matcher = compiled.matcher(text);
    return matcher.find() ? matcher.group(group) : null;
  };
};
const own = (pattern: string, text: string) => {
  const compiled = compileRegex(pattern);
  const group = Math.min(1, compiled.groups);
  return () => compiled.find(text, group) ?? null;
};
const native = (pattern: string, text: string, flags?: string) => {
  const compiled = new RegExp(pattern.replace('(?i)', ''), flags);
  return () => {
    const found = compiled.exec(text);
    return found === null ? null : (found[1] ?? found[0]);
  };
};

const rows = [['µs', 'pattern', 'own', 're2js', 'V8']];
for (const [name, pattern, text, flags] of CASES) {
  const calls = [own(pattern, text), theirs(pattern, text), native(pattern, text, flags)];
  if (new Set(calls.map((call) => call())).size > 1) throw new Error(`${name}: the engines differ`);
  rows.push([name, `\`${pattern.replaceAll('|', '\\|')}\``, ...medians(calls)]);
}
for (const [pattern, text] of WORST)
  rows.push([
    '10,000 characters',
    `\`${pattern.replaceAll('|', '\\|')}\``,
    ...medians([own(pattern, text), theirs(pattern, text)]),
    '—',
  ]);
for (const pattern of ['([0-9.]+)', '(?i)LAZY (dog|cat)', '[\\w.+-]+@[\\w-]+\\.[\\w.]+'])
  rows.push([
    'compile',
    `\`${pattern.replaceAll('|', '\\|')}\``,
    ...medians([() => compileRegex(pattern), () => RE2JS.compile(pattern)]),
    '—',
  ]);
console.log(table(rows));
