import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json } from '#core/json.ts';
import { rateMs, startSchedules } from '#local/schedule.ts';
import type { Invocation } from '#local/lambda.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('rates', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(2 hours)', 7_200_000],
    ['rate(1 day)', 86_400_000],
  ])('%s', (expression, ms) => expect(rateMs(expression)).toBe(ms));

  it.each(['cron(0 3 * * ? *)', 'rate(0 minutes)', 'rate(5 seconds)', 'at(2026-01-01T00:00:00)'])(
    'refuses %s',
    (expression) => {
      expect(() => rateMs(expression)).toThrow('plays rate(n minutes|hours|days) schedules only');
    },
  );
});

function open(atStart: boolean, invocation: Invocation = { kind: 'ok', payload: 'null' }) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const fired: { at: number; event: Json }[] = [];
  const lines: string[] = [];
  const schedules = startSchedules({
    rules: [
      {
        logicalId: 'Sweep',
        name: 'sweep',
        arn: 'arn:rule',
        schedule: 'rate(1 minute)',
        targets: [{ functionArn: 'f', input: undefined }],
      },
      {
        logicalId: 'Day',
        name: 'day',
        arn: 'arn:day',
        schedule: 'rate(1 day)',
        targets: [{ functionArn: 'f', input: { own: 1 } }],
      },
    ],
    invoke: (_rule, _functionArn, event) => {
      fired.push({ at: (clock.now() - Date.UTC(2026, 0, 1)) / 1000, event });
      return Promise.resolve(invocation);
    },
    clock,
    place: { account: '000000000000', region: 'us-east-1', stackName: 's', queueUrlBase: '' },
    atStart,
    log: (line) => lines.push(line),
  });
  onTestFinished(() => schedules.close());
  return { clock, fired, lines, schedules };
}

describe('schedules', () => {
  it('fire at the start and by their rate, with the event of EventBridge or the input of the target', async () => {
    const { clock, fired } = open(true);
    expect(fired.map((f) => f.event)).toMatchObject([
      {
        source: 'aws.events',
        'detail-type': 'Scheduled Event',
        time: '2026-01-01T00:00:00Z',
        resources: ['arn:rule'],
        detail: {},
      },
      { own: 1 },
    ]);
    await clock.advance(180_000);
    expect(fired.slice(2).map((f) => f.at)).toEqual([60, 120, 180]);
  });

  it('wait for their time when told so, and stop when closed', async () => {
    const { clock, fired, schedules } = open(false);
    await clock.advance(60_000);
    expect(fired.map((f) => f.at)).toEqual([60]);
    await schedules.close();
    await clock.advance(600_000);
    expect(fired).toHaveLength(1);
  });

  it('go on after a failure, which is logged', async () => {
    const { clock, fired, lines } = open(true, {
      kind: 'functionError',
      error: { errorType: 'Error', errorMessage: 'bad' },
    });
    await clock.advance(60_000);
    expect(fired).toHaveLength(3);
    expect(lines).toContain('schedule sweep: Error: bad');
  });
});
