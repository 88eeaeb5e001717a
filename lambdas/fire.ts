/** `fire`: Scheduler says that a task's time has come. */
import { fire, type FireAnswer } from '#core/steps/fire.ts';
import { dressed } from './aws/handler.ts';
import { randomness, time } from './aws/ports/basics.ts';
import { runMachine } from './aws/ports/machine.ts';
import { scheduleRemoval } from './aws/ports/schedules.ts';
import { switches } from './aws/ports/switches.ts';
import { controlTable } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { environment, type FireInput } from './contract.ts';

const env = environment('fire', process.env);
const told = telling(env.GLEANER_STAGE);
const control = controlTable(env);
const ports = {
  region: env.GLEANER_REGION,
  ...time,
  ...control,
  ...switches(env, { ...control, log: told.log }),
  ...runMachine(env),
  ...scheduleRemoval(env),
  ...randomness,
  log: told.log,
  meter: told.meter,
};

export const handler = dressed<FireInput, FireAnswer>(
  told,
  ({ tenant, taskId }) => ({ tenant, taskId }),
  async ({ tenant, taskId, dueAt }) => {
    const answer = await fire(ports, { tenant, taskId, dueAt: instant(dueAt) });
    told.log.info('seen to', { dueAt, answer: { ...answer } });
    return answer;
  },
);

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new RangeError(`not a time: ${text.slice(0, 80)}`);
  return ms;
}
