import { randomUUID } from 'node:crypto';
import type { Json } from '#core/json.ts';
import type { Clock } from '#core/ports.ts';
import type { RuleSpec } from './blueprint.ts';
import type { Invocation } from './lambda.ts';
import type { Place } from './physical.ts';

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Milliseconds between the firings of `rate(5 minutes)`. Throws on anything else: the local world has no cron. */
export function rateMs(expression: string): number {
  const [, count, unit] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNIT_MS[unit ?? ''];
  if (count === undefined || unitMs === undefined) {
    throw new Error(`${expression}: the local world plays rate(n minutes|hours|days) schedules only`);
  }
  return Number(count) * unitMs;
}

/**
 * Rules with a rate. Each fires once at the start when `atStart`, then by its rate, whether or not the last firing has
 * ended: as EventBridge does, the function must cope. A failing target is logged and not tried again.
 */
export function startSchedules(options: {
  rules: RuleSpec[];
  invoke: (rule: RuleSpec, functionArn: string, event: Json) => Promise<Invocation>;
  clock: Clock;
  place: Place;
  atStart: boolean;
  log: (line: string) => void;
}): { close(): Promise<void> } {
  const stop = new AbortController();
  const periods = options.rules.map((rule) => ({ rule, everyMs: rateMs(rule.schedule) }));
  const loops = periods.map(async ({ rule, everyMs }) => {
    if (options.atStart) fire(options, rule, stop.signal);
    for (let next = options.clock.now() + everyMs; ; next += everyMs) {
      await options.clock.sleep(Math.max(0, next - options.clock.now()), stop.signal);
      if (stop.signal.aborted) return;
      fire(options, rule, stop.signal);
      // After the machine slept, missed firings are not made up for.
      if (options.clock.now() > next + everyMs) next = options.clock.now();
    }
  });
  return {
    async close() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

function fire(options: Parameters<typeof startSchedules>[0], rule: RuleSpec, stopped: AbortSignal): void {
  const event: Json = {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: options.place.account,
    time: new Date(options.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: options.place.region,
    resources: [rule.arn],
    detail: {},
  };
  for (const target of rule.targets) {
    void options.invoke(rule, target.functionArn, target.input ?? event).then((invocation) => {
      if (stopped.aborted) return;
      if (invocation.kind === 'refused')
        options.log(`schedule ${rule.name}: ${invocation.name}: ${invocation.message}`);
      if (invocation.kind === 'functionError')
        options.log(`schedule ${rule.name}: ${invocation.error.errorType}: ${invocation.error.errorMessage}`);
    });
  }
}
