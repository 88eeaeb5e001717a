/** `gleaner results RUN`. */
import path from 'node:path';
import { isEnded } from '#core/run.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { downloadResults } from '../download.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { plural } from '../figures.ts';
import type { Surroundings } from '../surroundings.ts';

export async function results(
  around: Surroundings,
  runId: string,
  options: CommonOptions & { out?: string },
): Promise<number> {
  const client = await connect(around, options);
  const out = options.out ?? path.join('out', runId);
  const manifest = await downloadResults(around, client, runId, path.resolve(around.cwd, out));
  if (!isEnded(manifest.state))
    around.terminal.err(`note: the run is ${manifest.state}; this is what it has committed so far`);
  const { parts, ledger, totals } = manifest;
  if (options.json === true) around.terminal.out(JSON.stringify(manifest, undefined, 2));
  else
    around.terminal.out(
      `${plural(totals.records, 'record')} in ${plural(parts.length, 'part')} and ${plural(ledger.length, 'ledger file')} in ${out}`,
    );
  return EXIT_OK;
}
