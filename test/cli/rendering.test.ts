import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytes, count, duration, plural, rate } from '#cli/figures.ts';
import { bar, percentOf, plainLine } from '#cli/progress-line.ts';
import { summary } from '#cli/summary.ts';
import { table, widthOf } from '#cli/table.ts';
import { printable, terminalOf } from '#cli/terminal.ts';
import { tallyFailures } from '#cli/failure-tally.ts';
import { runView } from './fake-api.ts';
import { ledgerLine, RUN_ID } from './results-tree.ts';

describe('figures', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567.4, '1,234,567'],
  ])('count %d = %s', (n, text) => {
    expect(count(n)).toBe(text);
  });
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [20 * 1024 ** 2, '20 MiB'],
    [1024 ** 2 - 1, '1 MiB'],
    [100 * 1024, '100 KiB'],
    [3.256 * 1024 ** 3, '3.26 GiB'],
  ])('bytes %d = %s', (n, text) => {
    expect(bytes(n)).toBe(text);
  });
  test.each([
    [400, '0.4 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [2 * 3_600_000 + 7 * 60_000, '2 h 07 min'],
    [76 * 3_600_000, '3 d 4 h'],
    [-5, '0.0 s'],
  ])('duration %d ms = %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
  test.each([
    [0, '0.0/s'],
    [0.05, '0.05/s'],
    [4.22, '4.2/s'],
    [99.96, '100/s'],
    [1234, '1,234/s'],
  ])('rate %d = %s', (n, text) => {
    expect(rate(n)).toBe(text);
  });
  test('plural', () => {
    expect([plural(1, 'file'), plural(0, 'file'), plural(2000, 'file')]).toEqual(['1 file', '0 files', '2,000 files']);
  });
});

describe('progress', () => {
  const half = runView('RUNNING', { collected: 1_030, failed: 10, pending: 960 });
  test.each([
    ['running', half, 70, '[█████░░░░░░]  52%  1,040/2,000 done · 10 failed · 12.5/s · ETA 4.0 s'],
    ['narrow', half, 45, ' 52%  1,040/2,000 done · 10 failed · 12.5/s ·'],
    ['planning, nothing known', runView('PLANNING'), 70, 'PLANNING'],
    ['planning, some known', runView('PLANNING', { pending: 10 }), 38, '  0%  PLANNING · 0/10 done · 12.5/s · '],
    [
      'ended',
      runView('SUCCEEDED', { collected: 3 }),
      60,
      '[██████████████████████████████] 100%  SUCCEEDED · 3/3 done',
    ],
  ])('bar: %s', (_, run, columns, line) => {
    expect(bar(run, columns)).toBe(line);
    expect(bar(run, columns).length).toBeLessThanOrEqual(columns);
  });
  test('the bar fills by the percentage', () => {
    expect(bar(half, 100)).toBe(
      `[${'█'.repeat(15)}${'░'.repeat(15)}]  52%  1,040/2,000 done · 10 failed · 12.5/s · ETA 4.0 s`,
    );
  });
  test.each([
    [half, 'RUNNING 52%: 1,040/2,000 done, 10 failed, 12.5/s, ETA 4.0 s'],
    [runView('QUEUED'), 'QUEUED'],
    [runView('RUNNING'), 'RUNNING'],
    [runView('FINALIZING', { collected: 3 }), 'FINALIZING 100%: 3/3 done, 12.5/s'],
    [runView('PARTIAL', { collected: 2, failed: 1 }), 'PARTIAL 100%: 3/3 done, 1 failed'],
  ])('plain line %#', (run, line) => {
    expect(plainLine(run)).toBe(line);
  });
  test('never a full hundred while something is pending, never wider than asked', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000_000),
        fc.integer({ min: 1, max: 2_000_000 }),
        fc.integer({ min: 10, max: 200 }),
        (collected, pending, columns) => {
          const run = runView('RUNNING', { collected, pending });
          return (percentOf(run) ?? 100) < 100 && bar(run, columns).length <= columns;
        },
      ),
    );
  });
});

describe('summary', () => {
  const times = { startedAt: '2026-11-24T00:00:10Z', finishedAt: '2026-11-24T00:00:30Z' };
  test('a partial run', async () => {
    const run = runView('PARTIAL', { collected: 1_200, duplicate: 3, failed: 3 }, times);
    const { status: _, ...timedOut } = ledgerLine('http://a.example/2', {
      bucket: 'failed',
      reason: 'timeout',
      detail: 'no answer in 30 s',
    });
    const failures = await tallyFailures([
      ledgerLine('http://a.example/1', { bucket: 'failed', reason: 'status', status: 404 }),
      timedOut,
      ledgerLine('http://a.example/3', { bucket: 'failed', reason: 'status', status: 500 }),
      ledgerLine('http://a.example/4'),
    ]);
    expect(summary(run, failures, { colour: false, out: 'out/x' })).toEqual([
      `Run ${RUN_ID} of shop, version 1: PARTIAL in 20.0 s`,
      '',
      '  targets',
      '  collected   1,200',
      '  duplicate       3',
      '  failed          3',
      '  discovered  1,206',
      '',
      '  failed because     for example',
      '  status          2  http://a.example/1 (HTTP 404)',
      '  timeout         1  http://a.example/2 (no answer in 30 s)',
      '',
      '  records   1,200',
      '  requests  1,206',
      '  bytes     2 KiB',
      '  duration  20.0 s',
      '  rate      60.3 targets/s',
      '',
      'Results in out/x',
    ]);
  });
  test('what it cost, by service', () => {
    const costByService = { lambda: 0.000128, dynamodb: 0.000062, s3: 0.000089, sqs: 0.000004, stepFunctions: 0.00065 };
    const lines = summary(runView('SUCCEEDED', { collected: 1 }, { costByService }), [], { colour: false });
    const from = lines.findIndex((line) => line.includes('US dollars'));
    expect(lines.slice(from).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['US dollars (list prices, us-east-1, 2026-11)'],
      ['Lambda', '0.000128'],
      ['DynamoDB', '0.000062'],
      ['S3', '0.000089'],
      ['SQS', '0.000004'],
      ['Step Functions', '0.000650'],
      ['in all', '0.000933'],
    ]);
  });
  test('a run that could not be planned', () => {
    const run = runView('FAILED', {}, { error: { type: 'sitemap', detail: 'empty\x1b[31m' }, stopReason: 'quota' });
    const lines = summary(run, [], { colour: false });
    expect(lines.slice(0, 3)).toEqual([
      `Run ${RUN_ID} of shop, version 1: FAILED`,
      'Stopped: quota',
      'Error: sitemap: empty [31m',
    ]);
    expect(lines).toContain('  collected   0');
  });
  test('more failures than were read are not hidden', async () => {
    const failures = await tallyFailures([ledgerLine('http://a.example/1', { bucket: 'failed', reason: 'dns' })]);
    expect(summary(runView('PARTIAL', { failed: 5 }), failures, { colour: false })).toContain(
      '  (the first 1 failed target)',
    );
  });
  test('colour is for the state alone', () => {
    const [first] = summary(runView('SUCCEEDED'), [], { colour: true });
    expect(first).toContain('\x1b[1;32mSUCCEEDED\x1b[0m');
  });
});

describe('table', () => {
  test('full-width text takes two places', () => {
    expect(
      table([
        ['书架', 'x'],
        ['abc', 'y'],
      ]),
    ).toEqual(['书架  x', 'abc   y']);
    expect(widthOf('𠮷a')).toBe(3);
  });
  test('columns line up whatever is in them', () => {
    const cell = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => printable(text).trim() || '-');
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }), (rows) => {
        const wide = Math.max(...rows.map(([first]) => widthOf(first)));
        return table(rows).every((line, i) => widthOf(line) === wide + 2 + widthOf(rows[i]?.[1] ?? ''));
      }),
    );
  });
});

describe('terminal', () => {
  const terminal = (isTTY: boolean, env: Record<string, string> = {}) => {
    const written: string[] = [];
    const sink = { write: (text: string) => written.push(text), isTTY, columns: 20 };
    return { written, it: terminalOf(sink, sink, env) };
  };
  test.each([
    [false, {}, false],
    [true, {}, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('tty %s with %j is live: %s', (isTTY, env: Record<string, string>, live) => {
    const { it } = terminal(isTTY, env);
    expect([it.live, it.colour]).toEqual([live, live]);
  });
  test('the live line is cut, rewritten, and cleared before other text', () => {
    const { it, written } = terminal(true);
    it.update('a'.repeat(50));
    it.err('told');
    it.clear();
    expect(written).toEqual([`\r\x1b[K${'a'.repeat(19)}`, '\r\x1b[K', 'told\n']);
  });
});
