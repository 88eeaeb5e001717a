/** How many targets of a run lacked what its task requires: counted in the ledger, of which only files with failures are read. */
import { fileObject, runKey } from '../names.ts';
import type { Context } from '../context.ts';
import type { LedgerLine } from '../ledger.ts';
import type { Manifest } from '../operations.ts';
import type { RunRow } from '../rows.ts';

/** Notes the count in the run's row, from where the end of the run is judged whoever does it. */
export async function countUnextracted(
  ports: Pick<Context, 'table' | 'objects'>,
  { tenant, runId }: RunRow,
  { ledger }: Manifest,
): Promise<void> {
  let unextracted = 0;
  for (const { name, counts } of ledger) {
    if ((counts?.failed ?? 0) === 0) continue;
    for await (const text of ports.objects.readLines(fileObject(tenant, runId, name)))
      if ((JSON.parse(text) as LedgerLine).reason === 'extract') unextracted++;
  }
  await ports.table.update(runKey(tenant, runId), { set: { unextracted } }, { present: 'pk' });
}
