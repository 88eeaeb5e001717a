/** `fire`: a task's time has come, says Scheduler. At least once, perhaps late, perhaps of a schedule that is gone. */
import { seeToDue, type DuePorts, type SeenTo } from '../schedule/due.ts';
import { readSchedule } from '../schedule/place.ts';
import type { Context } from '../context.ts';

export interface FireRequest {
  tenant: string;
  taskId: string;
  /** When it was due, UTC ms. The caller's word counts, not this machine's clock: the two may differ. */
  dueAt: number;
}
export type FireAnswer = ({ outcome: 'seenTo' } & SeenTo) | { outcome: 'noSchedule' };

export async function fire(
  ports: DuePorts & { schedules: Pick<Context['schedules'], 'remove'> },
  request: FireRequest,
): Promise<FireAnswer> {
  const { tenant, taskId, dueAt } = request;
  const row = await readSchedule(ports, tenant, taskId);
  if (row !== undefined) return { outcome: 'seenTo', ...(await seeToDue(ports, row, dueAt)) };
  // Somebody died between the row and the outside, or came too late: what is left there calls no more.
  await ports.schedules.remove(tenant, taskId);
  return { outcome: 'noSchedule' };
}
