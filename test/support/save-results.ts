import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutUrls } from '#cli/download.ts';
import type { Manifest, ResultsView } from '#core/operations.ts';

/** What `gleaner results` leaves in a directory, from an answer of the API. */
export async function saveResults(view: ResultsView, dir: string): Promise<Manifest> {
  mkdirSync(dir, { recursive: true });
  for (const { name, url } of [...view.parts, ...view.ledger])
    writeFileSync(join(dir, name), await (await fetch(url)).bytes());
  const manifest = withoutUrls(view);
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest));
  return manifest;
}
