/** RFC 9535: a path's tree to closures, which find values and count what that takes. */
import type { Json } from '#core/json.ts';
import { BoundPassed } from '../bound-passed.ts';
import { compileIRegexp } from '../regex/i-regexp.ts';
import type { Regex } from '../regex/regex.ts';
import {
  EACH,
  singularSteps,
  type Comparison,
  type Operand,
  type PatternCall,
  type Query,
  type Segment,
  type Slice,
  type Test,
  type ValueCall,
} from './parse.ts';

/**
 * Of all paths in a document, as values looked at: a path of a thousand characters can look at each value more often than there are
 * atoms (`$..*..*..*`). At some 20 ns each.
 */
const WORK_MAX = 100_000_000;
/** That a path has in hand at once: 8 bytes each. */
const VALUES_MAX = 10_000_000;
/** Of a pattern that stands in the document. */
const PATTERN_CHARS_MAX = 1_000;
const PATTERNS_KEPT = 16;

/** What paths may still do in a document, and the patterns that it brought along. */
export interface Effort {
  left: number;
  readonly patterns: Map<string, Regex | undefined>;
}
export const newEffort = (): Effort => ({ left: WORK_MAX, patterns: new Map() });

interface Run {
  readonly root: Json;
  readonly effort: Effort;
  /** What absolute queries in filters found: it is the same for every value that is tested. */
  readonly found: Map<Query, Json[]>;
}
/** Undefined: Nothing. */
type Value = (current: Json, run: Run) => Json | undefined;
type Nodes = (current: Json, run: Run) => Json[];
type Holds = (current: Json, run: Run) => boolean;
type Select = (value: Json, found: Json[], run: Run) => void;

function spend({ effort }: Run, units: number): void {
  if ((effort.left -= units) < 0)
    throw new BoundPassed(`the paths look at more than ${String(WORK_MAX)} values of the document`);
}

/** Throws `BoundPassed` when a document asks for too much. */
export function compileQuery(query: Query): (root: Json, effort: Effort) => Json[] {
  const nodes = nodesOf(query);
  return (root, effort) => nodes(root, { root, effort, found: new Map() });
}

function nodesOf({ segments }: Query): Nodes {
  const compiled = segments.map(segmentOf);
  return (current, run) => compiled.reduce((values, segment) => segment(values, run), [current]);
}

function segmentOf({ isDeep, selectors }: Segment): (values: Json[], run: Run) => Json[] {
  const selects = selectors.map(selectOf);
  return (values, run) => {
    const found: Json[] = [];
    for (const value of values) {
      for (const one of isDeep ? withDescendants(value, run) : [value]) {
        for (const select of selects) {
          select(one, found, run);
          if (found.length > VALUES_MAX) throw new BoundPassed(`a path finds more than ${String(VALUES_MAX)} values`);
        }
      }
    }
    return found;
  };
}

/** Those that have children, level by level. */
function withDescendants(value: Json, run: Run): Json[] {
  const found = [value];
  for (const one of found) {
    for (const child of childrenOf(one, run)) if (child !== null && typeof child === 'object') found.push(child);
  }
  return found;
}

function childrenOf(value: Json, run: Run): Json[] {
  const children =
    value === null || typeof value !== 'object' ? [] : Array.isArray(value) ? value : Object.values(value);
  spend(run, children.length);
  return children;
}

function selectOf(selector: Segment['selectors'][number]): Select {
  if (selector === EACH) {
    return (value, found, run) => {
      for (const child of childrenOf(value, run)) found.push(child);
    };
  }
  if (typeof selector !== 'object') {
    return (value, found, run) => {
      spend(run, 1);
      const child = stepInto(value, selector);
      if (child !== undefined) found.push(child);
    };
  }
  if (selector.is === ':') return sliceOf(selector);
  const holds = holdsOf(selector);
  return (value, found, run) => {
    for (const child of childrenOf(value, run)) if (holds(child, run)) found.push(child);
  };
}

function sliceOf({ start, end, step = 1 }: Slice): Select {
  return (value, found, run) => {
    spend(run, 1);
    if (!Array.isArray(value) || step === 0) return;
    const { length } = value;
    const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
    const place = (given: number | undefined, absent: number): number =>
      given === undefined ? absent : Math.min(Math.max(given < 0 ? length + given : given, least), most);
    const first = place(start, step > 0 ? least : most);
    const behind = place(end, step > 0 ? most : least);
    for (let at = first; step > 0 ? at < behind : at > behind; at += step) {
      spend(run, 1);
      found.push(value[at] as Json);
    }
  };
}

export function stepInto(value: Json, step: string | number): Json | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return typeof step === 'number' ? value.at(step) : undefined;
  return typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
}

function holdsOf(test: Test): Holds {
  switch (test.is) {
    case '||': {
      const tests = test.tests.map(holdsOf);
      return (current, run) => tests.some((holds) => holds(current, run));
    }
    case '&&': {
      const tests = test.tests.map(holdsOf);
      return (current, run) => tests.every((holds) => holds(current, run));
    }
    case '!': {
      const holds = holdsOf(test.test);
      return (current, run) => !holds(current, run);
    }
    case 'query':
      return existsOf(test);
    case 'call':
      return patternOf(test);
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparisonOf(test.is, valueOf(test.left), valueOf(test.right));
  }
}

function existsOf(query: Query): Holds {
  if (singularSteps(query) !== undefined) {
    const value = valueOf(query);
    return (current, run) => value(current, run) !== undefined;
  }
  const nodes = inner(query);
  return (current, run) => nodes(current, run).length > 0;
}

/** A query within a filter. */
function inner(query: Query): Nodes {
  const nodes = nodesOf(query);
  if (!query.isAbsolute) return nodes;
  return (_, run) => {
    const known = run.found.get(query) ?? nodes(run.root, run);
    run.found.set(query, known);
    return known;
  };
}

function comparisonOf(is: Comparison, left: Value, right: Value): Holds {
  switch (is) {
    case '==':
      return (current, run) => isEqual(left(current, run), right(current, run), run);
    case '!=':
      return (current, run) => !isEqual(left(current, run), right(current, run), run);
    case '>':
    case '>=':
      return comparisonOf(is === '>' ? '<' : '<=', right, left);
    case '<':
    case '<=':
      return (current, run) => {
        const [a, b] = [left(current, run), right(current, run)];
        return isLess(a, b, run) || (is === '<=' && isEqual(a, b, run));
      };
  }
}

function isEqual(a: Json | undefined, b: Json | undefined, run: Run): boolean {
  spend(run, 1);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') {
    if (typeof a === 'string') spend(run, a.length >> 8);
    return a === b;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, at) => isEqual(one, b[at], run))
    );
  }
  const names = Object.keys(a);
  spend(run, names.length);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name], run))
  );
}

function isLess(a: Json | undefined, b: Json | undefined, run: Run): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  const least = Math.min(a.length, b.length);
  let at = 0;
  while (at < least && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  spend(run, at >> 4);
  return at === least ? a.length < b.length : scalarOrder(a.charCodeAt(at)) < scalarOrder(b.charCodeAt(at));
}

/** UTF-16 as it sorts by code points: halves of pairs are behind all others. */
const scalarOrder = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit);

function valueOf(operand: Operand): Value {
  if (operand.is === 'literal') return () => operand.value;
  if (operand.is === 'call') return functionOf(operand);
  const { isAbsolute } = operand;
  const steps = singularSteps(operand) ?? [];
  return (current, run) => {
    spend(run, 1);
    let value: Json | undefined = isAbsolute ? run.root : current;
    for (const step of steps) {
      value = stepInto(value, step);
      if (value === undefined) return undefined;
    }
    return value;
  };
}

function functionOf(call: ValueCall): Value {
  if (call.name === 'length') {
    const value = valueOf(call.args[0]);
    return (current, run) => lengthOf(value(current, run), run);
  }
  const nodes = inner(call.args[0]);
  if (call.name === 'count') return (current, run) => nodes(current, run).length;
  return (current, run) => {
    const [only, second] = nodes(current, run);
    return second === undefined ? only : undefined;
  };
}

const PAIRS = /[\u{10000}-\u{10ffff}]/gu;

function lengthOf(value: Json | undefined, run: Run): number | undefined {
  if (value === null || typeof value !== 'object') {
    if (typeof value !== 'string') return undefined;
    spend(run, value.length >> 4);
    return value.length - (value.match(PAIRS)?.length ?? 0);
  }
  const { length } = Array.isArray(value) ? value : Object.keys(value);
  spend(run, Array.isArray(value) ? 1 : length);
  return length;
}

function patternOf({ name, args: [subject, pattern] }: PatternCall): Holds {
  const text = valueOf(subject);
  const source = valueOf(pattern);
  const regexOf = pattern.is === 'literal' ? always(pattern.value) : keptRegex;
  return (current, run) => {
    const [value, written] = [text(current, run), source(current, run)];
    if (typeof value !== 'string' || typeof written !== 'string') return false;
    const regex = regexOf(written, run);
    if (regex === undefined) return false;
    spend(run, (value.length * regex.size) / 16);
    return name === 'match' ? regex.whole(value) : regex.test(value);
  };
}

function always(pattern: Json): () => Regex | undefined {
  const regex = typeof pattern === 'string' ? compileIRegexp(pattern) : undefined;
  return () => regex;
}

/** Of a pattern that the document has: compiling takes about a microsecond for each character. */
function keptRegex(pattern: string, run: Run): Regex | undefined {
  const { patterns } = run.effort;
  if (patterns.has(pattern)) return patterns.get(pattern);
  if (pattern.length > PATTERN_CHARS_MAX)
    throw new BoundPassed(`a pattern in the document has more than ${String(PATTERN_CHARS_MAX)} characters`);
  spend(run, 50 * pattern.length);
  const regex = compileIRegexp(pattern);
  if (patterns.size >= PATTERNS_KEPT) patterns.clear();
  patterns.set(pattern, regex);
  return regex;
}
