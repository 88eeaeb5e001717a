/**
 * A pattern as code: three numbers for an instruction. It is run from the top to the end, which is a match; where FORK and JUMP
 * go is told from where they are, so that code can be copied and moved.
 */

/** This character. */
export const CHAR = 0;
/** One of this set. */
export const SET = 1;
export const ANY = 2;
/** Any but a line feed. */
export const NOT_LF = 3;
/** There if that leads to a match, else there. */
export const FORK = 4;
export const JUMP = 5;
/** Where group `arg >> 1` begins (even) or ends (odd). */
export const GROUP = 6;
/** One of the next six. */
export const ASSERT = 7;
export const MATCH = 8;

export const TEXT_BEGINS = 0;
export const TEXT_ENDS = 1;
export const LINE_BEGINS = 2;
export const LINE_ENDS = 3;
export const WORD_EDGE = 4;
export const NO_WORD_EDGE = 5;

export type Code = number[];

export const lengthOf = (code: Code): number => code.length / 3;

export function append(code: Code, more: Code): void {
  for (const number of more) code.push(number);
}

/** The first of them that leads to a match. */
export function alternation(branches: readonly Code[]): Code {
  const [only = []] = branches;
  if (branches.length < 2) return only;
  const all: Code = [];
  const end = branches.reduce((sum, branch) => sum + lengthOf(branch) + 2, -2);
  for (const [at, branch] of branches.entries()) {
    const last = at === branches.length - 1;
    if (!last) all.push(FORK, 1, lengthOf(branch) + 2);
    append(all, branch);
    if (!last) all.push(JUMP, end - lengthOf(all), 0);
  }
  return all;
}

/**
 * A loop whose body can match nothing would go round for ever; whoever runs the code ends it, by not coming to an
 * instruction at a place a second time.
 *
 * @param most Infinity for no end.
 */
export function repetition(piece: Code, least: number, most: number, lazy: boolean): Code {
  const all: Code = [];
  const length = lengthOf(piece);
  const fork = (on: number, past: number) => (lazy ? all.push(FORK, past, on) : all.push(FORK, on, past));
  const endless = most === Infinity;
  for (let i = endless ? 1 : 0; i < least; i++) append(all, piece);
  if (endless) {
    if (least === 0) fork(1, length + 2);
    append(all, piece);
    fork(-length, 1);
  } else {
    for (let i = least; i < most; i++) {
      fork(1, (most - i) * (length + 1));
      append(all, piece);
    }
  }
  return all;
}
