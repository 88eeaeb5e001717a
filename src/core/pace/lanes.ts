/** How many slots in a row a worker has lanes for: those free now, and those that become free while the slots last. */
import * as P from './parameters.ts';

export class Lanes {
  /** How long a request keeps its lane, in the mean; NaN: not known yet. */
  #keptMs = NaN;

  ended(keptMs: number): void {
    this.#keptMs = Number.isNaN(this.#keptMs) ? keptMs : this.#keptMs + (keptMs - this.#keptMs) / P.LANE_COUNT;
  }

  /**
   * @param free lanes free now, of `share`.
   * @param everyUs from one slot to the next, microseconds.
   */
  slots({ free, share }: { free: number; share: number }, everyUs: number): number {
    if (Number.isNaN(this.#keptMs)) return free;
    /** Lanes that are taken when a request leaves in every slot. */
    const taken = (this.#keptMs * 1000) / everyUs;
    if (taken <= share * P.LANES_SURE) return Infinity;
    // Those under way end one after the other within the time that a request takes.
    const ending = (P.LANES_SURE * (share - free)) / taken;
    return Math.floor(free / (1 - Math.min(Math.max(ending, 0), P.LANES_SURE)));
  }
}
