import { describe, expect, it } from 'vitest';
import { rateInForce, type Binding, type Caps } from '#core/pace/caps.ts';
import { fresh, readRecord, type HostRecord } from '#core/pace/record.ts';

const NOW = 1e15;
const task: Caps = { requestsPerSecond: 10, adapt: true };

describe('the rate in force', () => {
  it.each<[string, Partial<Caps>, Partial<HostRecord>, Binding, number]>([
    ['the task’s cap', {}, {}, 'task', 10],
    ['the tenant’s', { tenantRequestsPerSecond: 4 }, {}, 'tenant', 4],
    ['not the tenant’s when it is wider', { tenantRequestsPerSecond: 40 }, {}, 'task', 10],
    ['a crawl delay', { crawlDelaySeconds: 2 }, {}, 'robots', 0.5],
    ['a crawl delay that is beyond reason', { crawlDelaySeconds: 86_400 }, {}, 'robots', 1 / 300],
    ['no crawl delay', { crawlDelaySeconds: 0 }, {}, 'task', 10],
    ['what the host bears', {}, { control: { ...fresh, rate: 3 } }, 'host', 3],
    ['not what it bears where nothing is looked for', { adapt: false }, { control: { ...fresh, rate: 3 } }, 'task', 10],
    ['the breaker’s', { adapt: false }, { control: { ...fresh, phase: 'half', rate: 0.2 } }, 'host', 0.2],
    ['the operator’s', {}, { opMax: 1 }, 'operator', 1],
    ['the headers’ while they hold', {}, { advice: 2, adviceUs: NOW + 1 }, 'headers', 2],
    ['not the headers’ after that', {}, { advice: 2, adviceUs: NOW }, 'task', 10],
    ['of all the least', { crawlDelaySeconds: 1, tenantRequestsPerSecond: 5 }, { opMax: 2 }, 'robots', 1],
    ['never nothing at all', {}, { advice: 0, adviceUs: NOW + 1 }, 'headers', 1 / 300],
  ])('is %s', (_, caps, said, by, rate) => {
    const record = { ...readRecord(undefined), control: { ...fresh, rate: 1000 }, ...said };
    expect(rateInForce({ ...task, ...caps }, record, NOW)).toEqual({ by, rate });
  });
});
