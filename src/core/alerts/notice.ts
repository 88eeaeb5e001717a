/**
 * What is told to the outside, as rows: one for each event, by an id that is made of what happened. Whoever finds that
 * something has happened puts the row, once or ten times; `notify` carries it out, at least once, under that id.
 */
import { NOTICE_KEPT_SECONDS } from '../limits.ts';
import { noticeKey, noticeDue } from '../names.ts';
import { asAttr, asItem, type Delivery, type NoticeRow } from '../rows.ts';
import type { Context } from '../context.ts';
import type { JsonObject } from '../json.ts';
import type { AlertsSpec } from '../task.ts';

export const EVENT_TYPES = [
  'gleaner.run.started',
  'gleaner.run.finished',
  'gleaner.run.paused',
  'gleaner.run.stopped',
  'gleaner.alert.raised',
  'gleaner.alert.resolved',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** CloudEvents 1.0, JSON format. */
export interface CloudEvent {
  specversion: '1.0';
  id: string;
  source: string;
  type: EventType;
  subject: string;
  /** RFC 3339. */
  time: string;
  datacontenttype: 'application/json';
  data: JsonObject;
}
export interface Happening {
  tenant: string;
  /** Unique for what happened. */
  id: string;
  type: EventType;
  /** `runs/ID` or `alerts/ID`. */
  subject: string;
  at: number;
  data: JsonObject;
}

export const BUS = 'bus';
/** Deliveries name a mail's address so. People are written to about alerts alone. */
export const MAILTO = 'mailto:';
const ALERTS = 'gleaner.alert.';

export async function putNotice(
  ports: Pick<Context, 'region' | 'table' | 'clock'>,
  happening: Happening,
  notify: AlertsSpec['notify'],
): Promise<void> {
  const { tenant, id, type, subject, at, data } = happening;
  const event: CloudEvent = {
    specversion: '1.0',
    id,
    source: `/gleaner/${ports.region}/tenants/${tenant}`,
    type,
    subject,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data,
  };
  const addresses = notify.flatMap((target) =>
    'webhook' in target ? [target.webhook] : type.startsWith(ALERTS) ? [`${MAILTO}${target.email}`] : [],
  );
  const deliveries: Delivery[] = [BUS, ...new Set(addresses)].map((to) => ({ to, state: 'pending' }));
  const now = ports.clock.now();
  const row: NoticeRow = {
    ...noticeKey(tenant, id),
    kind: 'notice',
    tenant,
    noticeId: id,
    event: JSON.stringify(event),
    deliveries,
    attempts: 0,
    expiresAt: Math.floor(now / 1000) + NOTICE_KEPT_SECONDS,
    duePk: noticeDue(ports.region),
    dueAt: now,
  };
  await ports.table.put(asItem({ ...row, deliveries: deliveries.map(asAttr) as never }), { absent: 'pk' });
}
