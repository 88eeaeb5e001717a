/** `gleaner results RUN` and `gleaner verify DIR|RUN`. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isRunId } from '#core/names.ts';
import { isEnded } from '#core/run.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { downloadResults } from '../download.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts';
import { codeOf, Failure } from '../failure.ts';
import { count, plural } from '../figures.ts';
import { findingLine } from '../findings.ts';
import type { Surroundings } from '../surroundings.ts';
import { liveLine, printable } from '../terminal.ts';
import { verifyResults, type Verification } from '../verify.ts';

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

/** Lines of problems printed; --json has more. */
const PRINTED_MAX = 50;

/** A directory is read where it is; a run's results are fetched into a temporary one first. */
export async function verify(around: Surroundings, what: string, options: CommonOptions): Promise<number> {
  const dir = path.resolve(around.cwd, what);
  if (await isDirectory(dir)) return report(around, await checked(around, dir), options);
  if (!isRunId(what)) throw new Failure(`${what}: neither a directory nor a run id`);
  const client = await connect(around, options);
  const copy = await mkdtemp(path.join(tmpdir(), 'gleaner-'));
  try {
    await downloadResults(around, client, what, copy);
    return report(around, await checked(around, copy), options);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function checked({ terminal, now }: Surroundings, dir: string): Promise<Verification> {
  const tell = liveLine(terminal, now);
  const verification = await verifyResults(dir, {
    onFile: (done, of) => {
      tell(`verifying ${count(done)}/${count(of)} files`);
    },
  });
  terminal.clear();
  return verification;
}

function report({ terminal }: Surroundings, found: Verification, { json }: CommonOptions): number {
  if (json === true) terminal.out(JSON.stringify(found, undefined, 2));
  for (const note of found.notes) terminal.err(`note: ${printable(note)}`);
  if (json !== true)
    for (const problem of found.problems.slice(0, PRINTED_MAX)) terminal.out(printable(findingLine(problem)));
  const more = found.problemCount - Math.min(found.problems.length, PRINTED_MAX);
  if (more > 0 && json !== true) terminal.err(`and ${plural(more, 'more problem')}`);
  if (!found.ok) {
    terminal.err(plural(found.problemCount, 'problem'));
    return EXIT_FAILED;
  }
  if (json !== true)
    terminal.out(
      `ok: run ${found.runId ?? ''} ${found.state ?? ''}, ${plural(found.files, 'file')}, ${plural(found.targets, 'target')}, ${plural(found.records, 'record')}`,
    );
  return EXIT_OK;
}

async function isDirectory(dir: string): Promise<boolean> {
  try {
    return (await stat(dir)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
