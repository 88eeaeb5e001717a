/**
 * Tries what a pattern prefers first, and takes up the rest where that has failed, like any engine that backtracks; but it
 * keeps in mind where in the program it has been at which place of the text, and does not go on from there again. So it does
 * what `threads.ts` does, several times as fast, as long as there is room for that.
 */
import { ASSERT, FORK, GROUP, MATCH } from './code.ts';
import type { Program } from './program.ts';
import { holds, placeToBegin, takes } from './steps.ts';

/** Instructions times places of the text: bits to remember, and the most alternatives that can wait. */
const ROOM = 1 << 20;

export const hasRoom = ({ ops }: Program, text: string): boolean => ops.length * (text.length + 1) <= ROOM;

// Nothing waits while a text is matched, so all share these; they grow.
let seen = new Int32Array(64);
let waiting = new Int32Array(256);

/**
 * The text of a group, null where it took no part, undefined where nothing matches.
 *
 * @param group whose text is wanted; -1 for none, which gives null.
 * @param whole matches the whole text or nothing.
 */
export function backtrack(program: Program, text: string, group: number, whole: boolean): string | null | undefined {
  const { ops, args, nexts, joins, peeks, begin } = program;
  const end = text.length;
  const places = end + 1;
  const words = (program.joinCount * places + 31) >> 5;
  if (words > seen.length) seen = new Int32Array(2 * words);
  else seen.fill(0, 0, words);

  for (let start = 0; ; start++) {
    start = whole ? (start === 0 ? 0 : -1) : placeToBegin(program, text, start);
    if (start < 0 || start > end) return undefined;
    let pc = begin;
    let at = start;
    let from = -1;
    let to = -1;
    let top = 0;
    attempt: for (;;) {
      alive: {
        const join = joins[pc]!;
        if (join >= 0) {
          const bit = join * places + at;
          if ((seen[bit >> 5]! & (1 << (bit & 31))) !== 0) break alive;
          seen[bit >> 5]! |= 1 << (bit & 31);
        }
        const arg = args[pc]!;
        switch (ops[pc]!) {
          case FORK: {
            const peek = peeks[pc]!;
            if (peek < 0 || peek === text.charCodeAt(at)) {
              if (top + 2 > waiting.length) waiting = grown(waiting);
              waiting[top++] = nexts[pc]!;
              waiting[top++] = at;
            }
            pc = arg;
            continue;
          }
          case GROUP:
            if (arg >> 1 === group) {
              if (top + 2 > waiting.length) waiting = grown(waiting);
              const begins = (arg & 1) === 0;
              waiting[top++] = begins ? FROM_WAS : TO_WAS;
              waiting[top++] = begins ? from : to;
              if (begins) from = at;
              else to = at;
            }
            break;
          case ASSERT:
            if (!holds(arg, text, at)) break alive;
            break;
          case MATCH:
            if (whole && at < end) break alive;
            if (group === 0) return text.slice(start, at);
            return from < 0 ? null : text.slice(from, to);
          default: {
            if (at === end) break alive;
            let char = text.charCodeAt(at);
            if (char >= 0xd8_00 && char < 0xdc_00) char = text.codePointAt(at)!;
            if (!takes(program, pc, char)) break alive;
            at += char > 0xff_ff ? 2 : 1;
          }
        }
        pc = nexts[pc]!;
        continue;
      }
      for (;;) {
        if (top === 0) break attempt;
        at = waiting[--top]!;
        pc = waiting[--top]!;
        if (pc >= 0) break;
        if (pc === FROM_WAS) from = at;
        else to = at;
      }
    }
  }
}

const FROM_WAS = -1;
const TO_WAS = -2;

function grown(full: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * full.length);
  more.set(full);
  return more;
}
