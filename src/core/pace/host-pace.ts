/**
 * One worker's hold on one host: the intervals it was granted, what came back, and when to ask for more. It has no timers:
 * whoever uses it asks when something may leave (`slotAt`) and when the table is to be asked (`askAt`), sleeps until then,
 * and says what came back. Times are UTC milliseconds, with fractions.
 */
import * as P from './parameters.ts';
import { isBroken } from './breaker.ts';
import { rateInForce, type Caps } from './caps.ts';
import { decide } from './controller.ts';
import { Account, type Outcome } from './feedback.ts';
import { Lanes } from './lanes.ts';
import { controlChange, readRecord, type HostRecord } from './record.ts';
import { giveBack, report, reserve, turnsOf, type Branch, type Interval } from './reservation.ts';
import { paceKey } from '../names.ts';
import type { Chance, Clock, Condition, Table } from '../ports.ts';

export interface Demand {
  /** Targets that could be asked for now. */
  waiting: number;
  /** More of them that will wait when those have left: of shards that the same worker goes on with. Absent = none. */
  soon?: number;
  /** Requests that may be started beside those in flight. */
  free: number;
  /** What `free` would be with nothing in flight. */
  share: number;
}

/** Where most requests are in flight, few slots would be asked for, and again for those that end next. */
export const freeMin = ({ share }: Demand): number => Math.max(1, share / 4);
export const isWorthAsking = (demand: Demand): boolean => demand.waiting > 0 && demand.free >= freeMin(demand);

/** A slot that was taken. */
export interface Ticket {
  epoch: number;
  /** UTC ms. */
  at: number;
}

export type Blocked = { untilMs: number; why: 'paused' | 'stopped' | 'open' | 'full' };

export interface HostPacePorts {
  pace: Table;
  clock: Pick<Clock, 'now'>;
  chance: Chance;
}

/** Others that reserve are seen by `seq`, in the mean; with fewer than that nobody has for a while. */
const RIVALS_NONE = 1.1;

export class HostPace {
  readonly host: string;
  caps: Caps;
  readonly #ports: HostPacePorts;
  readonly #account = new Account();
  readonly #lanes = new Lanes();
  #record: HostRecord = readRecord(undefined);
  #held: Interval[] = [];
  /** The next request leaves no earlier; µs. */
  #nextUs = 0;
  #branch: Branch = 'append';
  #asking = false;
  /** Others that reserve here, myself included: how far `seq` moves between two of my reservations. */
  #rivals = 1;
  /** Their weights together. */
  #weights = 1;
  #mine: { seq: number; weight: number; turns: number } | undefined;
  /** How many of them are my tenant's. */
  #siblings = 1;
  /** What rounding left of my fair share. */
  #carry = 0;
  #contactMs = -Infinity;
  /** When the account is to be reported at the latest. */
  #reportAtMs = Infinity;
  #fullUntilMs = 0;
  #refusals = 0;
  #pauseUntilUs: number | undefined;

  constructor(ports: HostPacePorts, host: string, caps: Caps, held: [fromMs: number, untilMs: number][] = []) {
    this.#ports = ports;
    this.host = host;
    this.caps = caps;
    this.#held = held.map(([from, until]) => ({ fromUs: Math.round(from * 1000), untilUs: Math.round(until * 1000) }));
  }

  // ---------------------------------------------------------------- slots

  /** When the next slot that is held comes; Infinity when none is. Slots missed by more than the grace are given up. */
  slotAt(nowMs: number): number {
    const slot = this.#slot(nowMs * 1000);
    return slot === undefined ? Infinity : slot / 1000;
  }

  /** Uses the slot that `slotAt` told. */
  take(nowMs: number): Ticket {
    const slot = this.#slot(nowMs * 1000);
    if (slot === undefined) throw new Error('take: no slot is held');
    this.#nextUs = slot + this.#everyUs(nowMs * 1000);
    return { epoch: this.#record.control.epoch, at: nowMs };
  }

  /** What is held from `nowMs` on, for a shard that is parked and resumed. */
  held(nowMs: number): [fromMs: number, untilMs: number][] {
    const left = this.#held.map(
      ({ fromUs, untilUs }) => [Math.max(fromUs, this.#nextUs) / 1000, untilUs / 1000] as const,
    );
    return left.filter(([from, until]) => until > Math.max(from, nowMs)).map(([from, until]) => [from, until]);
  }

  /** Why nothing may be reserved now; undefined when something may. */
  blocked(nowMs: number): Blocked | undefined {
    const { opStop, pausedUs, control } = this.#record;
    if (opStop) return { untilMs: this.#contactMs + P.CONTACT_MS, why: 'stopped' };
    if (pausedUs > nowMs * 1000) return { untilMs: pausedUs / 1000, why: 'paused' };
    if (control.phase === 'open' && control.holdUntilUs > nowMs * 1000)
      return { untilMs: control.holdUntilUs / 1000, why: 'open' };
    if (this.#fullUntilMs > nowMs) return { untilMs: this.#fullUntilMs, why: 'full' };
    return undefined;
  }

  /** Requests per second in force, and whose word it is. */
  get rate(): ReturnType<typeof rateInForce> {
    return rateInForce(this.caps, this.#record, this.#ports.clock.now() * 1000);
  }

  #everyUs(nowUs: number): number {
    return 1e6 / rateInForce(this.caps, this.#record, nowUs).rate;
  }

  /** A slot lies whole within an interval, so that two owners of neighbouring intervals keep the distance. */
  #slot(nowUs: number): number | undefined {
    const everyUs = this.#everyUs(nowUs);
    const graceUs = Math.min(Math.max(2 * everyUs, P.GRACE_MS_MIN * 1000), P.GRACE_MS_MAX * 1000);
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      let slot = Math.max(first.fromUs, this.#nextUs);
      if (slot < nowUs - graceUs) slot += Math.ceil((nowUs - graceUs - slot) / everyUs) * everyUs;
      // Before the record was seen nobody knows how long a slot is: what a parked shard brought along is one at least.
      const isBrought = this.#contactMs === -Infinity && slot === first.fromUs;
      if (isBrought || slot + everyUs <= first.untilUs + 1) return slot;
      this.#held.shift();
    }
    return undefined;
  }

  // ---------------------------------------------------------------- what came back

  /** Tells what became of a request. A host's word to wait takes effect here at once and for everybody with the next ask. */
  back(ticket: Ticket, outcome: Outcome, nowMs: number): void {
    this.#lanes.ended(nowMs - ticket.at);
    if (outcome.kind === 'aborted') return;
    this.#account.note(ticket.epoch, outcome, nowMs * 1000);
    const refused = outcome.kind === 'limited' || outcome.kind === 'error';
    this.#refusals = outcome.kind === 'limited' ? this.#refusals + 1 : outcome.kind === 'ok' ? 0 : this.#refusals;
    const waitMs = refused ? Math.min(outcome.retryAfterMs ?? 0, P.PAUSE_MS_MAX) : 0;
    const isSparse = this.rate.rate < P.SPARSE_RATE;
    const refusals = isSparse ? 1 : P.WALL_REFUSALS;
    const isWall = waitMs >= P.HOST_WIDE_MS || (waitMs > 0 && this.#refusals >= refusals);
    if (isWall) {
      this.#pauseUntilUs = Math.max(this.#pauseUntilUs ?? 0, Math.round((nowMs + waitMs) * 1000));
      this.#held = [];
    }
    const urgent = isWall || this.#refusals >= 2 || (refused && isSparse);
    if (urgent && this.caps.adapt) this.#held = [];
    const wait = urgent ? 0 : this.caps.adapt ? P.REPORT_MS : P.CONTACT_MS;
    this.#reportAtMs = Math.min(this.#reportAtMs, nowMs + wait);
  }

  // ---------------------------------------------------------------- asking

  /** When `ask` should be called, given what is waiting; Infinity: not for now. */
  askAt(nowMs: number, demand: Demand): number {
    if (this.#asking) return Infinity;
    const contactAt = this.#held.length > 0 || this.#account.isEmpty ? this.#contactMs + P.CONTACT_MS : Infinity;
    const reportAt = Math.min(this.#reportAtMs, demand.waiting > 0 ? contactAt : Infinity);
    if (demand.waiting === 0) return reportAt;
    const blocked = this.blocked(nowMs);
    if (blocked) return Math.min(reportAt, blocked.untilMs);
    if (!isWorthAsking(demand)) return reportAt;
    return Math.min(reportAt, this.#wantsAt(nowMs * 1000));
  }

  /** More is wanted shortly before the last slot. */
  #wantsAt(nowUs: number): number {
    if (this.#slot(nowUs) === undefined) return -Infinity;
    const everyUs = this.#everyUs(nowUs);
    const last = this.#held.at(-1);
    if (last === undefined) return -Infinity;
    const slots = Math.floor((last.untilUs + 1 - Math.max(last.fromUs, this.#nextUs)) / everyUs);
    return (Math.max(last.fromUs, this.#nextUs) + Math.max(0, slots - 1) * everyUs) / 1000 - P.PREFETCH_MS;
  }

  /** One round with the table: reports, reserves when there is demand, and steers when it is time. */
  async ask(demand: Demand): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      // How long an interval must be for one slot depends on the record: whoever has not seen it looks first.
      if (this.#contactMs === -Infinity) await this.#look();
      const nowMs = this.#ports.clock.now();
      const wants = demand.waiting > 0 && this.#pauseUntilUs === undefined && !this.blocked(nowMs);
      const early = this.#wantsAt(nowMs * 1000) > nowMs + 1 || demand.free < 1;
      await (wants && !early ? this.#reserve(demand, nowMs) : this.#report());
      await this.#steer();
    } finally {
      this.#asking = false;
    }
  }

  /** Reports what is left and returns what was not used to the timeline. */
  async close(): Promise<void> {
    const last = this.#held.at(-1);
    this.#held = [];
    if (!this.#account.isEmpty) await this.#report();
    const { bookedUs, seq } = this.#record;
    if (last === undefined || bookedUs !== last.untilUs) return;
    const fromUs = Math.max(last.fromUs, Math.ceil(this.#nextUs), Math.ceil(this.#ports.clock.now() * 1000));
    if (fromUs < last.untilUs) await giveBack(this.#ports.pace, this.host, last.untilUs, last.untilUs - fromUs, seq);
  }

  async #reserve(demand: Demand, nowMs: number): Promise<void> {
    const nowUs = Math.round(nowMs * 1000);
    const everyUs = this.#everyUs(nowUs);
    const spanUs = Math.ceil(this.#slotsWanted(demand, everyUs) * everyUs);
    const horizonUs = this.#horizonUs(everyUs);
    const latestUs = nowUs + Math.max(0, horizonUs - spanUs);
    const feedback = this.#taken();
    try {
      const used = { ...this.rate, waiting: demand.waiting };
      const turns = turnsOf(this.caps.tenant ?? '');
      const startUs = nowUs + P.START_LEAD_MS * 1000;
      const ask = {
        spanUs,
        nowUs,
        startUs,
        latestUs,
        feedback,
        branch: this.#isKnownIdle(nowUs) ? 'reset' : this.#branch,
        weight: this.#weight,
        turns,
        used,
      };
      const got = await reserve(this.#ports.pace, this.host, ask);
      this.#branch = got.branch;
      this.#see(got.record);
      if (got.kind === 'refused') {
        this.#account.putBack(feedback);
        this.#fullUntilMs = this.#freeAgainMs(got.record, latestUs - nowUs);
        return;
      }
      this.#hold(got.interval);
      this.#count(got.record, got.turns);
    } catch (error) {
      this.#account.putBack(feedback);
      throw error;
    }
  }

  /** Whoever is alone at a host knows where its timeline ends: a write that fails costs as much as one that holds. */
  #isKnownIdle(nowUs: number): boolean {
    const { bookedUs } = this.#record;
    return bookedUs !== undefined && bookedUs < nowUs && this.#rivals < RIVALS_NONE;
  }

  /** How many took their turn between two of mine, and how many of those were my tenant's. */
  #count({ seq, weight }: HostRecord, turns: number): void {
    if (this.#mine !== undefined) {
      this.#rivals = (this.#rivals + Math.max(1, seq - this.#mine.seq)) / 2;
      this.#siblings = (this.#siblings + Math.max(1, turns - this.#mine.turns)) / 2;
      this.#weights = (this.#weights + Math.max(this.#weight, weight - this.#mine.weight)) / 2;
    }
    this.#mine = { seq, weight, turns };
  }

  /** Rounded, so that sums of weights stay short numbers. */
  get #weight(): number {
    return Math.round(1000 / this.#siblings) / 1000;
  }

  /** Where somebody else stands in the way: when there will be room, and a little chance so that not all come at once. */
  #freeAgainMs(record: HostRecord, aheadUs: number): number {
    const nowMs = this.#ports.clock.now();
    if (record.bookedUs === undefined) return nowMs;
    const roomMs = (record.bookedUs - aheadUs) / 1000;
    return Math.max(nowMs + 1, roomMs) + this.#ports.chance() * 20;
  }

  /** As many slots as make a fair round of the record's writers; the first time one. */
  #slotsWanted(demand: Demand, everyUs: number): number {
    if (this.#mine === undefined) return 1;
    const fair = this.#fairSlots(everyUs, demand.share) + this.#carry;
    const horizon = Math.floor(this.#horizonUs(everyUs) / 2 / everyUs);
    const lanes = this.#lanes.slots(demand, everyUs);
    const { waiting, soon = 0 } = demand;
    const slots = Math.max(1, Math.min(Math.floor(fair), lanes, waiting + soon, horizon));
    this.#carry = Math.min(Math.max(fair - slots, -1), 1);
    return slots;
  }

  #fairSlots(everyUs: number, share: number): number {
    const [least, most] = this.caps.adapt
      ? [P.ADAPTIVE_ROUND_MS, P.ADAPTIVE_ROUND_MS_MAX]
      : [P.ROUND_MS, P.ROUND_MS_MAX];
    const roundMs = Math.min(Math.max((this.#rivals * 1000) / P.RECORD_WRITES_PER_SECOND, least), most);
    const each = (roundMs * 1000) / everyUs / this.#rivals;
    // All of them one tenant's: they weigh the same, whatever was written before they knew of each other.
    if (Math.abs(this.#siblings / this.#rivals - 1) < 0.01) return each;
    // Where tenants have different numbers of workers, the lightest must not be rounded up, the heaviest not run out of lanes.
    const part = (this.#weight * this.#rivals) / this.#weights;
    if (Math.abs(part - 1) < 0.05) return each;
    return part * Math.max(Math.min(each, share / P.UNEVEN_SLOTS_PART), P.UNEVEN_SLOTS_MIN);
  }

  #horizonUs(everyUs: number): number {
    if (!this.caps.adapt) return P.HORIZON_MS * 1000;
    return Math.min(Math.max(P.ADAPTIVE_HORIZON_MS * 1000, 4 * everyUs), P.HORIZON_MS * 1000);
  }

  async #report(): Promise<void> {
    const feedback = this.#taken();
    const pauseUs = this.#pauseUntilUs;
    try {
      const told = pauseUs === undefined ? feedback : { ...feedback, pauseUs };
      if (pauseUs === undefined && feedback.windows.size === 0) await this.#look();
      else this.#see(await report(this.#ports.pace, this.host, told));
      if (this.#pauseUntilUs === pauseUs) this.#pauseUntilUs = undefined;
    } catch (error) {
      this.#account.putBack(feedback);
      throw error;
    }
  }

  async #look(): Promise<void> {
    this.#see(readRecord(await this.#ports.pace.get(paceKey(this.host))));
  }

  #taken(): ReturnType<Account['take']> {
    this.#reportAtMs = Infinity;
    return this.#account.take();
  }

  #hold(interval: Interval): void {
    const last = this.#held.at(-1);
    if (last !== undefined && last.untilUs === interval.fromUs) last.untilUs = interval.untilUs;
    else this.#held.push(interval);
    this.#obey();
  }

  #see(record: HostRecord): void {
    this.#record = record;
    this.#contactMs = this.#ports.clock.now();
    this.#obey();
  }

  /** A stop, a pause or an open breaker voids what was reserved. */
  #obey(): void {
    const { opStop, control, pausedUs } = this.#record;
    if (opStop || control.phase === 'open') this.#held = [];
    this.#held = this.#held.filter(({ untilUs }) => untilUs > pausedUs);
    const first = this.#held[0];
    if (first !== undefined && first.fromUs < pausedUs) this.#nextUs = Math.max(this.#nextUs, pausedUs);
  }

  /** Whoever sees that it is time decides; of several who do, one commits. */
  async #steer(): Promise<void> {
    if (!this.caps.adapt && !isBroken(this.#record)) return;
    const next = decide(this.#record, Math.round(this.#ports.clock.now() * 1000));
    if (next === undefined) return;
    const before = next.epoch - 1;
    const same: Condition = before === 0 ? { absent: 'ep' } : { eq: ['ep', before] };
    const written = await this.#ports.pace.update(paceKey(this.host), controlChange(next), same);
    this.#see(readRecord(written.item));
  }
}
