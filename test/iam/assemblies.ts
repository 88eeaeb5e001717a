/** The local stage as an assembly, whole or with one grant taken out of its template. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAssembly } from '#local/assembly.ts';
import { withoutGrant } from '#local/iam-grants.ts';
import type { Grant } from '#local/iam-policy.ts';
import { synthesise } from '#local/synth.ts';
import { LOCAL_SENDER } from '#local/embedded.ts';
import { LIST_BUCKET } from './rig.ts';

export const localAssembly = (outDir: string): Promise<string> =>
  synthesise({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    outDir,
    log: () => undefined,
    inputs: { listBuckets: LIST_BUCKET, mailFrom: LOCAL_SENDER },
  });

/** @param outDir must not exist yet. @returns it. */
export function assemblyWithout(assembly: string, grant: Grant, outDir: string): string {
  mkdirSync(outDir, { recursive: true });
  for (const name of readdirSync(assembly)) {
    if (name.endsWith('.template.json'))
      writeFileSync(join(outDir, name), JSON.stringify(withoutGrant(readAssembly(assembly), grant)));
    else symlinkSync(join(assembly, name), join(outDir, name));
  }
  return outDir;
}
