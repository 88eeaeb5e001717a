/** Code made ready to be run: places are absolute, and where a match can begin is known. */
import { memberTest, type CharSet } from './char-set.ts';
import { ASSERT, CHAR, FORK, GROUP, JUMP, lengthOf, MATCH, SET, TEXT_BEGINS, type Code } from './code.ts';
import type { Parsed } from './parse.ts';

export interface Program {
  readonly ops: Uint8Array;
  /** Of FORK what comes first. */
  readonly args: Int32Array;
  /** What comes after; of FORK what comes otherwise. */
  readonly nexts: Int32Array;
  /**
   * A number for what is come to from several places, -1 for others. Whoever does not come to those twice at one place of the
   * text does not come to anything twice.
   */
  readonly joins: Int32Array;
  readonly joinCount: number;
  /** Of FORK: the unit of UTF-16 without which what comes otherwise fails at once, -1 where that is not known. */
  readonly peeks: Int32Array;
  readonly begin: number;
  /** For each set 128 characters of ASCII. */
  readonly ascii: Uint8Array;
  /** Whether a character beyond ASCII belongs to a set. */
  isMember(set: number, char: number): boolean;
  /** Whether a match begins at the begin of the text or nowhere. */
  readonly anchored: boolean;
  /** What every match begins with. */
  readonly prefix: string;
  /** By character of ASCII, and at 128 for all others: whether a match can begin with it. Undefined where one can be empty. */
  readonly firsts: Uint8Array | undefined;
}

export function programOf({ code, sets }: Parsed): Program {
  const length = lengthOf(code) + 1;
  const ops = new Uint8Array(length);
  const args = new Int32Array(length);
  const nexts = new Int32Array(length);
  const places = placesOf(code);
  const place = (at: number): number => places[at]!;
  const arrivals = new Int32Array(length);
  const arrive = (at: number): number => (arrivals[at]!++, at);
  for (let at = 0; at < length - 1; at++) {
    const [op, first, second] = [code[3 * at]!, code[3 * at + 1]!, code[3 * at + 2]!];
    ops[at] = op;
    if (op === JUMP) continue;
    args[at] = op === FORK ? arrive(place(at + first)) : first;
    nexts[at] = arrive(place(at + (op === FORK ? second : 1)));
  }
  ops[length - 1] = MATCH;
  const begin = arrive(place(0));
  const tests = sets.map(memberTest);
  let joinCount = 0;
  const joins = arrivals.map((count) => (count > 1 ? joinCount++ : -1));
  const parts = { ops, args, nexts, begin, ascii: asciiOf(tests) };
  return {
    ...parts,
    joins,
    joinCount,
    peeks: peeksOf(parts),
    isMember: membersOf(sets, tests),
    anchored: isAnchored(parts),
    prefix: prefixOf(parts),
    firsts: firstsOf(parts, sets),
  };
}

/** Where one is that comes to an instruction: JUMP is gone from at once; where it goes back, to a FORK. */
function placesOf(code: Code): Int32Array {
  const length = lengthOf(code);
  const places = new Int32Array(length + 1);
  places[length] = length;
  for (let at = length - 1; at >= 0; at--) {
    const to = code[3 * at] === JUMP ? at + code[3 * at + 1]! : at;
    places[at] = to > at ? places[to]! : to;
  }
  return places;
}

type Test = (char: string) => boolean;

function asciiOf(tests: readonly Test[]): Uint8Array {
  const ascii = new Uint8Array(128 * tests.length);
  for (let at = 0; at < ascii.length; at++) ascii[at] = Number(tests[at >> 7]?.(String.fromCharCode(at & 127)));
  return ascii;
}

const CACHED = 4096;

/** What has been found out of a character is kept until another one needs its place. */
function membersOf(sets: readonly CharSet[], tests: readonly Test[]): (set: number, char: number) => boolean {
  let cache: Float64Array | undefined;
  return (set, char) => {
    if (sets[set]?.ascii === true) return false;
    cache ??= new Float64Array(CACHED);
    const slot = (char + set * 257) % CACHED;
    const key = 2 * (set * 0x11_00_00 + char);
    const known = cache[slot]! - key;
    if (known === 0 || known === 1) return known === 1;
    const found = tests[set]!(String.fromCodePoint(char));
    cache[slot] = key + Number(found);
    return found;
  };
}

type Parts = Pick<Program, 'ops' | 'args' | 'nexts' | 'begin' | 'ascii'>;

/** What is come to from there by marks of groups alone. */
function pastGroups({ ops, nexts }: Parts, at: number): number {
  while (ops[at] === GROUP) at = nexts[at]!;
  return at;
}

function isAnchored(parts: Parts): boolean {
  const at = pastGroups(parts, parts.begin);
  return parts.ops[at] === ASSERT && parts.args[at] === TEXT_BEGINS;
}

const peeksOf = (parts: Parts): Int32Array =>
  parts.nexts.map((next, at) => {
    if (parts.ops[at] !== FORK) return -1;
    const ahead = pastGroups(parts, next);
    const char = parts.args[ahead]!;
    return parts.ops[ahead] === CHAR && char <= 0xff_ff ? char : -1;
  });

function prefixOf({ ops, args, nexts, begin }: Parts): string {
  let prefix = '';
  for (let at = begin; ops[at] === CHAR || ops[at] === GROUP; at = nexts[at]!)
    if (ops[at] === CHAR) prefix += String.fromCodePoint(args[at]!);
  // The second half of a pair is no place to begin.
  return /^[\udc00-\udfff]/.test(prefix) ? '' : prefix;
}

function firstsOf({ ops, args, nexts, begin, ascii }: Parts, sets: readonly CharSet[]): Uint8Array | undefined {
  const firsts = new Uint8Array(129);
  const seen = new Uint8Array(ops.length);
  const ahead = [begin];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    if (seen[at] === 1) continue;
    seen[at] = 1;
    const arg = args[at]!;
    switch (ops[at]!) {
      case MATCH:
        return undefined;
      case FORK:
        ahead.push(arg, nexts[at]!);
        break;
      case GROUP:
      case ASSERT:
        ahead.push(nexts[at]!);
        break;
      case CHAR:
        firsts[Math.min(arg, 128)] = 1;
        break;
      case SET:
        for (let char = 0; char < 128; char++) firsts[char]! |= ascii[128 * arg + char]!;
        if (sets[arg]?.ascii !== true) firsts[128] = 1;
        break;
      default:
        firsts.fill(1);
    }
  }
  return firsts;
}
