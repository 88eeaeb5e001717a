/** Which grants were used, noted in files, so that the processes of a whole test suite can be asked together. */
import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Grant } from './iam-policy.ts';

/** Names the directory. Unset: nothing is noted. */
export const USES_VARIABLE = 'GLEANER_IAM_USES';

export const grantText = ({ holder, action, resource }: Grant): string => `${holder} ${action} ${resource}`;

/** One line for each grant at its first use, written at once: it is there also when the process is killed. */
export function noteUses(dir: string | undefined): (grant: Grant) => void {
  if (dir === undefined || dir === '') return () => undefined;
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${randomUUID()}.txt`);
  const noted = new Set<string>();
  return (grant) => {
    const text = grantText(grant);
    if (noted.has(text)) return;
    noted.add(text);
    appendFileSync(file, `${text}\n`);
  };
}

/** Of all files of the directory, as `grantText` writes them. */
export function readUses(dir: string): Set<string> {
  const files = readdirSync(dir).filter((name) => name.endsWith('.txt'));
  return new Set(files.flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n')).filter((l) => l !== ''));
}
