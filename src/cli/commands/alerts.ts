/** `gleaner alerts list`: what is not as it should be, or was not. */
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { pagesOf, type PagingOptions } from '../pages.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';

export interface AlertsOptions extends CommonOptions {
  task?: string;
  state?: string;
}

export async function listAlerts(around: Surroundings, options: AlertsOptions & PagingOptions): Promise<number> {
  const client = await connect(around, options);
  const { task, state } = options;
  const filter = { ...(task !== undefined && { taskId: task }), ...(state !== undefined && { state }) };
  const { items, more } = await pagesOf(options.limit, (page) => client.listAlerts({ ...filter, ...page }));
  if (options.json === true) around.terminal.out(JSON.stringify({ items }, undefined, 2));
  else {
    const rows = items.map(({ id, taskId, rule, state: now, raisedAt, resolvedAt, detail }) => [
      id,
      taskId,
      rule,
      now,
      raisedAt,
      resolvedAt ?? '',
      detail,
    ]);
    for (const line of table([['ALERT', 'TASK', 'RULE', 'STATE', 'RAISED', 'RESOLVED', 'BECAUSE'], ...rows]))
      around.terminal.out(line);
  }
  if (more) around.terminal.err('there are more: raise --limit');
  return EXIT_OK;
}
