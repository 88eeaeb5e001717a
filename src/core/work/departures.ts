/**
 * Which request may leave when. Hosts stand in groups that share a budget; among groups whose slot is ready the one with most
 * left relative to its rate goes first. A group is looked at again when its time has come or something has happened to it,
 * so that a thousand hosts at rest cost next to nothing.
 */
import type { Budget, Turn } from '../pace/budget.ts';
import { freeMin, isWorthAsking, type Demand } from '../pace/host-pace.ts';
import type { PendingTarget } from '../open-targets.ts';
import type { HostQueue } from './host-queue.ts';

export interface Acts {
  /** Requests that may be in flight at most. */
  slots(): number;
  /** Requests that may still be started. */
  room(): number;
  start(host: HostQueue, target: PendingTarget, turn: Turn): void;
  ask(budget: Budget, demand: Demand): void;
}

/** When something may leave again, and whether a slot that is held says so. */
export interface Rest {
  at: number;
  isSlot: boolean;
}
const NEVER: Rest = { at: Infinity, isSlot: false };
export const sooner = (a: Rest, b: Rest): Rest => (b.at < a.at ? b : a);

interface Group {
  budget: Budget;
  /** Of the budget's touches. */
  seen: number;
  hosts: HostQueue[];
  wakeAt: number;
  rest: Rest;
  /** Room that it waits for: others took so much of it that asking for slots was not worth it. Infinity: not for room. */
  roomMin: number;
  /** Seconds that its targets take at its rate. */
  need: number;
}
const NO_DEMAND: Demand = { waiting: 0, free: 0, share: 1 };

export class Departures {
  readonly #groups = new Map<Budget, Group>();

  /** A host whose budget is known. */
  add(host: HostQueue): void {
    if (host.budget === undefined) return;
    const { budget } = host;
    const group = this.#groups.get(budget) ?? {
      budget,
      seen: 0,
      hosts: [],
      wakeAt: 0,
      rest: NEVER,
      roomMin: Infinity,
      need: 0,
    };
    this.#groups.set(budget, group);
    if (!group.hosts.includes(host)) group.hosts.push(host);
    group.wakeAt = 0;
  }

  /** Lets go what may go now. `wakeAt`: when to call again; `rest`: when something may leave again. */
  go(now: number, acts: Acts): { wakeAt: number; rest: Rest } {
    const due: Group[] = [];
    for (const group of this.#groups.values())
      if (group.budget.touches !== group.seen || group.wakeAt <= now || acts.room() >= group.roomMin) due.push(group);
    if (due.length > 1) due.sort((a, b) => b.need - a.need);
    for (const group of due) {
      if (acts.room() > 0) launch(group, now, acts);
      else report(group, now, acts);
    }
    let wakeAt = Infinity;
    let rest = NEVER;
    for (const group of this.#groups.values()) {
      // Those for whom there was no room are looked at when a request has ended.
      if (group.wakeAt > now || acts.room() > 0) wakeAt = Math.min(wakeAt, group.wakeAt);
      rest = sooner(rest, group.rest);
    }
    return { wakeAt, rest };
  }
}

/** What has come back is told even while nothing may leave. */
function report({ budget }: Group, now: number, acts: Acts): void {
  if (budget.askAt(now, NO_DEMAND) <= now) acts.ask(budget, NO_DEMAND);
}

function launch(group: Group, now: number, acts: Acts): void {
  const { budget } = group;
  group.seen = budget.touches;
  let host = readyHost(group, now);
  for (; host !== undefined && acts.room() > 0 && !budget.hasLine; host = readyHost(group, now)) {
    const target = budget.slotAt(now) <= now ? host.take() : undefined;
    if (target === undefined) break;
    acts.start(host, target, budget.take(now));
  }
  const own = demandOf(group, now, acts.slots());
  const demand = { ...own, free: Math.min(own.free, acts.room()) };
  group.roomMin = isWorthAsking(own) && !isWorthAsking(demand) ? freeMin(own) : Infinity;
  const askAt = budget.askAt(now, demand);
  if (askAt <= now) acts.ask(budget, demand);
  const slot = budget.slotAt(now);
  group.need = group.hosts.reduce((sum, { waiting }) => sum + waiting, 0) / budget.rate.rate;
  group.rest = restOf(group, demand, slot, now);
  group.wakeAt = Math.min(
    askAt > now ? askAt : Infinity,
    laterAt(group, now),
    host && !budget.hasLine ? slot : Infinity,
  );
}

const isOpen = (host: HostQueue, now: number): boolean => host.gate === 'open' && host.blockedUntil <= now;

/** Of hosts that share a budget the one with most to do. */
function readyHost({ hosts }: Group, now: number): HostQueue | undefined {
  let best: HostQueue | undefined;
  let most = 0;
  for (const host of hosts) {
    if (!isOpen(host, now) || host.inFlight >= host.share) continue;
    const ready = host.wake(now);
    if (ready > most) [best, most] = [host, ready];
  }
  return best;
}

/** As if all slots were its own. */
function demandOf({ hosts }: Group, now: number, slots: number): Demand {
  const demand = { waiting: 0, soon: 0, free: 0, share: 0 };
  for (const host of hosts) {
    if (!isOpen(host, now)) continue;
    const ready = host.wake(now);
    demand.waiting += ready;
    demand.soon += host.soon;
    demand.share += host.share;
    demand.free += Math.max(0, host.share - host.inFlight);
  }
  // Hosts of one budget may have more between them than a worker has.
  return { ...demand, share: Math.min(demand.share, slots) };
}

/** When the first target that waits for its next attempt, or for its host, is due. */
function laterAt({ hosts }: Group, now: number): number {
  let at = Infinity;
  for (const host of hosts) {
    if (host.gate !== 'open' || host.waiting === 0) continue;
    at = Math.min(at, host.blockedUntil > now ? host.blockedUntil : host.nextDue);
  }
  return at;
}

function restOf(group: Group, { waiting }: Demand, slot: number, now: number): Rest {
  const later: Rest = { at: laterAt(group, now), isSlot: false };
  if (waiting === 0) return later;
  // That no more can be had for now takes away nothing of what is held; a pause does, and then there is no slot.
  if (slot < Infinity) return sooner(later, { at: slot, isSlot: true });
  const blocked = group.budget.blocked(now);
  return sooner(later, { at: blocked?.untilMs ?? now, isSlot: false });
}
