/**
 * An alert as a state: raised once, resolved by itself. Of each rule of a task the latest incident counts; the next one is
 * its own row, so that of two judges one raises it. A judgement that is older than the last one is no judgement.
 */
import { createHash } from 'node:crypto';
import { ALERT_AGAIN_MS } from '../limits.ts';
import { alertKey, alertListPk, alertPrefix, dueOfTask, timeId, versionKey } from '../names.ts';
import { asAlert, asItem, type AlertRow } from '../rows.ts';
import { putNotice } from './notice.ts';
import type { Context } from '../context.ts';
import type { AlertsSpec } from '../task.ts';
import type { Verdict } from './rules.ts';

type Ports = Pick<Context, 'region' | 'table' | 'clock'>;
export interface Judgement extends Verdict {
  tenant: string;
  taskId: string;
  /** When what is judged took place, UTC ms. */
  at: number;
  runId?: string;
}

/** @param notifyOf whom to tell; asked only when there is something to tell. */
export async function judge(
  ports: Ports,
  judgement: Judgement,
  notifyOf: () => Promise<AlertsSpec['notify']>,
): Promise<void> {
  const latest = await latestOf(ports, judgement);
  if (latest !== undefined && latest.asOf >= judgement.at) return;
  if (judgement.ok && latest?.state === 'raised') await resolve(ports, latest, judgement);
  else if (!judgement.ok && latest?.state !== 'raised')
    await raise(ports, judgement, (latest?.number ?? 0) + 1, await notifyOf());
}

async function latestOf(ports: Ports, { tenant, taskId, rule }: Judgement): Promise<AlertRow | undefined> {
  const { pk } = versionKey(tenant, taskId, 0);
  const { items } = await ports.table.query({ pk, prefix: alertPrefix(rule), reverse: true, limit: 1 });
  return items.map(asAlert)[0];
}

async function raise(ports: Ports, j: Judgement, number: number, notify: AlertsSpec['notify']): Promise<void> {
  const { tenant, taskId, rule, at, runId, value, limit, detail } = j;
  const key = alertKey(tenant, taskId, rule, number);
  const alertId = timeId(at, createHash('sha256').update(`${key.pk} ${key.sk}`).digest().subarray(0, 10));
  const row: AlertRow = {
    ...key,
    kind: 'alert',
    tenant,
    alertId,
    number,
    taskId,
    rule,
    state: 'raised',
    raisedAt: at,
    asOf: at,
    ...(runId !== undefined && { runId }),
    value,
    limit,
    detail,
    notify: JSON.stringify(notify),
    listPk: alertListPk(tenant),
    listSk: alertId,
    ...toBeTold(ports, tenant, taskId),
  };
  const write = await ports.table.put(asItem(row), { absent: 'pk' });
  if (write.ok) await tellAlert(ports, row);
}

async function resolve(ports: Ports, alert: AlertRow, { at, runId, tenant, taskId }: Judgement): Promise<void> {
  const set = {
    state: 'resolved',
    resolvedAt: at,
    asOf: at,
    ...(runId !== undefined && { resolvedBy: runId }),
    ...toBeTold(ports, tenant, taskId),
  };
  const still = { all: [{ eq: ['state', 'raised'] as [string, string] }, { lt: ['asOf', at] as [string, number] }] };
  const write = await ports.table.update({ pk: alert.pk, sk: alert.sk }, { set }, still);
  if (write.ok) await tellAlert(ports, asAlert(write.item));
}

/** Until it has been told, the sweep looks at it. */
const toBeTold = (ports: Ports, tenant: string, taskId: string): { duePk: string; dueAt: number } => ({
  duePk: dueOfTask(ports.region, tenant, taskId),
  dueAt: ports.clock.now() + ALERT_AGAIN_MS,
});

/** Puts down what is to be told of an alert as it stands; may be repeated. */
export async function tellAlert(ports: Ports, alert: AlertRow): Promise<void> {
  const { tenant, alertId, taskId, rule, raisedAt, resolvedAt, runId, resolvedBy, value, limit, detail } = alert;
  const notify = JSON.parse(alert.notify) as AlertsSpec['notify'];
  const base = { tenant, subject: `alerts/${alertId}` };
  const data = { alertId, taskId, rule, value, limit, detail, ...(runId !== undefined && { runId }) };
  await putNotice(
    ports,
    { ...base, id: raisedNotice(alertId), type: 'gleaner.alert.raised', at: raisedAt, data },
    notify,
  );
  if (resolvedAt !== undefined) {
    const more = { ...data, ...(resolvedBy !== undefined && { resolvedBy }) };
    const happening = { ...base, id: resolvedNotice(alertId), at: resolvedAt, data: more };
    await putNotice(ports, { ...happening, type: 'gleaner.alert.resolved' }, notify);
  }
  const { pk, sk, asOf } = alert;
  await ports.table.update({ pk, sk }, { remove: ['duePk', 'dueAt'] }, { eq: ['asOf', asOf] });
}

export const raisedNotice = (alertId: string): string => `${alertId}-raised`;
export const resolvedNotice = (alertId: string): string => `${alertId}-resolved`;
