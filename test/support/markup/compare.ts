/** Both engines on the same documents and queries: what they do alike, what is left to the tree, and where they differ. */
import type { FieldSpec } from '#core/task.ts';
import type { MarkupBytes, MarkupQuery, Pick } from '#extract/markup.ts';
import { Dice } from './dice.ts';
import { encoded, randomDocument } from './documents.ts';
import { randomQuery } from './queries.ts';
import { bothOf, type Both, type Said } from './scanned.ts';

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
export async function compareGenerated(tally: Tally, seed: number, count: number, made = generated): Promise<void> {
  const dice = new Dice(seed);
  for (let left = count; left > 0;) {
    const query = randomQuery(dice);
    const both = await bothOf(query, (pick) => randomOptions(dice, pick));
    tally.queries[both.scan ? 'scan' : 'tree']++;
    if (!both.scan) continue;
    for (let i = 0; i < DOCUMENTS_PER_QUERY && left > 0; i++, left--) compare(tally, query, both, made(dice));
    if (tally.differences.length >= DIFFERENCES_MAX) return;
  }
}

export const generated = (dice: Dice): MarkupBytes => encoded(dice, randomDocument(dice));

/** What a task may say about a field beside what it reads. */
function randomOptions(dice: Dice, { reading }: Pick): FieldSpec {
  const as =
    reading.as === 'html' ? undefined : dice.chance(0.5) ? undefined : dice.of(['text', 'url', 'integer'] as const);
  return {
    ...(reading.as === 'attribute' && dice.chance(0.4) ? { as: 'url' } : as !== undefined && { as }),
    ...(dice.chance(0.1) && { match: dice.of(['[a-z]+', '(.)$', 'x']) }),
    ...(dice.chance(0.15) && { default: dice.of([null, 'none', ['é', null], 0]) }),
    ...(dice.chance(0.03) && { required: true }),
  };
}

function compare(tally: Tally, query: MarkupQuery, { scan, tree }: Both, document: MarkupBytes): void {
  tally.documents++;
  const scanned = scan?.(document) ?? 'a tree';
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
function comparable(said: Said, query: MarkupQuery): unknown {
  if (!said.ok) return said;
  const { base, ...rest } = said;
  return query.base ? { ...rest, base } : rest;
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
