/** Alerts as people see them: newest first, each with the fate of what was told of it. */
import { raisedNotice, resolvedNotice } from '../alerts/incident.ts';
import { BUS } from '../alerts/notice.ts';
import { alertListPk, noticeKey } from '../names.ts';
import { asAlert, asNotice, type AlertRow } from '../rows.ts';
import { iso, ok, paging } from './outcome.ts';
import type { Context } from '../context.ts';
import type { AlertView, Caller, Outcome, PageOf, PageRequest } from '../operations.ts';

type Ports = Pick<Context, 'table'>;

export async function listAlerts(
  ports: Ports,
  caller: Caller,
  filter: { taskId?: string; state?: 'raised' | 'resolved' },
  page: PageRequest,
): Promise<Outcome<PageOf<AlertView>>> {
  return paging(async () => {
    const wanted = (alert: AlertRow): boolean =>
      (filter.taskId === undefined || alert.taskId === filter.taskId) &&
      (filter.state === undefined || alert.state === filter.state);
    const rows: AlertRow[] = [];
    let cursor = page.cursor;
    do {
      const limit = page.limit - rows.length;
      const found = await ports.table.list(alertListPk(caller.tenant), {
        limit,
        ...(cursor !== undefined && { cursor }),
      });
      rows.push(...found.items.map(asAlert).filter(wanted));
      cursor = found.cursor;
    } while (cursor !== undefined && rows.length < page.limit);
    const items = await Promise.all(rows.map((alert) => view(ports, alert)));
    return ok({ items, ...(cursor !== undefined && { nextCursor: cursor }) });
  });
}

async function view(ports: Ports, alert: AlertRow): Promise<AlertView> {
  const { alertId, taskId, rule, state, raisedAt, resolvedAt, runId, resolvedBy, value, limit, detail } = alert;
  const deliveries = [
    ...(await deliveriesOf(ports, alert.tenant, raisedNotice(alertId), 'raised')),
    ...(resolvedAt === undefined ? [] : await deliveriesOf(ports, alert.tenant, resolvedNotice(alertId), 'resolved')),
  ];
  return {
    id: alertId,
    taskId,
    rule,
    state,
    raisedAt: iso(raisedAt),
    ...(resolvedAt !== undefined && { resolvedAt: iso(resolvedAt) }),
    ...(runId !== undefined && { runId }),
    ...(resolvedBy !== undefined && { resolvedBy }),
    value,
    limit,
    detail,
    deliveries,
  };
}

async function deliveriesOf(
  ports: Ports,
  tenant: string,
  noticeId: string,
  event: 'raised' | 'resolved',
): Promise<AlertView['deliveries']> {
  const item = await ports.table.get(noticeKey(tenant, noticeId));
  if (item === undefined) return [];
  const { deliveries, dueAt } = asNotice(item);
  return deliveries
    .filter(({ to }) => to !== BUS)
    .map(({ to, state, attempts = 0, at, error }) => ({
      event,
      to,
      state,
      attempts,
      ...(at !== undefined && { lastAt: iso(at) }),
      ...(error !== undefined && { error }),
      ...(state === 'pending' && dueAt !== undefined && { nextAt: iso(dueAt) }),
    }));
}
