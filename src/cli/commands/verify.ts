/** `gleaner verify DIR|RUN`. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isRunId } from '#core/names.ts';
import type { Client } from '../client.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { downloadResults } from '../download.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts';
import { codeOf, Failure } from '../failure.ts';
import { count, plural } from '../figures.ts';
import { findingLine } from '../findings.ts';
import { isKeyId } from '../manifest-file.ts';
import { MANIFEST_FILE } from '../results-files.ts';
import type { Surroundings } from '../surroundings.ts';
import { liveLine, printable } from '../terminal.ts';
import { verifyResults, type Verification } from '../verify.ts';

export type VerifyCommandOptions = CommonOptions & { key?: string };

/** Lines of problems printed; --json has more. */
const PRINTED_MAX = 50;

/** A directory is read where it is; a run's results are fetched into a temporary one first. */
export async function verify(around: Surroundings, what: string, options: VerifyCommandOptions): Promise<number> {
  const { key } = options;
  if (key !== undefined && !isKeyId(key))
    throw new Failure(`--key: expected the id of a key, 16 hexadecimal digits, got ${JSON.stringify(key)}`);
  const dir = path.resolve(around.cwd, what);
  if (await isDirectory(dir)) return report(around, await checked(around, dir, key), options);
  if (!isRunId(what)) throw new Failure(`${what}: neither a directory nor a run id`);
  const client = await connect(around, options);
  const copy = await mkdtemp(path.join(tmpdir(), 'gleaner-'));
  try {
    const { signature } = await downloadResults(around, client, what, copy);
    const found = await checked(around, copy, key);
    if (signature !== undefined && !(await isListed(client, signature)))
      addProblem(found, `is signed by the key ${signature.keyId}, which is none of the API's signing keys`);
    return report(around, found, options);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function isListed(client: Client, { keyId, publicKey }: { keyId: string; publicKey: string }): Promise<boolean> {
  const { items } = await client.signingKeys();
  return items.some((key) => key.keyId === keyId && key.publicKey === publicKey);
}

function addProblem(found: Verification, says: string): void {
  found.ok = false;
  found.problemCount++;
  found.problems.unshift({ file: MANIFEST_FILE, says });
}

async function checked({ terminal, now }: Surroundings, dir: string, keyId: string | undefined): Promise<Verification> {
  const tell = liveLine(terminal, now);
  const verification = await verifyResults(dir, {
    ...(keyId !== undefined && { keyId }),
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
  if (json !== true) {
    const sums = `${plural(found.files, 'file')}, ${plural(found.targets, 'target')}, ${plural(found.records, 'record')}`;
    const by = found.keyId === undefined ? 'not signed' : `signed by key ${found.keyId}`;
    terminal.out(`ok: run ${found.runId ?? ''} ${found.state ?? ''}, ${sums}, ${by}`);
  }
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
