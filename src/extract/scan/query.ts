/** A query made ready for scanning: its selectors as one automaton, and what each of them is for. */
import type { MarkupQuery, Pick } from '../markup.ts';
import { assemble, compoundsOf, NeedsTree, type Program } from './program.ts';

export interface ByteReading {
  reading: { as: 'text' } | { as: 'html' } | { as: 'attribute'; name: string };
  all: boolean;
}

/** The selector of `each`, where there is one. */
export const EACH = 0;

export interface Query {
  program: Program;
  each: boolean;
  /** By pick. */
  readings: ByteReading[];
  /** By selector: the picks that read what it finds. */
  picksOf: number[][];
  /** The selectors of links, next page and base; -1 = not asked. */
  links: number;
  next: number;
  base: number;
  /** Some selector means the root by `:scope`. */
  usesScope: boolean;
  /** Matches after which nothing more can be wanted. */
  firstMatches: number;
  writesMarkup: boolean;
  usesBase: boolean;
}

/** More matches than any document has. */
const NEVER = 2 ** 30;

/** The query, or why only a tree can answer it. */
export function compileQuery(query: MarkupQuery): { ok: true; query: Query } | { ok: false; why: string } {
  try {
    return { ok: true, query: compiled(query) };
  } catch (error) {
    if (error instanceof NeedsTree) return { ok: false, why: error.message };
    throw error;
  }
}

function compiled({ each, picks, links, next, base }: MarkupQuery): Query {
  const selectors = new Map<string, number>();
  const numberOf = (css: string | undefined): number => {
    if (css === undefined) return -1;
    const known = selectors.get(css) ?? selectors.size;
    selectors.set(css, known);
    return known;
  };
  numberOf(each);
  const picksOf: number[][] = [];
  for (const [at, { css }] of picks.entries()) (picksOf[numberOf(css)] ??= []).push(at);
  const roles = { links: numberOf(links), next: numberOf(next), base: numberOf('base[href]') };
  for (let at = 0; at < selectors.size; at++) picksOf[at] ??= [];
  const reading = new Set([roles.links, roles.next]);
  for (const { css, reading: how } of picks) if (how.as === 'attribute') reading.add(numberOf(css));
  const chains = [...selectors].flatMap(([css, number]) => chainsOf(css, number));
  // Where records begin, links lie and the next page stands is asked of the whole document, fields of their record.
  const ofDocument = new Set([...(each === undefined ? [] : [EACH]), ...Object.values(roles)]);
  if (each !== undefined && chains.some(([first]) => first?.isScope === true && ofDocument.has(first.selector))) {
    throw new NeedsTree(':scope outside of a field');
  }
  const program = assemble(chains, (selector) => reading.has(selector));
  const everything = each !== undefined || links !== undefined || picks.some(({ all }) => all);
  return {
    program,
    each: each !== undefined,
    readings: picks.map(byteReading),
    picksOf,
    ...roles,
    usesScope: chains.some(([first]) => first?.isScope === true),
    firstMatches: everything ? NEVER : picks.length + (next === undefined ? 0 : 1),
    writesMarkup: picks.some((pick) => pick.reading.as === 'html'),
    usesBase: base,
  };
}

function chainsOf(css: string, number: number) {
  try {
    return compoundsOf(css, number);
  } catch (error) {
    if (error instanceof NeedsTree) throw new NeedsTree(`${JSON.stringify(css)} has ${error.message}`);
    throw error;
  }
}

function byteReading({ reading, all }: Pick): ByteReading {
  if (reading.as !== 'attribute') return { reading, all };
  if (/[^\0-\x7f]/.test(reading.name)) throw new NeedsTree('an attribute name beyond ASCII');
  return { reading: { as: 'attribute', name: reading.name.toLowerCase() }, all };
}
