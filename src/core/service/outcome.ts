/** Answers of operations. */
import { BadCursor } from '../ports.ts';
import type { Outcome, Refusal } from '../operations.ts';

export const ok = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const refuse = (
  status: Refusal['status'],
  title: string,
  detail: string,
  errors?: Refusal['errors'],
): { ok: false; refusal: Refusal } => ({ ok: false, refusal: { status, title, detail, ...(errors && { errors }) } });

export const noTask = (taskId: string) =>
  refuse(404, 'No such task', `there is no task ${JSON.stringify(taskId.slice(0, 80))}`);
export const noRun = (runId: string) =>
  refuse(404, 'No such run', `there is no run ${JSON.stringify(runId.slice(0, 80))}`);

/** A cursor that nobody gave out is the caller's mistake; everything else is ours. */
export async function paging<T>(job: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await job();
  } catch (error) {
    if (!(error instanceof BadCursor)) throw error;
    const message = 'expected the nextCursor of an earlier page of this list';
    return refuse(400, 'Invalid request', `cursor: ${message}`, [{ path: 'cursor', message }]);
  }
}
export const iso = (ms: number): string => new Date(ms).toISOString();
