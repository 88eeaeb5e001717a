/** What planning may assume of a host: what its record in the pace table tells, within what the task allows; else the task. */
import { LATENCY_SECONDS_ASSUMED, PLAN_HOSTS_ASKED } from '../limits.ts';
import { Bounded } from '../bounded.ts';
import { paceKey } from '../names.ts';
import { readRecord, type HostRecord } from '../pace/record.ts';
import type { Table } from '../ports.ts';
import type { PaceSpec } from '../task.ts';
import type { HostLoad } from './streams.ts';

/** Reads at a time: some thousand a second. */
const ASKED_AT_ONCE = 64;
/** A latency beyond these says more about one bad hour than about the host. */
const LATENCY_SECONDS_MIN = 0.02;
const LATENCY_SECONDS_MAX = 30;

/** @param counts targets of each host. The heaviest hosts are looked up, however many there are. */
export async function loadsOf(
  pace: Table,
  spec: PaceSpec,
  names: readonly string[],
  counts: readonly number[],
): Promise<HostLoad[]> {
  const loads = names.map((name, i) => ({
    name,
    targets: counts[i] ?? 0,
    rate: spec.requestsPerSecond,
    latencySeconds: LATENCY_SECONDS_ASSUMED,
  }));
  const asking = new Bounded(ASKED_AT_ONCE);
  for (const load of heaviest(loads))
    await asking.run(async () => {
      const item = await pace.get(paceKey(load.name));
      if (item !== undefined) Object.assign(load, known(readRecord(item), spec));
    });
  await asking.drain();
  return loads;
}

/** What the host's record says about its pace under this task. */
export function known({ control, opMax }: HostRecord, spec: PaceSpec): Partial<HostLoad> {
  const { capacity, baseMs } = control;
  const bears = spec.adapt && capacity > 0 ? capacity : Infinity;
  const seconds = Math.min(Math.max(baseMs / 1000, LATENCY_SECONDS_MIN), LATENCY_SECONDS_MAX);
  return {
    rate: Math.min(spec.requestsPerSecond, bears, opMax ?? Infinity),
    ...(baseMs > 0 && { latencySeconds: seconds }),
  };
}

function heaviest(loads: readonly HostLoad[]): HostLoad[] {
  if (loads.length <= PLAN_HOSTS_ASKED) return [...loads];
  const least = Float64Array.from(loads, ({ targets }) => targets).sort()[loads.length - PLAN_HOSTS_ASKED] ?? 0;
  const heavier = loads.filter(({ targets }) => targets > least);
  const equal = loads.filter(({ targets }) => targets === least);
  return [...heavier, ...equal].slice(0, PLAN_HOSTS_ASKED);
}
