/** Reading dead letters and trying again what they tell of. */
import { DEAD_LETTERS_MAX } from '../limits.ts';
import { DEAD_PREFIX, deadLetterId, isRunId, parseDeadLetterId, tenantKey } from '../names.ts';
import { asDeadLetter, type DeadLetterRow } from '../rows.ts';
import { readRun } from '../store.ts';
import { redrive, type ControlPorts } from './control.ts';
import { iso, ok, paging } from './outcome.ts';
import type { Caller, DeadLettersRedriven, DeadLetterView, Outcome, PageOf, PageRequest } from '../operations.ts';

const view = (row: DeadLetterRow): DeadLetterView => ({
  id: deadLetterId(row.sk),
  kind: row.letter,
  runId: row.runId,
  shardId: row.shardId,
  ...(row.url !== undefined && { url: row.url }),
  detail: row.detail,
  at: iso(row.at),
});

export async function listDeadLetters(
  ports: ControlPorts,
  caller: Caller,
  { runId }: { runId?: string },
  page: PageRequest,
): Promise<Outcome<PageOf<DeadLetterView>>> {
  if (runId !== undefined && !isRunId(runId)) return ok({ items: [] });
  return paging(async () => {
    const prefix = runId === undefined ? DEAD_PREFIX : `${DEAD_PREFIX}${runId}#`;
    const found = await ports.table.query({ pk: tenantKey(caller.tenant).pk, prefix, ...page });
    const items = found.items.map(asDeadLetter).map(view);
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}

/** A letter is removed only when what it tells of is under way again; a repetition finds it gone, or does it again. */
export async function redriveDeadLetters(
  ports: ControlPorts,
  caller: Caller,
  ids?: string[],
): Promise<Outcome<DeadLettersRedriven>> {
  const { rows, unknown } = await lettersOf(ports, caller, ids);
  const answer: DeadLettersRedriven = {
    redriven: [],
    refused: unknown.map((id) => ({ id, detail: 'there is no such dead letter' })),
  };
  for (const [runId, letters] of byRun(rows)) {
    const targets = letters.filter(({ letter }) => letter === 'target');
    const no = targets.length === 0 ? undefined : await redriveTargets(ports, caller, runId, targets);
    for (const row of letters) {
      const id = deadLetterId(row.sk);
      if (row.letter === 'target' && no !== undefined) {
        answer.refused.push({ id, detail: no });
        continue;
      }
      const { tenant, shardId } = row;
      if (row.letter === 'message') await ports.queue.send([{ v: 1, tenant, runId, shardId }]);
      await ports.table.delete({ pk: row.pk, sk: row.sk });
      answer.redriven.push(id);
    }
  }
  return ok(answer);
}

/** Undefined when they are under way. */
async function redriveTargets(
  ports: ControlPorts,
  caller: Caller,
  runId: string,
  letters: DeadLetterRow[],
): Promise<string | undefined> {
  const run = await readRun(ports.table, caller.tenant, runId);
  if (run === undefined) return 'its run is gone';
  const only: Record<string, number[]> = {};
  for (const { shardId, index = 0 } of letters) only[shardId] = [...(only[shardId] ?? []), index];
  const redriven = await redrive(ports, run, { only });
  return redriven.ok ? undefined : redriven.refusal.detail;
}

async function lettersOf(
  ports: ControlPorts,
  caller: Caller,
  ids: string[] | undefined,
): Promise<{ rows: DeadLetterRow[]; unknown: string[] }> {
  if (ids === undefined) {
    const { items } = await ports.table.query({
      pk: tenantKey(caller.tenant).pk,
      prefix: DEAD_PREFIX,
      limit: DEAD_LETTERS_MAX,
    });
    return { rows: items.map(asDeadLetter), unknown: [] };
  }
  const rows: DeadLetterRow[] = [];
  const unknown: string[] = [];
  for (const id of ids) {
    const key = parseDeadLetterId(caller.tenant, id);
    const item = key && (await ports.table.get(key));
    if (item) rows.push(asDeadLetter(item));
    else unknown.push(id);
  }
  return { rows, unknown };
}

function byRun(rows: DeadLetterRow[]): Map<string, DeadLetterRow[]> {
  const runs = new Map<string, DeadLetterRow[]>();
  for (const row of rows) runs.set(row.runId, [...(runs.get(row.runId) ?? []), row]);
  return runs;
}
