/**
 * `extract.key`: of all records of a run with the same key the first stays (by shard, commit and line). Parts that hold
 * later ones are written again without them, under a name of their own; the parts as collected are named by no manifest.
 */
import { FingerprintSet } from './fingerprint-set.ts';
import { fileObject } from './names.ts';
import type { Json } from './json.ts';
import type { ManifestFile, RecordLine } from './operations.ts';
import type { Objects } from './ports.ts';
import type { RunRow } from './rows.ts';

export async function dropDuplicates(
  objects: Objects,
  run: RunRow,
  parts: ManifestFile[],
  key: string[],
): Promise<{ parts: ManifestFile[]; dropped: number }> {
  const seen = new FingerprintSet();
  const kept: ManifestFile[] = [];
  let dropped = 0;
  for (const part of parts) {
    const from = fileObject(run.tenant, run.runId, part.name);
    const lines: string[] = [];
    for await (const line of objects.readLines(from)) if (isFirst(line, key, seen)) lines.push(line);
    dropped += part.lines - lines.length;
    if (lines.length === part.lines) kept.push(part);
    else if (lines.length > 0) {
      // Which record is the first may change with a redrive: each era writes its own.
      const name = part.name.replace(/\.ndjson\.gz$/, `-unique${String(run.redrives ?? '')}.ndjson.gz`);
      kept.push({ name, ...(await objects.writeLines(fileObject(run.tenant, run.runId, name), lines)) });
    }
  }
  return { parts: kept, dropped };
}

/** A record whose key fields are all null has no identity and always stays. */
function isFirst(line: string, key: string[], seen: FingerprintSet): boolean {
  const { data } = JSON.parse(line) as RecordLine;
  const values: Json[] = key.map((field) => data[field] ?? null);
  return values.every((value) => value === null) || seen.add(JSON.stringify(values));
}
