import { setFlagsFromString } from 'node:v8';

/**
 * V8's compiler and collector for a sandbox that collects, whose share of a processor they would take from the pages. Code is
 * compiled by Maglev as ever, by TurboFan only when it has been called ten times as often as else: of ten thousand pages'
 * CPU time that saves a sixteenth. And the heap may grow to four times what is alive in it, which is little, before it is
 * marked anew. Loops of the scanner, which look at 16 bytes at a time, are no faster unrolled, only longer to compile. What a
 * function meets is noted from its first call on, so that Maglev has it sooner: a fiftieth. None of this can be said in
 * NODE_OPTIONS.
 */
export function tuneEngine(): void {
  setFlagsFromString('--invocation-count-for-turbofan=30000');
  setFlagsFromString('--heap-growing-percent=300');
  setFlagsFromString('--no-wasm-loop-unrolling');
  setFlagsFromString('--no-lazy-feedback-allocation');
}
