/** RFC 9535: the text of a path to a tree, by its grammar and by its rules of types (§2.4.3). */

/** Every child. */
export const EACH = Symbol('each');
export type Step = string | number | typeof EACH;

export interface Query {
  readonly is: 'query';
  /** `$`, not `@`. */
  readonly isAbsolute: boolean;
  readonly segments: readonly Segment[];
  /** Where it stops being what may be compared, by the grammar; undefined = it may. */
  readonly looseAt: number | undefined;
}
export interface Segment {
  readonly isDeep: boolean;
  readonly selectors: readonly Selector[];
}
/** What is neither a step nor a slice is a filter. */
export type Selector = Step | Slice | Test;
/** Undefined = absent. */
export interface Slice {
  readonly is: ':';
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly step: number | undefined;
}

export type Test =
  | { readonly is: '||' | '&&'; readonly tests: readonly Test[] }
  | { readonly is: '!'; readonly test: Test }
  | { readonly is: Comparison; readonly left: Operand; readonly right: Operand }
  | Query
  | PatternCall;
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** What has a value: of queries only those for one value. */
export type Operand = Literal | Query | ValueCall;
export interface Literal {
  readonly is: 'literal';
  readonly value: string | number | boolean | null;
}
export type ValueCall =
  | { readonly is: 'call'; readonly name: 'length'; readonly args: readonly [Operand] }
  | { readonly is: 'call'; readonly name: 'count' | 'value'; readonly args: readonly [Query] };
export interface PatternCall {
  readonly is: 'call';
  readonly name: 'match' | 'search';
  readonly args: readonly [text: Operand, pattern: Operand];
}
/** Before its types are checked. Undefined: a test, which the grammar lets stand there and no function takes. */
interface Call {
  readonly is: 'call';
  readonly name: string;
  readonly args: readonly (Term | undefined)[];
}
type Term = Literal | Query | Call;

/** The query as steps when it has names, indices and wildcards alone. */
export function plainSteps({ segments }: Query): Step[] | undefined {
  const steps: Step[] = [];
  for (const { isDeep, selectors } of segments) {
    const [only, second] = selectors;
    if (isDeep || second !== undefined || only === undefined || typeof only === 'object') return undefined;
    steps.push(only);
  }
  return steps;
}

/** Where it finds one value at most. */
export function singularSteps(query: Query): (string | number)[] | undefined {
  const steps = plainSteps(query);
  return steps?.includes(EACH) === false ? (steps as (string | number)[]) : undefined;
}

type Kind = 'value' | 'nodes' | 'logical';
const FUNCTIONS = new Map<string, { takes: Kind[]; gives: Kind }>([
  ['length', { takes: ['value'], gives: 'value' }],
  ['count', { takes: ['nodes'], gives: 'value' }],
  ['value', { takes: ['nodes'], gives: 'value' }],
  ['match', { takes: ['value', 'value'], gives: 'logical' }],
  ['search', { takes: ['value', 'value'], gives: 'logical' }],
]);

/** More than the longest path of a task has room for. */
const DEPTH_MAX = 500;

const SPACE = /[ \t\n\r]*/y;
const DIGITS = /\d+/y;
const INTEGER = /0|-?[1-9]\d*/y;
const EXPONENT = /[eE][-+]?/y;
const MEMBER = /(?!\d)[\w\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]+/uy;
const WORD = /[a-z][a-z\d_]*/y;
const OPERATOR = /[=!]=|[<>]=?/y;
const PLAIN = /[^\0-\x1f"'\\\ud800-\udfff]+/uy;
const QUOTE = /["']/y;
/** As JSON has them too; one half of a pair needs the other. */
const ESCAPE =
  /[bfnrt/\\]|u(?:(?:[\dA-CEFa-cef][\dA-Fa-f]|[Dd][0-7])[\dA-Fa-f]{2}|[Dd][89ABab][\dA-Fa-f]{2}\\u[Dd][C-Fc-f][\dA-Fa-f]{2})/y;

/** @throws SyntaxError with a message for people: where the grammar ends, or what is wrong with the types. */
export function parsePath(text: string): Query {
  let at = 0;
  let depth = 0;
  /** The first fault that the grammar does not show; told when it shows none. */
  let fault: string | undefined;

  function fail(from = at): never {
    const found = text.codePointAt(from);
    throw new SyntaxError(
      found === undefined
        ? 'it ends too early'
        : `unexpected ${JSON.stringify(String.fromCodePoint(found))} at character ${String(from + 1)}`,
    );
  }
  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }
  function eat(token: string): boolean {
    const is = text.startsWith(token, at);
    if (is) at += token.length;
    return is;
  }
  function expect(token: string): void {
    if (!eat(token)) fail();
  }
  function space(): void {
    take(SPACE);
  }
  /** Does the next character stand among these? */
  function isAny(chars: string): boolean {
    return at < text.length && chars.includes(text.charAt(at));
  }
  function nested<T>(part: () => T): T {
    if (++depth > DEPTH_MAX) throw new SyntaxError(`it is nested deeper than ${String(DEPTH_MAX)}`);
    const read = part();
    depth--;
    return read;
  }

  /** Space behind it is left where it is: at the end of a path there must be none. */
  function query(): Query {
    const isAbsolute = text.charAt(at++) === '$';
    const segments: Segment[] = [];
    let looseAt: number | undefined;
    for (;;) {
      const end = at;
      space();
      const from = at + 1;
      const isDeep = eat('..');
      let selectors: Selector[];
      if (eat('[')) selectors = bracketed();
      else if (isDeep || eat('.')) selectors = [eat('*') ? EACH : (take(MEMBER) ?? fail())];
      else {
        at = end;
        return { is: 'query', isAbsolute, segments, looseAt };
      }
      segments.push({ isDeep, selectors });
      if (isDeep || !isTight(selectors, from)) looseAt ??= from;
    }
  }
  /** One name or index, and no space within the brackets. @param from behind the dot or bracket. */
  function isTight([only, second]: Selector[], from: number): boolean {
    const isStep = typeof only === 'string' || typeof only === 'number';
    const inside = text.slice(from, at - 1);
    return isStep && second === undefined && inside === inside.trim();
  }
  function bracketed(): Selector[] {
    const selectors: Selector[] = [];
    do {
      space();
      selectors.push(selector());
      space();
    } while (eat(','));
    expect(']');
    return selectors;
  }
  function selector(): Selector {
    if (isAny('"\'')) return quoted();
    if (eat('*')) return EACH;
    if (eat('?')) {
      space();
      return test();
    }
    const start = isAny(':') ? undefined : integer();
    space();
    if (start !== undefined && !isAny(':')) return start;
    const [end, step] = [bound(), bound()];
    return { is: ':', start, end, step };
  }
  /** What follows a colon in a slice; undefined without it. */
  function bound(): number | undefined {
    space();
    if (!eat(':')) return undefined;
    space();
    return isAny('-0123456789') ? integer() : undefined;
  }
  function integer(): number {
    const found = take(INTEGER);
    if (found === undefined) {
      eat('-');
      fail();
    }
    const value = Number(found);
    if (!Number.isSafeInteger(value)) fault ??= `${String(value)} is outside ±(2^53−1)`;
    return value;
  }
  function quoted(): string {
    const quote = text.charAt(at++);
    let value = '';
    while (!eat(quote)) {
      if (!eat('\\')) value += take(PLAIN) ?? take(QUOTE) ?? fail();
      else if (eat(quote)) value += quote;
      else value += JSON.parse(`"\\${take(ESCAPE) ?? fail()}"`) as string;
    }
    return value;
  }

  function test(): Test {
    return nested(() => joined('||', () => joined('&&', basic)));
  }
  function joined(is: '||' | '&&', one: () => Test): Test {
    const first = one();
    const tests = [first];
    for (space(); eat(is); space()) {
      space();
      tests.push(one());
    }
    return tests.length === 1 ? first : { is, tests };
  }
  function basic(): Test {
    if (eat('!')) {
      space();
      return { is: '!', test: isAny('(') ? basic() : exists(term()) };
    }
    if (eat('(')) {
      space();
      const inner = test();
      space();
      expect(')');
      return inner;
    }
    const left = term();
    space();
    const from = at;
    const is = take(OPERATOR) as Comparison | undefined;
    if (is === undefined) return exists(left);
    if (left.is === 'query' && left.looseAt !== undefined) fail(from);
    space();
    const right = term();
    if (right.is === 'query' && right.looseAt !== undefined) fail(right.looseAt);
    return { is, left: compared(left), right: compared(right) };
  }
  function compared(term: Term): Operand {
    return typed(term, 'logical', 'cannot be compared') as Operand;
  }
  function exists(term: Term): Test {
    if (term.is === 'literal') fail();
    return typed(term, 'value', 'has to be compared with something') as Test;
  }
  function typed(term: Term, refused: Kind, why: string): Term {
    if (term.is === 'call' && gives(term) === refused) fault ??= `${term.name}() ${why}`;
    return term;
  }
  function term(): Term {
    if (isAny('$@')) return query();
    if (isAny('"\'')) return { is: 'literal', value: quoted() };
    if (isAny('-0123456789')) return { is: 'literal', value: number() };
    const word = take(WORD) ?? fail();
    if (eat('(')) return nested(() => call(word));
    if (!/^(?:true|false|null)$/.test(word)) fail();
    return { is: 'literal', value: JSON.parse(word) as boolean | null };
  }
  function number(): number {
    const from = at;
    eat('-');
    if (!eat('0')) digits();
    if (eat('.')) digits();
    if (take(EXPONENT) !== undefined) digits();
    return Number(text.slice(from, at));
  }
  function digits(): void {
    if (take(DIGITS) === undefined) fail();
  }
  function call(name: string): Call {
    const args: (Term | undefined)[] = [];
    space();
    if (!eat(')')) {
      do {
        space();
        args.push(isAny('!(') ? void test() : term());
        space();
      } while (eat(','));
      expect(')');
    }
    fault ??= argumentFault(name, args);
    return { is: 'call', name, args };
  }

  if (!text.startsWith('$')) throw new SyntaxError('a path starts with $');
  const path = query();
  if (at < text.length) {
    space();
    fail();
  }
  if (fault !== undefined) throw new SyntaxError(fault);
  return path;
}

const gives = ({ name }: Call): Kind | undefined => FUNCTIONS.get(name)?.gives;

function argumentFault(name: string, args: (Term | undefined)[]): string | undefined {
  const takes = FUNCTIONS.get(name)?.takes;
  if (takes === undefined) return `there is no function ${name}()`;
  if (args.length !== takes.length)
    return `${name}() takes ${String(takes.length)} argument(s), not ${String(args.length)}`;
  const wrong = args.findIndex((arg, i) => !fits(takes[i], arg));
  if (wrong === -1) return undefined;
  const wanted = takes[wrong] === 'nodes' ? 'a query' : 'a literal, a query for a single value or a function';
  return `argument ${String(wrong + 1)} of ${name}() has to be ${wanted}`;
}

function fits(kind: Kind | undefined, arg: Term | undefined): boolean {
  if (arg === undefined) return false;
  if (kind === 'nodes') return arg.is === 'query';
  if (arg.is === 'query') return singularSteps(arg) !== undefined;
  return arg.is === 'literal' || gives(arg) === 'value';
}
