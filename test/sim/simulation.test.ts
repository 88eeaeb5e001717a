import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { bundle, planted } from '../../src/sim/bundle.ts';
import { FAULT_KINDS } from '../../src/sim/faults.ts';
import { INVARIANTS } from '../../src/sim/invariants.ts';
import { MUTATIONS, type Mutation } from '../../src/sim/mutations.ts';
import { runSeeds } from '../../src/sim/runner.ts';
import { simulate } from '../../src/sim/simulate.ts';
import { failureText, historyText } from '../../src/sim/report.ts';

const THREADS = 2;
const seeds = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => String(from + i));

it('five hundred seeds break no invariant, and every kind of fault has struck', async () => {
  const summary = await runSeeds({ script: await bundle(), seeds: seeds(1, 500), threads: THREADS });
  expect(summary.failed).toEqual([]);
  expect(summary.seeds).toBe(500);
  for (const kind of FAULT_KINDS) expect(summary.faults[kind] ?? 0, kind).toBeGreaterThan(0);
  for (const end of ['SUCCEEDED', 'PARTIAL', 'FAILED', 'STOPPED', 'TIMED_OUT', 'redriven', 'paused', 'fenced'])
    expect(summary.ends[end] ?? 0, end).toBeGreaterThan(0);
}, 300_000);

it('a seed runs the same twice, and another one otherwise', async () => {
  const [once, again, other] = [await simulate('17'), await simulate('17'), await simulate('18')];
  expect(again).toEqual(once);
  expect(other.digest).not.toBe(once.digest);
});

/** Cheap ones: the whole list is `npm run sim -- --mutations`. */
const CAUGHT_EARLY = ['commit-before-part', 'claim-keeps-epoch', 'done-bits-not-set', 'sweep-forgets-executions'];

it.each(MUTATIONS.filter(({ name }) => CAUGHT_EARLY.includes(name)))(
  'finds the planted bug $name',
  async (mutation) => {
    const script = await bundle(mutation);
    const { failed } = await runSeeds({ script, seeds: seeds(1, 1_000), threads: THREADS, stopAtFirst: true });
    expect(Object.keys(INVARIANTS)).toContain(failed[0]?.violations[0]?.name);
  },
);

it('every bug of the list has its place in the source', async () => {
  expect(MUTATIONS.length).toBeGreaterThanOrEqual(12);
  for (const mutation of MUTATIONS) expect(await bundle(mutation), mutation.name).toContain('parentPort');
}, 120_000);

it('a bug that has lost its place is an error', () => {
  const bug: Mutation = { name: 'b', file: 'x.ts', find: 'one', replace: 'two', breaks: '' };
  expect(planted('one', bug)).toBe('two');
  expect(() => planted('zero', bug)).toThrow('found 0 times');
  expect(() => planted('one one', bug)).toThrow('found 2 times');
});

it('tells a failure with its seed, what led to it, and how to see it again', async () => {
  const simulated = await simulate('17', { keepHistory: true });
  const violations = [{ name: 'oneBucket' as const, text: 'planted' }];
  const what = 'VIOLATION oneBucket';
  const broken = { ...simulated, violations, history: [...simulated.history, { ...simulated.history[0]!, what }] };
  expect(failureText(broken)).toContain('npm run sim -- --seed 17 --verbose');
  expect(historyText(broken, false)).toMatch(/more lines[^]*VIOLATION oneBucket/);
});

it('the docs name every invariant, with its sentence, and every planted bug', async () => {
  const doc = await readFile(new URL('../../docs/simulation.md', import.meta.url), 'utf8');
  const rows = doc.replaceAll(/ +/g, ' ');
  for (const [name, sentence] of Object.entries(INVARIANTS))
    expect(rows, name).toContain(`| \`${name}\` | ${sentence} |`);
  for (const { name } of MUTATIONS) expect(doc).toContain(`\`${name}\``);
});
