/** RE2's syntax, as Go and RE2 read it in Perl's manner, to code. */
import { addGroup, addRange, emptySet, PERL, POSIX, propertyOf, type CharSet } from './char-set.ts';
import {
  alternation,
  ANY,
  ASSERT,
  CHAR,
  GROUP,
  instruction,
  joined,
  lengthOf,
  LINE_BEGINS,
  LINE_ENDS,
  NO_WORD_EDGE,
  NOT_LF,
  repetition,
  SET,
  TEXT_BEGINS,
  TEXT_ENDS,
  WORD_EDGE,
  type Code,
} from './code.ts';
import { faultOf, RegexFault } from './fault.ts';

/**
 * A step through the text may visit every instruction, some nanoseconds each, so these bound what a character costs. One
 * repetition can be a thousand times as large as what it repeats; a list of a thousand words has about ten thousand.
 */
const MAX_INSTRUCTIONS = 20_000;
/** Of RE2, also for repetitions in repetitions. */
const MAX_REPEATS = 1_000;
/** Groups in groups, as in Go. */
const MAX_DEPTH = 1_000;

export interface Parsed {
  readonly code: Code;
  readonly groups: number;
  /** That SET counts. */
  readonly sets: readonly CharSet[];
}

/** What a repetition can be put to. */
interface Piece {
  readonly code: Code;
  /** How many times over the repetitions in it say the same, at most. */
  readonly repeats: number;
  /** It can match nothing. */
  readonly empties: boolean;
}

/** An open group, or the whole pattern. */
interface Open {
  /** Flags where it began, which hold again after it. */
  readonly flags: number;
  /** Of the groups that capture; 0 for others. */
  readonly group: number;
  readonly branches: Code[];
  /** Pieces of the branch that is being read, but for the last. */
  codes: Code[];
  last: Piece | undefined;
  repeats: number;
  /** Instructions up to the last piece. */
  size: number;
  /** The branch up to the last piece can match nothing. */
  empties: boolean;
  /** Another branch can. */
  branchEmpties: boolean;
}

const FOLD = 1;
const MULTI_LINE = 2;
const DOT_LF = 4;
const SWAP_LAZY = 8;
const FLAGS: Readonly<Record<string, number>> = { i: FOLD, m: MULTI_LINE, s: DOT_LF, U: SWAP_LAZY };
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const COUNTS = /\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}/y;

/** @throws RegexFault */
export function parse(source: string): Parsed {
  const sets: CharSet[] = [];
  const setNumbers = new Map<string, number>();
  const names = new Set<string>();
  const outer: Open[] = [];
  let groups = 0;
  let flags = 0;
  let open = opened(0);
  let at = 0;

  function opened(group: number): Open {
    return {
      flags,
      group,
      branches: [],
      codes: [],
      last: undefined,
      repeats: 1,
      size: 0,
      empties: true,
      branchEmpties: false,
    };
  }

  const fault = (what: string, from: number, to = at): RegexFault => faultOf(what, source.slice(from, to));

  function put(piece: Piece): void {
    flush();
    open.last = piece;
  }
  const one = (op: number, arg = 0): void => put({ code: instruction(op, arg), repeats: 1, empties: op === ASSERT });

  function flush(): void {
    if (open.last === undefined) return;
    open.codes.push(open.last.code);
    open.size += lengthOf(open.last.code);
    open.repeats = Math.max(open.repeats, open.last.repeats);
    open.empties &&= open.last.empties;
    open.last = undefined;
    limit(open.size);
  }

  function limit(instructions: number): void {
    if (instructions > MAX_INSTRUCTIONS)
      throw new RegexFault(`the pattern is too large: more than ${String(MAX_INSTRUCTIONS)} steps`);
  }

  function putSet(set: CharSet): void {
    const key = JSON.stringify(set);
    const known = setNumbers.get(key) ?? sets.push(set) - 1;
    setNumbers.set(key, known);
    one(SET, known);
  }

  function literal(char: number): void {
    const text = String.fromCodePoint(char);
    if ((flags & FOLD) === 0 || (text.toLowerCase() === text && text.toUpperCase() === text)) return one(CHAR, char);
    const set = emptySet(true);
    addRange(set, char, char);
    putSet(set);
  }

  /** Undefined at the end. */
  function next(): number | undefined {
    const char = source.codePointAt(at);
    if (char !== undefined) at += char > 0xffff ? 2 : 1;
    return char;
  }

  function endBranch(): void {
    flush();
    open.branches.push(joined(open.codes));
    open.codes = [];
    open.branchEmpties ||= open.empties;
    open.empties = true;
    limit((open.size += 2));
  }

  function close(): Piece {
    endBranch();
    const { group, branches, repeats } = open;
    const code = alternation(branches);
    const marked = [instruction(GROUP, 2 * group), code, instruction(GROUP, 2 * group + 1)];
    return { code: group === 0 ? code : joined(marked), repeats, empties: open.branchEmpties };
  }

  function begin(group: number): void {
    if (outer.push(open) > MAX_DEPTH) throw new RegexFault('expression nests too deeply');
    open = opened(group);
  }

  function end(): void {
    const before = outer.pop();
    if (before === undefined) throw fault('unexpected )', 0, source.length);
    const piece = close();
    ({ flags } = open);
    open = before;
    put(piece);
  }

  /** At what follows a bracket with a question mark. */
  function perlGroup(from: number): void {
    const named = /^P?</.exec(source.slice(at, at + 2));
    if (named !== null) return namedGroup(from, at + named[0].length);
    let set = flags;
    let clears = false;
    let saw = true;
    for (;;) {
      const char = String.fromCodePoint(next() ?? 0);
      const flag = FLAGS[char];
      if (flag !== undefined) {
        set = clears ? set & ~flag : set | flag;
        saw = true;
      } else if (char === '-' && !clears) {
        clears = true;
        saw = false;
      } else if ((char === ':' || char === ')') && saw) {
        if (char === ':') begin(0);
        flags = set;
        return;
      } else throw fault('invalid or unsupported Perl syntax', from);
    }
  }

  function namedGroup(from: number, nameAt: number): void {
    const close = source.indexOf('>', nameAt);
    at = close < 0 ? source.length : close + 1;
    const name = source.slice(nameAt, close);
    if (close < 0 || !/^\w+$/.test(name)) throw fault('invalid named capture', from);
    if (names.has(name)) throw faultOf('duplicate capture group name', name);
    names.add(name);
    begin(++groups);
  }

  /** @param from where the operator begins, @param before where the one begins that stands right before it. */
  function repeat(from: number, before: number | undefined, least: number, most: number): void {
    let lazy = (flags & SWAP_LAZY) !== 0;
    if (source[at] === '?') {
      at++;
      lazy = !lazy;
    }
    if (before !== undefined) throw fault('invalid nested repetition operator', before);
    const { last } = open;
    if (last === undefined) throw fault('missing argument to repetition operator', from);
    const times = most === Infinity ? least : most;
    const repeats = most === 0 ? 1 : last.repeats * Math.max(times, 1);
    if (times >= 2 && repeats > MAX_REPEATS) throw fault('invalid repeat count', from);
    limit(lengthOf(last.code) * times);
    const code = repetition(last.code, least, most, lazy, last.empties);
    open.last = { code, repeats, empties: last.empties || least === 0 };
  }

  /** Whether there were counts in braces; otherwise the brace is a character. */
  function counted(from: number, before: number | undefined): boolean {
    COUNTS.lastIndex = from;
    const counts = COUNTS.exec(source);
    if (counts === null) return false;
    const [all, first, comma, second] = counts;
    at = from + all.length;
    const least = Number(first);
    const most = comma === undefined ? least : second === undefined ? Infinity : Number(second);
    if (least > MAX_REPEATS || (most !== Infinity && most > MAX_REPEATS) || least > most)
      throw fault('invalid repeat count', from);
    repeat(from, before, least, most);
    return true;
  }

  /** After a backslash and the digit or letter `char`: the character that is meant; undefined where it means none. */
  function escaped(char: string): number | undefined {
    if (char === 'x') return hexadecimal();
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(source.slice(at - 1, at + 2));
    if (octal === null) return CONTROLS[char];
    at += octal[0].length - 1;
    return parseInt(octal[0], 8);
  }

  function hexadecimal(): number | undefined {
    const digit = (): number => {
      const char = next();
      return char === undefined || char > 127 ? NaN : parseInt(String.fromCharCode(char), 16);
    };
    if (source[at] !== '{') return 16 * digit() + digit();
    at++;
    let char: number | undefined;
    while (source[at] !== '}') {
      char = 16 * (char ?? 0) + digit();
      if (!(char <= 0x10_ff_ff)) return undefined;
    }
    at++;
    return char;
  }

  /** At a backslash. */
  function escape(): number {
    const from = at++;
    const char = next();
    if (char === undefined) throw new RegexFault('trailing backslash at end of expression');
    const text = String.fromCodePoint(char);
    if (/^[\0-\x7f]$/.test(text) && !/^[0-9A-Za-z]$/.test(text)) return char;
    const meant = escaped(text);
    if (meant === undefined || Number.isNaN(meant)) throw fault('invalid escape sequence', from);
    return meant;
  }

  /** A group with a name, such as `\d`, `[:alpha:]` and `\p{Greek}`. Whether there was one. */
  function named(set: CharSet, bracketed: boolean): boolean {
    const from = at;
    const [first, second = ''] = [source[at], source[at + 1]];
    if (first === '[' && second === ':' && bracketed) {
      const close = source.indexOf(':]', at + 2);
      if (close < 0) return false;
      at = close + 2;
      const negated = source[from + 2] === '^';
      const name = source.slice(from + (negated ? 3 : 2), close);
      const group = Object.hasOwn(POSIX, name) ? POSIX[name] : undefined;
      if (group === undefined) throw fault('invalid character class range', from);
      addGroup(set, group, negated, true);
      return true;
    }
    if (first !== '\\') return false;
    const lower = second.toLowerCase();
    const perl = PERL[lower];
    if (perl !== undefined) {
      at += 2;
      addGroup(set, perl, second !== lower, true);
      return true;
    }
    if (lower !== 'p') return false;
    at += 2;
    property(set, from, second === 'P');
    return true;
  }

  function property(set: CharSet, from: number, complement: boolean): void {
    const begins = at;
    const char = next();
    let name = source.slice(begins, at);
    if (char === 0x7b) {
      const close = source.indexOf('}', at);
      if (close < 0) throw fault('invalid character class range', from, source.length);
      name = source.slice(at, close);
      at = close + 1;
    }
    const negated = name.startsWith('^');
    const group = propertyOf(negated ? name.slice(1) : name);
    if (group === undefined) throw fault('invalid character class range', from);
    addGroup(set, group, negated !== complement, false);
  }

  /** At a square bracket. */
  function bracketed(): void {
    const from = at++;
    const set = emptySet((flags & FOLD) !== 0);
    const negated = source[at] === '^';
    if (negated) at++;
    const member = (): number => {
      if (at === source.length) throw fault('missing closing ]', from);
      return source[at] === '\\' ? escape() : (next() ?? 0);
    };
    for (let first = true; source[at] !== ']' || first; first = false) {
      if (named(set, true)) continue;
      const lowAt = at;
      const low = member();
      let high = low;
      if (source[at] === '-' && at + 1 < source.length && source[at + 1] !== ']') {
        at++;
        high = member();
        if (high < low) throw fault('invalid character class range', lowAt);
      }
      addRange(set, low, high);
    }
    at++;
    if (negated) {
      set.negated = true;
      set.ascii = false;
    }
    putSet(set);
  }

  /** At a backslash that is in no brackets. */
  function backslash(): void {
    const assertion = ASSERTIONS[source[at + 1] ?? ''];
    if (assertion !== undefined) {
      at += 2;
      return one(ASSERT, assertion);
    }
    if (source[at + 1] === 'Q') return quoted();
    const set = emptySet((flags & FOLD) !== 0);
    if (named(set, false)) putSet(set);
    else literal(escape());
  }

  function quoted(): void {
    const close = source.indexOf('\\E', at + 2);
    const end = close < 0 ? source.length : close;
    at += 2;
    while (at < end) literal(next() ?? 0);
    if (close >= 0) at += 2;
  }

  let repeated: number | undefined;
  while (at < source.length) {
    const from = at;
    const before = repeated;
    const char = source[at];
    repeated = undefined;
    if (char === '[') bracketed();
    else if (char === '\\') backslash();
    else if (char === '{' && counted(from, before)) repeated = from;
    else {
      const code = next() ?? 0;
      if (char === '*' || char === '+' || char === '?') {
        repeat(from, before, char === '+' ? 1 : 0, char === '?' ? 1 : Infinity);
        repeated = from;
      } else if (char === '(') {
        if (source[at] === '?') {
          at++;
          perlGroup(from);
        } else begin(++groups);
      } else if (char === ')') end();
      else if (char === '|') endBranch();
      else if (char === '.') one((flags & DOT_LF) === 0 ? NOT_LF : ANY);
      else if (char === '^') one(ASSERT, (flags & MULTI_LINE) === 0 ? TEXT_BEGINS : LINE_BEGINS);
      else if (char === '$') one(ASSERT, (flags & MULTI_LINE) === 0 ? TEXT_ENDS : LINE_ENDS);
      else literal(code);
    }
  }
  if (outer.length > 0) throw fault('missing closing )', 0);
  return { code: close().code, groups, sets };
}

const ASSERTIONS: Readonly<Record<string, number>> = {
  A: TEXT_BEGINS,
  b: WORD_EDGE,
  B: NO_WORD_EDGE,
  z: TEXT_ENDS,
};
