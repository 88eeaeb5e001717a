/**
 * `notify`: carries out what is to be told, on the bus and to webhooks. A pass is bounded; whoever moves a notice's due time
 * on has it, and what dies with him is tried again later under the same id.
 */
import { NOTICES_MAX, NOTIFY_PASS_MS, WEBHOOK_BYTES_MAX, WEBHOOK_RETRY_MS, WEBHOOK_TIMEOUT_MS } from '../limits.ts';
import { mailOf } from '../alerts/mail.ts';
import { BUS, MAILTO, type CloudEvent } from '../alerts/notice.ts';
import { generationsOf, signedHeaders } from '../alerts/webhook.ts';
import { Bounded } from '../bounded.ts';
import { METRICS } from '../metrics.ts';
import { noticeDue, webhookRowKey } from '../names.ts';
import { asAttr, asNotice, asWebhook, type Delivery, type NoticeRow } from '../rows.ts';
import { readTenant } from '../store.ts';
import type { Context, Outgoing } from '../context.ts';
import type { Item } from '../ports.ts';

export type NotifyPorts = Pick<
  Context,
  'region' | 'table' | 'clock' | 'chance' | 'log' | 'meter' | 'events' | 'mails' | 'webhookKeys'
> &
  Pick<Outgoing, 'fetcher'>;
export interface NotifyAnswer {
  delivered: number;
  /** Will be tried again. */
  failed: number;
  /** Will not. */
  givenUp: number;
}

const AT_ONCE = 8;

export async function notify(ports: NotifyPorts): Promise<NotifyAnswer> {
  const answer: NotifyAnswer = { delivered: 0, failed: 0, givenUp: 0 };
  const endAt = ports.clock.now() + NOTIFY_PASS_MS;
  const running = new Bounded(AT_ONCE);
  const due = await ports.table.due(noticeDue(ports.region), ports.clock.now(), NOTICES_MAX);
  for (const item of due) {
    if (ports.clock.now() >= endAt) break;
    await running.run(() => attempted(ports, item, answer));
  }
  await running.drain();
  ports.meter.count(METRICS.noticesDelivered, answer.delivered);
  ports.meter.count(METRICS.noticesFailed, answer.failed);
  ports.meter.count(METRICS.noticesGivenUp, answer.givenUp);
  return answer;
}

/** Trouble with one notice is no reason to leave the others. */
async function attempted(ports: NotifyPorts, { pk, sk }: Item, answer: NotifyAnswer): Promise<void> {
  try {
    const item = await ports.table.get({ pk, sk });
    if (item !== undefined) await carryOut(ports, asNotice(item), answer);
  } catch (error) {
    answer.failed++;
    ports.log.error('notice not carried out', { pk, error: String(error) });
  }
}

async function carryOut(ports: NotifyPorts, notice: NoticeRow, answer: NotifyAnswer): Promise<void> {
  const { pk, sk, dueAt, attempts } = notice;
  if (dueAt === undefined || dueAt > ports.clock.now()) return;
  const waitMs = (WEBHOOK_RETRY_MS[attempts] ?? 0) * (0.9 + 0.2 * ports.chance());
  // Claimed: whoever dies from here on is followed when the wait is over.
  const next = ports.clock.now() + Math.max(Math.round(waitMs), WEBHOOK_RETRY_MS[0]);
  const mine = await ports.table.update({ pk, sk }, { set: { dueAt: next }, add: { attempts: 1 } }, { eq: ['dueAt', dueAt] }); // prettier-ignore
  if (!mine.ok) return;
  const isLast = WEBHOOK_RETRY_MS[attempts] === undefined;
  const event = JSON.parse(notice.event) as CloudEvent;
  const deliveries = await Promise.all(
    notice.deliveries.map((delivery) =>
      delivery.state === 'pending' ? deliver(ports, notice, event, delivery, isLast) : Promise.resolve(delivery),
    ),
  );
  for (const [i, { to, state, error }] of deliveries.entries()) {
    if (notice.deliveries[i]?.state !== 'pending') continue;
    if (state === 'delivered') answer.delivered++;
    else if (state === 'pending') answer.failed++;
    else answer.givenUp++;
    if (state !== 'delivered')
      ports.log.warn('not delivered', {
        notice: notice.noticeId,
        to: originOf(to),
        state,
        error: withoutAddress(to, error),
      });
  }
  const isOver = deliveries.every(({ state }) => state !== 'pending');
  const set = { deliveries: deliveries.map(asAttr) as never };
  const change = isOver ? { set, remove: ['duePk', 'dueAt'] } : { set };
  await ports.table.update({ pk, sk }, change, { eq: ['dueAt', next] });
}

async function deliver(
  ports: NotifyPorts,
  notice: NoticeRow,
  event: CloudEvent,
  { to }: Delivery,
  isLast: boolean,
): Promise<Delivery> {
  const at = ports.clock.now();
  const attempts = notice.attempts + 1;
  const failed = (error: string, isFinal = false): Delivery => ({ to, attempts, at, error, state: isFinal || isLast ? 'failed' : 'pending' }); // prettier-ignore
  if (to === BUS) {
    try {
      await ports.events.put(event);
      return { to, attempts, at, state: 'delivered' };
    } catch (error) {
      return failed(String(error));
    }
  }
  if (to.startsWith(MAILTO)) {
    if (ports.mails === undefined) return failed('this stage has no sender of mail', true);
    try {
      const answer = await ports.mails.send(mailOf(to.slice(MAILTO.length), event));
      return answer === undefined
        ? { to, attempts, at, state: 'delivered' }
        : failed(answer.refused.slice(0, 300), true);
    } catch (error) {
      return failed(String(error).slice(0, 300));
    }
  }
  const answer = await post(ports, notice, event, to);
  if (!answer.ok) return failed(`${answer.reason}: ${answer.detail}`.slice(0, 300));
  if (answer.status >= 200 && answer.status < 300) return { to, attempts, at, state: 'delivered' };
  // 410 says that nobody will ever be there again.
  return failed(`status ${String(answer.status)}`, answer.status === 410);
}

async function post(ports: NotifyPorts, { tenant }: NoticeRow, event: CloudEvent, url: string) {
  const [row, { allowAddresses }] = await Promise.all([
    ports.table.get(webhookRowKey(tenant)),
    readTenant(ports.table, tenant),
  ]);
  const now = ports.clock.now();
  const generations = generationsOf(row && asWebhook(row), now);
  const keys = await Promise.all(generations.map((generation) => ports.webhookKeys.of(tenant, generation)));
  const body = JSON.stringify(event);
  return ports.fetcher.fetch({
    url,
    method: 'POST',
    headers: signedHeaders(keys, event.id, Math.floor(now / 1000), body),
    secretHeaders: {},
    body,
    timeoutMs: WEBHOOK_TIMEOUT_MS,
    bytesMax: WEBHOOK_BYTES_MAX,
    redirectsMax: 0,
    allowAddresses,
  });
}

/** SES tells in its refusals whom it would not write to. */
const withoutAddress = (to: string, error = ''): string =>
  to.startsWith(MAILTO) ? error.replaceAll(to.slice(MAILTO.length), '…') : error;

/** For logs. Paths and queries of webhooks are often secrets, and who is written to is nobody's business. */
function originOf(to: string): string {
  if (to === BUS) return to;
  return to.startsWith(MAILTO) ? `mail to ${to.slice(to.lastIndexOf('@'))}` : (URL.parse(to)?.origin ?? '');
}
