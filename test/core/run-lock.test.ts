import { describe, expect, it } from 'vitest';
import { LOCK_ABANDONED_MS } from '#core/limits.ts';
import { runKey } from '#core/names.ts';
import { takeLock } from '#core/run-lock.ts';
import { MemoryTable } from '../../src/sim/memory-table.ts';

const FIRST = '01m82v7p3pne4709ysspyc586m';
const SECOND = '01m82v7m9ft9v426v03kx6v2a8';
const ref = (runId: string) => ({ tenant: 'acme', taskId: 'prices', runId });

/** One run that has the lock, and is over. */
async function ended() {
  const clock = { ms: 1_000_000, now: () => clock.ms, sleep: () => Promise.resolve() };
  const table = new MemoryTable();
  const ports = { table, clock };
  expect(await takeLock(ports, ref(FIRST))).toEqual({ ok: true, token: 1 });
  await table.put({ ...runKey('acme', FIRST), runId: FIRST, state: 'PARTIAL', lock: 1 });
  return { clock, ports, table };
}

describe('takeLock', () => {
  it('takes it from a run that is over', async () => {
    const { ports } = await ended();
    expect(await takeLock(ports, ref(SECOND))).toEqual({ ok: true, token: 2 });
  });
  it('leaves it to a run that is over and about to begin once more', async () => {
    const { ports, table } = await ended();
    expect(await takeLock(ports, ref(FIRST), 'anew')).toEqual({ ok: true, token: 2 });
    expect(await takeLock(ports, ref(SECOND))).toEqual({ ok: false, holder: FIRST });
    await table.put({ ...runKey('acme', FIRST), runId: FIRST, state: 'QUEUED', lock: 2 });
    expect(await takeLock(ports, ref(SECOND))).toEqual({ ok: false, holder: FIRST });
  });
  it('takes it where whoever was to begin a run once more is dead', async () => {
    const { clock, ports } = await ended();
    await takeLock(ports, ref(FIRST), 'anew');
    clock.ms += LOCK_ABANDONED_MS + 1;
    expect(await takeLock(ports, ref(SECOND))).toEqual({ ok: true, token: 3 });
  });
});
