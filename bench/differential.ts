/**
 * The scanner against the tree on many documents: `node bench/differential.ts --documents 100000 --seed 1`. Generated ones,
 * and one in five a page of Debian's manuals with pieces moved (where they are installed). Exits 1 on any difference.
 */
import { globSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compareGenerated, emptyTally, generated, mixedUp } from '../test/support/markup/compare.ts';

const { values } = parseArgs({
  options: { documents: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const documents = Number(values.documents);
const seed = Number(values.seed);
/** Larger pages would spend the time on the tree. */
const PAGE_BYTES_MAX = 20_000;
const MANUALS = ['/usr/share/doc/python3-doc/html', '/usr/share/doc/postgresql-doc-15/html', '/usr/share/doc/sqlite3'];
const pages = MANUALS.flatMap((dir) => globSync(`${dir}/**/*.html`))
  .map((file) => readFileSync(file, 'utf8'))
  .filter((page) => page.length < PAGE_BYTES_MAX);
const ofPages = mixedUp(pages);

const tally = emptyTally();
await compareGenerated(tally, seed, documents, (dice) =>
  pages.length > 0 && dice.chance(0.2) ? ofPages(dice) : generated(dice),
);
for (const { query, document, scanned, tree } of tally.differences) {
  console.log(JSON.stringify(query));
  console.log(`${document.encoding}: ${JSON.stringify(Buffer.from(document.body).toString())}`);
  console.log(`scanned ${JSON.stringify(scanned)}\ntree    ${JSON.stringify(tree)}\n`);
}
const left = [...tally.unfollowed].sort(([, a], [, b]) => b - a);
for (const [why, count] of left) console.log(`${String(count).padStart(7)} left to the tree: ${why}`);
console.log(
  `${String(tally.documents)} documents (${String(pages.length)} real pages to draw from), ${String(tally.queries.scan)} queries: ` +
    `${String(tally.scanned)} scanned, ${String(tally.documents - tally.scanned)} left to the tree, ${String(tally.differences.length)} differences`,
);
process.exitCode = tally.differences.length > 0 || tally.documents < documents ? 1 : 0;
