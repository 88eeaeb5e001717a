/**
 * The selectors of a task as one automaton. Each compound (`div.note`) is a bit; the compounds of a chain are neighbours,
 * so what an element matched, shifted by one, is what its children or descendants may match next. An element is tested
 * only against the compounds that stand open at its place and can have its name.
 */
import { compile } from 'css-select';
import { AttributeAction, isTraversal, SelectorType, type Selector as Token } from 'css-what';
import { readSelector } from '../selector.ts';
import { CONFIG_BYTES, FIRST_FREE_TAG, KEYS, MATHML, SVG, T_IMAGE, WORDS_MAX } from './numbers.ts';
import { knownTag } from './tags.ts';

const WORD_BITS = 32;

/** The element that a start tag opens, as a slow test sees it. */
export interface Opening {
  /** In lower case. */
  name(): string;
  /** References decoded; undefined = it has none. */
  attribute(name: string): string | undefined;
}
export type SlowTest = (opening: Opening) => boolean;
/** What else an element must be. Words and values are for plain ASCII: other values go by the slow test. */
export type Test =
  | { kind: 'exists'; name: Buffer }
  | { kind: 'word' | 'equals'; name: Buffer; value: Buffer; slow: SlowTest }
  | { kind: 'slow'; slow: SlowTest };

export interface Compound {
  selector: number;
  /** Undefined = any name. */
  name: string | undefined;
  tests: Test[];
  /** How it hangs on the compound before it. */
  link: 'start' | 'descendant' | 'child';
  isSubject: boolean;
  /** Matches the scope alone: the element of a record, or the root. */
  isScope: boolean;
}

/** Why selectors cannot be followed without a tree, for people. */
export class NeedsTree extends Error {
  override readonly name = 'NeedsTree';
}

/** The chains of one selector (a list has several). Throws `NeedsTree`. */
export function compoundsOf(css: string, selector: number): Compound[][] {
  return readSelector(css).map((tokens) => chainOf(tokens, selector));
}

function chainOf(tokens: Token[], selector: number): Compound[] {
  const chain: Compound[] = [];
  let link: Compound['link'] = 'start';
  let held: Token[] = [];
  for (const token of tokens) {
    if (!isTraversal(token)) held.push(token);
    else {
      chain.push(compoundOf(held, selector, link));
      held = [];
      link = linkOf(token);
    }
  }
  const subject = { ...compoundOf(held, selector, link), isSubject: true };
  if (chain.length >= WORD_BITS) throw new NeedsTree(`a selector of more than ${String(WORD_BITS)} steps`);
  if ([...chain.slice(1), subject].some(({ isScope, link: hangs }) => isScope && hangs !== 'start')) {
    throw new NeedsTree(':scope after another element');
  }
  return [...chain, subject];
}

function linkOf({ type }: Token): Compound['link'] {
  if (type === SelectorType.Descendant) return 'descendant';
  if (type === SelectorType.Child) return 'child';
  throw new NeedsTree('a sibling combinator');
}

function compoundOf(tokens: Token[], selector: number, link: Compound['link']): Compound {
  const compound: Compound = { selector, name: undefined, tests: [], link, isSubject: false, isScope: false };
  const slow: Token[] = [];
  for (const token of tokens) {
    if (token.type === SelectorType.Tag && compound.name === undefined) compound.name = token.name.toLowerCase();
    else if (token.type === SelectorType.Pseudo && token.name === 'scope') compound.isScope = true;
    else if (token.type !== SelectorType.Universal) {
      const quick = quickTest(token);
      if (quick !== undefined) compound.tests.push(quick);
      else slow.push(follows(token));
    }
  }
  if (slow.length > 0) compound.tests.push({ kind: 'slow', slow: slowTest(slow) });
  if (/[^\0-\x7f]/.test(compound.name ?? '')) throw new NeedsTree('an element name beyond ASCII');
  return compound;
}

const LISTS = new Set(['not', 'is', 'where', 'matches']);

/** The token itself when an element's own name and attributes decide about it. */
function follows(token: Token): Token {
  if (token.type === SelectorType.Attribute || token.type === SelectorType.Tag) return token;
  if (token.type === SelectorType.Universal) return token;
  if (token.type !== SelectorType.Pseudo) throw new NeedsTree('a combinator inside of a pseudo-class');
  if (!LISTS.has(token.name) || !Array.isArray(token.data) || token.data.length === 0) {
    throw new NeedsTree(`:${token.name}`);
  }
  for (const inner of token.data) {
    if (inner.length === 0) throw new NeedsTree(`an empty :${token.name}()`);
    for (const part of inner) follows(part);
  }
  return token;
}

/** Classes, ids and the presence of an attribute: what nearly every selector asks. */
function quickTest(token: Token): Test | undefined {
  if (token.type !== SelectorType.Attribute || /[^\0-\x7f]/.test(token.name)) return undefined;
  const name = Buffer.from(token.name.toLowerCase());
  if (token.action === AttributeAction.Exists) return { kind: 'exists', name };
  if (token.ignoreCase !== 'quirks' || !/^[\w-]+$/.test(token.value)) return undefined;
  const kind = token.action === AttributeAction.Element ? 'word' : 'equals';
  return { kind, name, value: Buffer.from(token.value), slow: slowTest([token]) };
}

/** By the library that the tree engine uses, so that both mean the same by an operator. */
function slowTest(tokens: Token[]): SlowTest {
  return compile<Opening, Opening>([tokens.map((token) => ({ ...token }))], {
    cacheResults: false,
    relativeSelector: false,
    adapter: {
      isTag: (opening): opening is Opening => opening !== undefined,
      getName: (opening) => opening.name(),
      getAttributeValue: (opening, name) => opening.attribute(name),
      hasAttrib: (opening, name) => opening.attribute(name) !== undefined,
      getChildren: () => [],
      getParent: () => null,
      getSiblings: (opening) => [opening],
      getText: () => '',
      removeSubsets: (nodes) => nodes,
    },
  });
}

// ---------------------------------------------------------------- the automaton

export interface Program {
  /** 32-bit words per element. The tables below have one entry for each of them. */
  words: number;
  start: Int32Array;
  descendant: Int32Array;
  child: Int32Array;
  subject: Int32Array;
  /** Compounds with `:scope`: looked at where a record begins. */
  scope: Int32Array;
  /** `byTag[key * words + word]`: compounds that can have the name of this key. */
  byTag: Int32Array;
  /** By bit: what else the element must be; undefined = nothing. */
  tests: (Test[] | undefined)[];
  /** By bit: whose compound it is. */
  selectorOf: number[];
  /** Numbers of the names that no rule of HTML mentions. */
  names: Map<string, number>;
  /** Some test or reading depends on the attributes of `<html>` or `<body>`. */
  readsRoot: boolean;
  /** The scope has descendants to find: records inside each other would each be one. */
  scopeHasChains: boolean;
}

/** Throws `NeedsTree` when there are too many. */
export function assemble(chains: Compound[][], readsAttributes: (selector: number) => boolean): Program {
  const layout: { compound: Compound; bit: number }[] = [];
  let next = 0;
  for (const chain of chains) {
    if ((next % WORD_BITS) + chain.length > WORD_BITS) next += WORD_BITS - (next % WORD_BITS);
    for (const compound of chain) layout.push({ compound, bit: next++ });
  }
  const words = Math.max(1, Math.ceil(next / WORD_BITS));
  if (words > WORDS_MAX) throw new NeedsTree(`more than ${String(WORDS_MAX * WORD_BITS)} steps in all selectors`);
  const table = () => new Int32Array(words);
  const program: Program = {
    words,
    start: table(),
    descendant: table(),
    child: table(),
    subject: table(),
    scope: table(),
    byTag: new Int32Array(KEYS * words),
    tests: [],
    selectorOf: [],
    names: new Map(),
    readsRoot: false,
    scopeHasChains: false,
  };
  for (const { compound, bit } of layout) place(program, compound, bit, readsAttributes(compound.selector));
  if (configBytes(program) > CONFIG_BYTES / 2) throw new NeedsTree('too much to compare with');
  return program;
}

/** About what its names and tests take. */
function configBytes({ tests, names }: Program): number {
  let bytes = 0;
  for (const test of tests.flatMap((all) => all ?? []))
    bytes += 32 + ('name' in test ? test.name.length : 0) + ('value' in test ? test.value.length : 0);
  for (const name of names.keys()) bytes += name.length + 4;
  return bytes;
}

function place(program: Program, compound: Compound, bit: number, reads: boolean): void {
  const { name, tests, link, isSubject, isScope, selector } = compound;
  const word = bit >>> 5;
  const mask = 1 << (bit & 31);
  const set = (table: Int32Array) => (table[word] = table[word]! | mask);
  if (isScope) set(program.scope);
  else set(link === 'start' ? program.start : link === 'child' ? program.child : program.descendant);
  if (isSubject) set(program.subject);
  if (isScope && !isSubject) program.scopeHasChains = true;
  if (tests.length > 0) program.tests[bit] = tests;
  program.selectorOf[bit] = selector;
  for (const key of keysOf(program, name)) program.byTag[key * program.words + word]! |= mask;
  const canBeRoot = name === undefined || name === 'html' || name === 'body';
  if (canBeRoot && (tests.length > 0 || (isSubject && reads))) program.readsRoot = true;
}

function keysOf(program: Program, name: string | undefined): Iterable<number> {
  if (name === undefined) return Array.from({ length: KEYS }, (_, key) => key);
  let number = knownTag(name) ?? program.names.get(name);
  if (number === undefined) {
    number = FIRST_FREE_TAG + program.names.size;
    if (number >= SVG) throw new NeedsTree('too many different names');
    program.names.set(name, number);
  }
  // `<image>` in the body is an `img`, and is pushed as one.
  return number === T_IMAGE ? [SVG + number, MATHML + number] : [number, SVG + number, MATHML + number];
}
