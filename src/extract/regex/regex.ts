/**
 * Regular expressions of RE2's syntax, matched in a time linear in the text whatever the pattern: patterns come from tenants and
 * texts from the web. A pair of surrogates is one character, and so is half of one that stands alone.
 */
import { backtrack, hasRoom } from './backtracker.ts';
import { RegexFault } from './fault.ts';
import { parse } from './parse.ts';
import { programOf, type Program } from './program.ts';
import { runThreads } from './threads.ts';

export { RegexFault };

export interface Regex {
  /** Capturing groups, without the whole match. */
  readonly groups: number;
  /** Steps that a character of a text may take, at most. */
  readonly size: number;
  /** Whether it matches anywhere. */
  test(text: string): boolean;
  /** Whether it matches the whole text. */
  whole(text: string): boolean;
  /**
   * The text of a group, 0 for the whole match, where it matches first, as RE2 and Perl prefer; null where the group took no
   * part; undefined where nothing matches.
   */
  find(text: string, group: number): string | null | undefined;
}

/** @throws RegexFault, whose message says what is wrong for people. */
export function compileRegex(source: string): Regex {
  const parsed = parse(source);
  const program = programOf(parsed);
  return {
    groups: parsed.groups,
    size: program.ops.length,
    test: (text) => run(program, text, -1, false) !== undefined,
    whole: (text) => run(program, text, -1, true) !== undefined,
    find: (text, group) => run(program, text, group, false),
  };
}

const run = (program: Program, text: string, group: number, whole: boolean): string | null | undefined =>
  (hasRoom(program, text) ? backtrack : runThreads)(program, text, group, whole);
