import { expect, it } from 'vitest';
import { PLAN_HOSTS_ASKED } from '#core/limits.ts';
import { paceKey } from '#core/names.ts';
import { loadsOf } from '#core/plan/estimate.ts';
import { MemoryTable } from '../../../src/sim/memory-table.ts';

const spec = { requestsPerSecond: 5, concurrency: 8, adapt: true };
const assumed = { rate: 5, latencySeconds: 0.5 };

it.each([
  ['nothing known', undefined, true, assumed],
  ['a record that has not learnt anything', { tat: 1 }, true, assumed],
  ['slower than the task wants', { c: 2, lb: 800 }, true, { rate: 2, latencySeconds: 0.8 }],
  ['faster than the task wants', { c: 50, lb: 100 }, true, { rate: 5, latencySeconds: 0.1 }],
  ['a task that keeps to its own pace', { c: 2, lb: 800 }, false, { rate: 5, latencySeconds: 0.8 }],
  ['an operator’s cap', { opMax: 1 }, false, { rate: 1, latencySeconds: 0.5 }],
  ['one bad hour', { lb: 3_600_000 }, true, { rate: 5, latencySeconds: 30 }],
])('%s', async (_, record, adapt, expected) => {
  const pace = new MemoryTable();
  if (record) await pace.put({ ...paceKey('a.example'), ...record });
  const loads = await loadsOf(pace, { ...spec, adapt }, ['a.example', 'b.example'], [3, 1]);
  expect(loads).toEqual([
    { name: 'a.example', targets: 3, ...expected },
    { name: 'b.example', targets: 1, ...assumed },
  ]);
});

it('asks for the heaviest hosts only, however many there are', async () => {
  const pace = new MemoryTable();
  const asked: string[] = [];
  const get = pace.get.bind(pace);
  pace.get = (key) => {
    asked.push(key.pk);
    return get(key);
  };
  const names = Array.from({ length: 5_000 }, (_, i) => `h${String(i)}`);
  await loadsOf(
    pace,
    spec,
    names,
    names.map((_, i) => (i % 10 === 0 ? 7 : 1)),
  );
  expect(asked).toHaveLength(PLAN_HOSTS_ASKED);
  expect(asked.filter((pk) => pk.endsWith('0'))).toHaveLength(500);
});
