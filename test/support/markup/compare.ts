/** Both engines on the same documents and queries: what they do alike, what is left to the tree, and where they differ. */
import { domEngine } from '#extract/dom-engine.ts';
import { scanEngine } from '#extract/markup-engine.ts';
import type { MarkupBytes, MarkupQuery, MarkupResult } from '#extract/markup.ts';
import { Dice } from './dice.ts';
import { encoded, randomDocument } from './documents.ts';
import { randomQuery } from './queries.ts';

export interface Difference {
  query: MarkupQuery;
  document: MarkupBytes;
  scanned: unknown;
  tree: unknown;
}
export interface Tally {
  documents: number;
  scanned: number;
  /** Documents left to the tree, by reason. */
  unfollowed: Map<string, number>;
  /** Queries that need a tree. */
  queries: { scan: number; tree: number };
  differences: Difference[];
}

export const emptyTally = (): Tally => ({
  documents: 0,
  scanned: 0,
  unfollowed: new Map(),
  queries: { scan: 0, tree: 0 },
  differences: [],
});

const DOCUMENTS_PER_QUERY = 10;
const DIFFERENCES_MAX = 5;

/** Documents from a seed on, each by the query of its ten. */
export function compareGenerated(tally: Tally, seed: number, count: number, made = generated): void {
  const dice = new Dice(seed);
  for (let left = count; left > 0;) {
    const query = randomQuery(dice);
    const scan = scanEngine(query);
    tally.queries[scan ? 'scan' : 'tree']++;
    if (!scan) continue;
    const tree = domEngine('html', query);
    for (let i = 0; i < DOCUMENTS_PER_QUERY && left > 0; i++, left--) compare(tally, query, scan, tree, made(dice));
    if (tally.differences.length >= DIFFERENCES_MAX) return;
  }
}

export const generated = (dice: Dice): MarkupBytes => encoded(dice, randomDocument(dice));

function compare(
  tally: Tally,
  query: MarkupQuery,
  scan: (document: MarkupBytes) => MarkupResult | string,
  tree: (document: MarkupBytes) => MarkupResult,
  document: MarkupBytes,
): void {
  tally.documents++;
  const scanned = scan(document);
  if (typeof scanned === 'string') {
    tally.unfollowed.set(scanned, (tally.unfollowed.get(scanned) ?? 0) + 1);
    return;
  }
  tally.scanned++;
  const wanted = comparable(tree(document), query);
  const got = comparable(scanned, query);
  if (JSON.stringify(got) !== JSON.stringify(wanted)) {
    tally.differences.push({ query, document, scanned: got, tree: wanted });
  }
}

/** The base is left aside where nobody asks for it: an early stop may not have seen it. */
function comparable(result: MarkupResult, query: MarkupQuery): unknown {
  if (!result.ok) return result;
  const { baseHref, ...answer } = result.answer;
  return query.base ? { ...answer, baseHref } : answer;
}

/** Pages with pieces cut out, doubled and put elsewhere. */
export function mixedUp(pages: readonly string[]): (dice: Dice) => MarkupBytes {
  return (dice) => {
    let html = dice.of(pages);
    for (let slips = dice.below(4); slips > 0; slips--) {
      const from = dice.below(html.length);
      const piece = html.slice(from, from + dice.below(200));
      const to = dice.below(html.length);
      if (dice.chance(0.5)) html = html.slice(0, from) + html.slice(from + piece.length);
      if (dice.chance(0.5)) html = html.slice(0, to) + piece + html.slice(to);
    }
    return encoded(dice, html);
  };
}
