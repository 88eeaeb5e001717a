/**
 * One run of a task at a time: a lock in the table with a fencing number that rises with every holder, and those who wait
 * for it. Nothing expires by the clock alone: a holder is a run, and the end of every run is seen to.
 */
import { begin } from './held.ts';
import { LOCK_ABANDONED_MS } from './limits.ts';
import { WAITER_PREFIX, lockKey, runKey, waiterKey } from './names.ts';
import { asItem, asLock, asRun, asWaiter, type LockRow, type RunRow } from './rows.ts';
import { isEnded, transition } from './run.ts';
import { note, readRun } from './store.ts';
import type { Context } from './context.ts';
import type { Condition } from './ports.ts';

type Ports = Pick<Context, 'table' | 'clock' | 'orchestrator'>;
interface RunRef {
  tenant: string;
  taskId: string;
  runId: string;
}
export type Locking = { ok: true; token: number } | { ok: false; holder: string };

/**
 * Takes the lock for a run, from nobody or from a run that is over. A run that has it already is told its number again, or
 * given a new one (`anew`) when it begins once more: what it left undone under the old number then harms nothing.
 */
export async function takeLock(
  ports: Pick<Ports, 'table' | 'clock'>,
  ref: RunRef,
  anew: 'anew' | 'again' = 'again',
): Promise<Locking> {
  const free = await take(ports, ref, { absent: 'holder' });
  if (free.ok) return free;
  const { lock } = free;
  if (lock?.holder === undefined) return { ok: false, holder: '' }; // let go in this very moment: ask again later
  const own = lock.holder === ref.runId;
  if (own && anew === 'again') return { ok: true, token: lock.token };
  if (!own && !(await isOver(ports, ref.tenant, lock))) return { ok: false, holder: lock.holder };
  const taken = await take(ports, ref, { all: [{ eq: ['holder', lock.holder] }, { eq: ['token', lock.token] }] });
  return taken.ok ? taken : { ok: false, holder: taken.lock?.holder ?? lock.holder };
}

async function take(
  ports: Pick<Ports, 'table' | 'clock'>,
  { tenant, taskId, runId }: RunRef,
  condition: Condition,
): Promise<{ ok: true; token: number } | { ok: false; lock: LockRow | undefined }> {
  const set = { kind: 'lock', holder: runId, at: ports.clock.now() };
  const write = await ports.table.update(lockKey(tenant, taskId), { set, add: { token: 1 } }, condition);
  if (write.ok) return { ok: true, token: asLock(write.item).token };
  return { ok: false, lock: write.item && asLock(write.item) };
}

/**
 * Has the holder ended under this very number, or never come to be? One that ended under another is about to begin once more:
 * whoever does that takes the lock first.
 */
async function isOver(ports: Pick<Ports, 'table' | 'clock'>, tenant: string, lock: LockRow): Promise<boolean> {
  const run = await readRun(ports.table, tenant, lock.holder ?? '');
  if (run !== undefined && !isEnded(run.state)) return false;
  return run?.lock === lock.token || (lock.at ?? 0) < ports.clock.now() - LOCK_ABANDONED_MS;
}

/** Is a run of the task not over, that holds its lock? */
export async function isLocked(
  ports: Pick<Ports, 'table' | 'clock'>,
  tenant: string,
  taskId: string,
): Promise<boolean> {
  const item = await ports.table.get(lockKey(tenant, taskId));
  const lock = item && asLock(item);
  return lock?.holder !== undefined && !(await isOver(ports, tenant, lock));
}

/** Does the run still hold the lock it was started under? A run without one needs none. */
export async function holdsLock(ports: Pick<Ports, 'table'>, run: RunRow): Promise<boolean> {
  if (run.lock === undefined) return true;
  const item = await ports.table.get(lockKey(run.tenant, run.taskId));
  return item !== undefined && asLock(item).holder === run.runId && asLock(item).token === run.lock;
}

/** Lets go of the lock under the number it was taken with: a later holder keeps his. */
export async function dropLock(ports: Pick<Ports, 'table'>, ref: RunRef, token: number): Promise<void> {
  await ports.table.update(
    lockKey(ref.tenant, ref.taskId),
    { remove: ['holder'] },
    { all: [{ eq: ['holder', ref.runId] }, { eq: ['token', token] }] },
  );
}

/** Puts a queued run behind the others that wait; then the first of them starts if it can. */
export async function waitInLine(ports: Ports, run: RunRow): Promise<void> {
  const row = { ...waiterKey(run.tenant, run.taskId, run.runId), kind: 'waiter' as const, runId: run.runId };
  await ports.table.put(asItem(row));
  await startNext(ports, run.tenant, run.taskId);
}

/** Starts the run that has waited longest, if the lock is to be had. Safe to call at any time by anyone. */
export async function startNext(ports: Ports, tenant: string, taskId: string): Promise<void> {
  for (;;) {
    const { pk } = lockKey(tenant, taskId);
    const { items } = await ports.table.query({ pk, prefix: WAITER_PREFIX, limit: 1 });
    const [first] = items.map(asWaiter);
    if (first === undefined) return;
    const turn = await startWaiter(ports, { tenant, taskId, runId: first.runId });
    if (turn === 'started') return;
    // The holder may itself be waiting: whoever gave it the lock died before he could tell it.
    if (turn !== 'over') {
      if (turn.holder !== '') await startWaiter(ports, { tenant, taskId, runId: turn.holder });
      return;
    }
  }
}

/** `over` = it does not wait any more, and the next one may be asked; a holder = whom it waits for. */
async function startWaiter(ports: Ports, ref: RunRef): Promise<'started' | 'over' | { holder: string }> {
  const { tenant, taskId, runId } = ref;
  const run = await readRun(ports.table, tenant, runId);
  if (run?.state !== 'QUEUED' || run.waitsFor === undefined) return leave(ports, ref);
  const locking = await takeLock(ports, ref);
  if (!locking.ok) return { holder: locking.holder };
  // Its time is counted from now on.
  const deadlineAt = ports.clock.now() + (run.deadlineAt - run.createdAt);
  const { change, condition } = transition({ kind: 'promote', lock: locking.token, deadlineAt });
  const write = await ports.table.update(runKey(tenant, runId), change, condition);
  if (!write.ok) {
    const now = write.item && asRun(write.item);
    // Another one has promoted it under this very number; else it was stopped while it waited.
    if (now?.lock !== locking.token || isEnded(now.state)) await dropLock(ports, ref, locking.token);
    return leave(ports, ref);
  }
  await leave(ports, ref);
  await note(ports.table, run, ports.clock.now(), 'run.promoted', `the run of task ${taskId} before it is over`);
  await begin(ports, asRun(write.item));
  return 'started';
}

async function leave(ports: Pick<Ports, 'table'>, { tenant, taskId, runId }: RunRef): Promise<'over'> {
  await ports.table.delete(waiterKey(tenant, taskId, runId));
  return 'over';
}
