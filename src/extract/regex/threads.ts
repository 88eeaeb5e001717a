/**
 * All that a pattern could be doing at a place of the text, side by side and the preferred first, character by character: as
 * many steps as the program has instructions for each, and no memory but for one place.
 */
import { ASSERT, FORK, GROUP, MATCH } from './code.ts';
import type { Program } from './program.ts';
import { holds, placeToBegin, takes } from './steps.ts';

/** Instructions that wait for a character, and where the group that is wanted began and ended on the way to them. */
interface Threads {
  count: number;
  readonly pcs: Int32Array;
  readonly froms: Int32Array;
  readonly tos: Int32Array;
}

const noThreads = (most: number): Threads => ({
  count: 0,
  pcs: new Int32Array(most),
  froms: new Int32Array(most),
  tos: new Int32Array(most),
});

/** As `backtrack`. */
export function runThreads(program: Program, text: string, group: number, whole: boolean): string | null | undefined {
  const { ops, args, nexts, begin } = program;
  const end = text.length;
  let [now, then] = [noThreads(ops.length), noThreads(ops.length)];
  /** The round in which an instruction was last come to. */
  const seen = new Int32Array(ops.length).fill(-1);
  const ahead: number[] = [];

  function add(threads: Threads, first: number, place: number, firstFrom: number, firstTo: number): void {
    ahead.push(first, firstFrom, firstTo);
    while (ahead.length > 0) {
      let to = ahead.pop()!;
      let from = ahead.pop()!;
      let pc = ahead.pop()!;
      while (seen[pc] !== place) {
        seen[pc] = place;
        const op = ops[pc]!;
        const arg = args[pc]!;
        if (op === FORK) {
          ahead.push(nexts[pc]!, from, to);
          pc = arg;
          continue;
        }
        if (op === GROUP) {
          if (arg === 2 * group) from = place;
          if (arg === 2 * group + 1) to = place;
        } else if (op !== ASSERT) {
          const { count } = threads;
          threads.pcs[count] = pc;
          threads.froms[count] = from;
          threads.tos[count] = to;
          threads.count++;
          break;
        } else if (!holds(arg, text, place)) break;
        pc = nexts[pc]!;
      }
    }
  }

  let found: string | null | undefined;
  let start = whole ? 0 : placeToBegin(program, text, 0);
  for (let at = start; at >= 0 && at <= end;) {
    if (at === start && found === undefined) {
      add(now, begin, at, group === 0 ? at : -1, -1);
      start = whole ? -1 : placeToBegin(program, text, at + 1);
    }
    const char = at < end ? text.codePointAt(at)! : -1;
    const after = at + (char > 0xff_ff ? 2 : 1);
    for (let i = 0; i < now.count; i++) {
      const pc = now.pcs[i]!;
      const from = now.froms[i]!;
      if (ops[pc] === MATCH) {
        if (whole && at < end) continue;
        found = from < 0 ? null : text.slice(from, group === 0 ? at : now.tos[i]!);
        break;
      }
      if (char >= 0 && takes(program, pc, char)) add(then, nexts[pc]!, after, from, now.tos[i]!);
    }
    [now, then] = [then, now];
    then.count = 0;
    if (now.count > 0) at = after;
    else if (found === undefined) at = start;
    else break;
  }
  return found;
}
