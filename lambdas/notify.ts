/** `notify`: every minute, what is to be told is carried out. */
import { notify, type NotifyAnswer } from '#core/steps/notify.ts';
import { dressed } from './aws/handler.ts';
import { time } from './aws/ports/basics.ts';
import { eventBus } from './aws/ports/events.ts';
import { mails } from './aws/ports/mails.ts';
import { webhookKeys } from './aws/ports/secrets.ts';
import { controlTable } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { outgoing } from './aws/web.ts';
import { environment } from './contract.ts';

const env = environment('notify', process.env);
const told = telling(env.GLEANER_STAGE);
const ports = {
  region: env.GLEANER_REGION,
  ...time,
  ...controlTable(env),
  ...eventBus(env),
  ...mails(env),
  ...webhookKeys(env),
  fetcher: outgoing(process.env).fetcher,
  log: told.log,
  meter: told.meter,
};

export const handler = dressed<unknown, NotifyAnswer>(
  told,
  () => ({}),
  () => notify(ports),
);
