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

export type Code = Int32Array;

export const lengthOf = (code: Code): number => code.length / 3;

export const instruction = (op: number, first = 0, second = 0): Code => Int32Array.of(op, first, second);

export function joined(parts: readonly Code[]): Code {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The first of them that leads to a match. */
export function alternation(branches: readonly Code[]): Code {
  const parts: Code[] = [];
  let left = branches.reduce((sum, branch) => sum + lengthOf(branch) + 2, 0);
  for (const branch of branches) {
    const length = lengthOf(branch) + 2;
    left -= length;
    // The last one has no instructions about it, which the one before it counts.
    if (left === 0) parts.push(branch);
    else parts.push(instruction(FORK, 1, length), branch, instruction(JUMP, left - 1));
  }
  return joined(parts);
}

/**
 * A loop whose body can match nothing would go round for ever; whoever runs the code ends it, by not coming to an
 * instruction at a place a second time. What groups are then depends on where a loop is entered: as in Go, at its end where
 * the body can match nothing, and at its begin where not.
 *
 * @param most Infinity for no end.
 * @param empties the piece can match nothing.
 */
export function repetition(piece: Code, least: number, most: number, lazy: boolean, empties: boolean): Code {
  const parts: Code[] = [];
  const length = lengthOf(piece);
  const fork = (on: number, past: number): Code => instruction(FORK, lazy ? past : on, lazy ? on : past);
  const endless = most === Infinity;
  for (let i = endless ? 1 : 0; i < least; i++) parts.push(piece);
  if (endless) {
    if (least === 0) parts.push(fork(1, length + 2));
    parts.push(piece, least > 0 || empties ? fork(-length, 1) : instruction(JUMP, -length - 1));
  } else for (let i = least; i < most; i++) parts.push(fork(1, (most - i) * (length + 1)), piece);
  return joined(parts);
}
