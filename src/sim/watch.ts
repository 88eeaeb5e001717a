/** Sees every write, request and end of a simulation and holds them against the invariants. */
import { BATCH_MS_MAX, BATCH_STRETCH, RUN_CHECK_MS } from '#core/limits.ts';
import { BUCKETS } from '#core/ledger.ts';
import { ledgerObject } from '#core/manifest.ts';
import { commitName, fileName, fileObject, linksObject, paceKey, shardKey, targetsObject } from '#core/names.ts';
import type { RunView } from '#core/operations.ts';
import type { FetchResult, Item, Log } from '#core/ports.ts';
import { asRun, asShard, type CommitRow, type RunRow, type ShardRow } from '#core/rows.ts';
import { isEnded } from '#core/run.ts';
import { createHash } from 'node:crypto';
import { checkRunWrite, checkShard, checkShardWrite } from './check-rows.ts';
import { INVARIANTS, violation, type Violation } from './invariants.ts';
import { taskOf, TENANT } from './scenario.ts';
import { isTrouble, type Actor } from './actor.ts';
import type { World } from './world.ts';
import type { SweepAnswer } from '#core/steps/sweep.ts';
import type { WebWatch } from './web.ts';
import type { Written } from './memory-table.ts';

/** CONTRACT: no request leaves later than this after an answered stop or pause. */
const REST_MS = 5_000;
/** Latencies of a handful of calls where nothing is wrong. */
const USUAL_MS = 1_000;
/** A worker that nears the end of its time commits a little later (see `Session`). */
const LAST_MS = 30_000;

const AT_WORK = new Set<string>(['PLANNING', 'RUNNING', 'PAUSED']);

interface RunTrack {
  row: RunRow;
  /** Since when no request may leave; undefined while it runs. */
  restsSince: number | undefined;
  /** A lease was lost, or a worker of the release before took part: then requests of two owners may overlap. */
  isDoubled: boolean;
  /** Leases that ended with their worker's death, not by poison, by shard. */
  deaths: Map<string, number>;
  /** It was stopped, timed out or given up in some era. */
  wasCutShort: boolean;
  /** When nothing of it was due any more. */
  settledAt: number | undefined;
}
interface ShardTrack {
  shardId: string;
  /** What it holds; unknown of a `follow`. */
  urls: Set<string>;
  owner: { actor: Actor; epoch: number } | undefined;
  /** Answers that no commit has: URL → when they came. */
  fresh: Map<string, number>;
  committed: Set<string>;
  /** Requests that were not given up, by URL, since the shard was opened. */
  asked: Map<string, number>;
  /** Leases that ended without putting down what they knew. */
  lost: number;
}

export class Watch implements WebWatch {
  readonly #world: World;
  readonly runs = new Map<string, RunTrack>();
  readonly #shards = new Map<string, ShardTrack>();
  /** Of one worker: as many as its stream has open. */
  readonly #leases = new Map<Actor, Set<ShardTrack>>();
  /** Requests on the wire by run and host. */
  readonly #inFlight = new Map<string, Actor[]>();
  readonly #keys = new Map<Actor, string>();
  /** Who finishes for which execution of its run. */
  readonly #finishers = new Map<Actor, number>();
  readonly #created = new Map<string, Set<string>>();
  /** Requests by host, as they left. */
  readonly requests = new Map<string, number[]>();
  /** Intervals granted in a row, by pace record. */
  readonly #granted = new Map<string, { actor: Actor | undefined; untilUs: number }[]>();
  readonly violations: Violation[] = [];
  /** Objects, and when they were last written. */
  readonly written = new Map<string, number>();
  /** Rare things that came to pass: what → how often. */
  readonly seen = new Map<string, number>();
  targets = 0;
  onEnded: ((run: RunRow) => void) | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  violate(...found: Violation[]): void {
    for (const each of found) {
      this.#world.history.add(this.#world.clock.now(), WATCH, `VIOLATION ${each.name}`, () => each.text);
      this.violations.push(each);
    }
  }

  saw(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  // ---------------------------------------------------------------- writes

  wrote(actor: Actor | undefined, { before, after }: Written): void {
    if (after === undefined || actor === undefined) return;
    if (after.kind === 'run') this.#wroteRun(actor, before && asRun(before), asRun(after));
    if (after.kind === 'shard') this.#wroteShard(actor, before && asShard(before), asShard(after));
  }

  #wroteRun(actor: Actor, before: RunRow | undefined, after: RunRow): void {
    this.violate(...checkRunWrite(before, after));
    const now = this.#world.clock.now();
    const track = this.runs.get(after.runId) ?? {
      ...{
        row: after,
        restsSince: undefined,
        isDoubled: false,
        deaths: new Map<string, number>(),
        wasCutShort: false,
        settledAt: undefined,
      },
    };
    this.runs.set(after.runId, track);
    track.row = after;
    if (before === undefined) this.#createdRun(actor, after);
    track.settledAt = after.dueAt === undefined ? (track.settledAt ?? now) : undefined;
    if (after.stopReason !== undefined || after.ending !== undefined) track.wasCutShort = true;
    if (before?.state === after.state) return;
    const attempt = this.#finishers.get(actor);
    if (attempt !== undefined && attempt !== after.attempt)
      this.violate(
        violation('endedByOwn', `execution ${String(attempt)} moved run ${after.runId} of ${String(after.attempt)}`),
      );
    this.#world.history.add(now, actor, `run ${after.runId.slice(-4)} is ${after.state}`);
    if (after.state === 'PAUSED') this.saw('paused');
    if (after.state === 'RUNNING') track.restsSince = undefined;
    else if (before?.state === 'RUNNING') track.restsSince = now;
    this.#checkOverlap(after);
    this.#checkQuota();
    if (isEnded(after.state)) this.onEnded?.(after);
  }

  /** This invocation was called by an execution of a run. */
  finishes(actor: Actor, attempt: number): void {
    this.#finishers.set(actor, attempt);
  }

  #createdRun(actor: Actor, run: RunRow): void {
    const key = this.#keys.get(actor);
    if (key === undefined) return;
    const ids = this.#created.get(key) ?? new Set();
    this.#created.set(key, ids.add(run.runId));
    if (ids.size > 1) this.violate(violation('onceCreatesOne', `${key} created ${[...ids].join(', ')}`));
  }

  #checkQuota(): void {
    const atWork = [...this.runs.values()].filter(({ row }) => AT_WORK.has(row.state));
    const most = this.#world.scenario.runsAtOnce;
    if (most !== null && atWork.length > most)
      this.violate(
        violation('quotaKept', `${atWork.map(({ row }) => row.runId).join(', ')} with a quota of ${String(most)}`),
      );
  }

  #checkOverlap({ taskId, overlap }: RunRow): void {
    if (overlap === undefined) return;
    const atWork = [...this.runs.values()].filter(
      ({ row }) => row.taskId === taskId && row.overlap !== undefined && AT_WORK.has(row.state),
    );
    if (atWork.length > 1)
      this.violate(
        violation('oneRunPerTask', `${taskId}: ${atWork.map(({ row }) => `${row.runId} ${row.state}`).join(', ')}`),
      );
  }

  #wroteShard(actor: Actor, before: ShardRow | undefined, after: ShardRow): void {
    const track = this.#trackOf(after);
    if (before === undefined) return this.violate(...checkShard(after));
    const now = this.#world.clock.now();
    const holds = track.owner?.actor === actor ? track.owner.epoch : undefined;
    this.violate(...checkShardWrite(before, after, { kind: actor.kind, holds, nowMs: now + actor.skewMs }));
    if (after.state !== before.state) this.saw(`shard ${after.state}`);
    if (actor.kind === 'work' && before.state === 'LEASED' && after.epoch > before.epoch) this.saw('lease taken over');
    if (actor.kind === 'work' && after.epoch > before.epoch) this.#inherited(actor, after);
    if (actor.kind === 'finish' && after.epoch > before.epoch) this.saw('fenced');
    if (after.lags === true && before.lags !== true) this.saw('stream went on');
    if (after.first === true && before.first !== true) this.saw('stream split');
    if (after.commits.length > 1 && after.state === 'DONE') this.saw('several commits');
    const isReopened = before.state === 'DONE' && after.state !== 'DONE';
    const added = isReopened ? after.commits : after.commits.slice(before.commits.length);
    for (const commit of added) this.#checkObjects(after, commit);
    if (isReopened) {
      track.committed.clear();
      track.asked.clear();
    }
    for (const commit of added) this.#committed(track, actor, after, commit);
    if (after.epoch > before.epoch && after.state === 'LEASED') this.#leased(track, actor, after);
    else if (after.state !== 'LEASED') this.#leased(track, undefined, after);
  }

  #trackOf({ pk, sk, shardId }: ShardRow): ShardTrack {
    const id = `${pk} ${sk}`;
    const known = this.#shards.get(id);
    if (known) return known;
    const rest = { fresh: new Map(), committed: new Set<string>(), asked: new Map(), lost: 0 };
    const track: ShardTrack = { shardId, urls: new Set(), owner: undefined, ...rest };
    this.#shards.set(id, track);
    return track;
  }

  #urlsOf({ tenant, runId, shardId }: ShardRow): Set<string> {
    const stored = this.#world.objects.stored.get(targetsObject(tenant, runId, shardId));
    const lines = stored === undefined ? [] : new TextDecoder().decode(stored).split('\n').filter(Boolean);
    return new Set(lines.map((line) => (JSON.parse(line) as { url: string }).url));
  }

  /** The shard for which a worker asks for a target. */
  #leaseOf(actor: Actor, url: string): ShardTrack | undefined {
    const all = [...(this.#leases.get(actor) ?? [])];
    return all.find(({ urls }) => urls.has(url)) ?? all[0];
  }

  #leased(track: ShardTrack, actor: Actor | undefined, shard: ShardRow): void {
    const { epoch, runId } = shard;
    if (actor && track.urls.size === 0) track.urls = this.#urlsOf(shard);
    if (track.owner) {
      this.#leases.get(track.owner.actor)?.delete(track);
      // It may have lost its answers to its own troubles as well.
      if (actor !== undefined || track.owner.actor.troubles.length > 0) {
        track.lost++;
        const run = this.runs.get(runId);
        if (run) run.isDoubled = true;
      }
    }
    track.owner = actor && { actor, epoch };
    track.fresh.clear();
    if (actor) this.#leases.set(actor, (this.#leases.get(actor) ?? new Set()).add(track));
    // Its claim was the last that it did.
    if (actor?.isGone) this.#diedHolding(actor, track);
  }

  /** The ledger object tells whose ends the commit holds. */
  #committed(track: ShardTrack, actor: Actor, shard: ShardRow, commit: CommitRow): void {
    const bytes = this.#world.objects.stored.get(ledgerObject(shard, commit));
    if (bytes === undefined || commit.l === 0) return;
    const now = this.#world.clock.now();
    for (const line of new TextDecoder().decode(bytes).split('\n')) {
      if (line === '') continue;
      const { url, attempts } = JSON.parse(line) as { url: string; attempts: number };
      const at = track.fresh.get(url);
      if (at !== undefined) this.#checkAge(actor, shard.commits.length - 1, url, at, now);
      if (attempts > 0) track.committed.add(url);
      track.fresh.delete(url);
    }
  }

  /** What a parked shard has kept belongs to whoever takes it next. */
  #inherited(actor: Actor, { epoch, held }: ShardRow): void {
    if (held?.epoch !== epoch - 1) return;
    for (const [budget, intervals] of Object.entries(held.by))
      for (const granted of this.#granted.get(paceKey(budget).pk) ?? [])
        for (const [fromMs, untilMs] of intervals)
          if (granted.untilUs > fromMs * 1000 && granted.untilUs <= untilMs * 1000 + 1) granted.actor = actor;
  }

  #checkObjects(shard: ShardRow, commit: CommitRow): void {
    const { tenant, runId, shardId } = shard;
    const name = commitName(shardId, commit.e, commit.q);
    const has = (key: string, hash?: string): void => {
      const bytes = this.#world.objects.stored.get(key);
      if (bytes === undefined) this.violate(violation('commitNamesObjects', `${key} does not exist`));
      else if (hash !== undefined && createHash('sha256').update(bytes).digest('hex') !== hash)
        this.violate(violation('commitNamesObjects', `${key} has another hash`));
    };
    if (commit.r !== undefined) has(fileObject(tenant, runId, fileName('records', name)), commit.rh);
    if (commit.l > 0) has(ledgerObject(shard, commit), commit.lh);
    if (commit.k !== undefined) has(linksObject(tenant, runId, name));
  }

  /** The pace table: intervals of a timeline, microseconds. */
  paced(actor: Actor | undefined, { before, after, change }: Written): void {
    // Beside the timelines stands what is known of robots.txt.
    if (after?.tat === undefined) return;
    const [was, is] = [Number(before?.tat ?? 0), Number(after.tat)];
    const name = String(after.pk);
    const nowUs = (this.#world.clock.now() + (actor?.skewMs ?? 0)) * 1000;
    const wrong = (what: string): void => this.violate(violation('slotsApart', `${name}: ${what}`));
    const granted = this.#granted.get(name) ?? [];
    this.#granted.set(name, granted);
    if (change?.add?.seq !== undefined) {
      // An interval follows the last one, or begins anew where the timeline had ended.
      const fromUs = change.add.tat === undefined ? nowUs : was;
      if (fromUs < was || fromUs < (granted.at(-1)?.untilUs ?? 0) || is <= was)
        wrong('an interval begins before the last one ends');
      if (fromUs > was) granted.length = 0;
      granted.push({ actor, untilUs: is });
    } else if (is < was) {
      // Back goes what one worker was granted last.
      while ((granted.at(-1)?.untilUs ?? 0) > is)
        if (!isFrom(granted.pop()?.actor, actor)) wrong('what somebody else was granted is given back');
      if ((granted.at(-1)?.untilUs ?? 0) < is) granted.push({ actor, untilUs: is });
    }
    this.#steered(name, before, after);
  }

  /** What control has decided: one epoch after the other, and what came to pass. */
  #steered(name: string, before: Item | undefined, after: Item | undefined): void {
    const [was, is] = [Number(before?.ep ?? 0), Number(after?.ep ?? 0)];
    if (is === was) return;
    if (is !== was + 1) this.violate(violation('paceEpochs', `${name}: epoch ${String(is)} follows ${String(was)}`));
    this.saw(`pace ${String(after?.y)}`);
  }

  // ---------------------------------------------------------------- requests

  requested(actor: Actor, url: string): void {
    const now = this.#world.clock.now();
    const { host, pathname } = new URL(url);
    this.#world.history.add(now, actor, 'asks', () => url);
    if (pathname !== '/robots.txt') this.requests.set(host, [...(this.requests.get(host) ?? []), now]);
    if (actor.kind !== 'work') return;
    const track = this.#leaseOf(actor, url);
    if (track?.committed.has(url) === true)
      this.violate(violation('fetchedOnce', `${url} is asked for again by ${actor.name}, the owner of its shard`));
    if (track && pathname !== '/robots.txt') this.#checkAttempts(actor, track, url);
    if (track?.urls.has(url) === true) this.#checkConcurrency(actor, host);
    this.#checkRest(actor, url, now);
  }

  #checkAttempts(actor: Actor, track: ShardTrack, url: string): void {
    const asked = (track.asked.get(url) ?? 0) + 1;
    track.asked.set(url, asked);
    const run = this.runs.get(actor.about.slice(0, 26));
    const allowed = run && taskOf(this.#world.scenario, run.row).retry.attempts * (1 + track.lost);
    if (allowed !== undefined && asked > allowed)
      this.violate(
        violation('attemptsKept', `${url} is asked for ${String(asked)} times, allowed are ${String(allowed)}`),
      );
  }

  #checkConcurrency(actor: Actor, host: string): void {
    const runId = actor.about.slice(0, 26);
    const run = this.runs.get(runId);
    const key = `${runId} ${host}`;
    const now = [...(this.#inFlight.get(key) ?? []).filter(({ isGone }) => !isGone), actor];
    this.#inFlight.set(key, now);
    if (run === undefined) return;
    if (actor.isOld) run.isDoubled = true;
    const { concurrency } = taskOf(this.#world.scenario, run.row).pace;
    if (now.length > concurrency && !run.isDoubled)
      this.violate(
        violation('concurrencyKept', `${host}: ${String(now.length)} in flight, allowed are ${String(concurrency)}`),
      );
  }

  #checkRest(actor: Actor, url: string, now: number): void {
    const run = this.runs.get(actor.about.slice(0, 26));
    if (run?.restsSince === undefined) return;
    // Who stood still could not look.
    const late = now - Math.max(run.restsSince, actor.awakeAtMs);
    const allowed = REST_MS + actor.delaySince(run.restsSince - 10_000, RUN_CHECK_MS + USUAL_MS);
    if (late > allowed)
      this.violate(
        violation('restKept', `${url} is asked for ${String(Math.round(late))} ms after its run left RUNNING`),
      );
  }

  answered(actor: Actor, url: string, result: FetchResult): void {
    const now = this.#world.clock.now();
    const status = result.ok ? String(result.status) : result.reason;
    this.#world.history.add(now, actor, `gets ${status}`, () => url);
    const flying = this.#inFlight.get(`${actor.about.slice(0, 26)} ${new URL(url).host}`);
    const mine = flying?.indexOf(actor) ?? -1;
    if (mine >= 0 && !url.endsWith('/robots.txt')) flying?.splice(mine, 1);
    const track = this.#leaseOf(actor, url);
    if (!result.ok && result.reason === 'aborted') track?.asked.set(url, (track.asked.get(url) ?? 1) - 1);
    if (result.ok && isLast(result.status) && !url.endsWith('/robots.txt')) track?.fresh.set(url, now);
  }

  slept(actor: Actor): void {
    const { clock, trouble } = this.#world;
    if (trouble.befalls('killedAsleep', trouble.plan.killAsleep, clock.now()))
      clock.at(clock.now() + trouble.between(0, 3_000), () => actor.die('killedAsleep'));
  }

  spins(actor: Actor): void {
    this.violate(violation('nothingSpins', `${actor.name} goes round in circles`));
  }

  poisoned(actor: Actor): void {
    this.#world.trouble.count('poisoned');
    actor.die('poisoned');
  }

  // ---------------------------------------------------------------- ends

  died(actor: Actor): void {
    if (actor.kind === 'work') for (const track of this.#leases.get(actor) ?? []) this.#diedHolding(actor, track);
  }

  #diedHolding(actor: Actor, track: ShardTrack): void {
    const now = this.#world.clock.now();
    const [runId = ''] = actor.about.split(' ');
    const { shardId } = track;
    const shard = this.#world.table.peek(shardKey(TENANT, runId, shardId));
    const commits = shard ? asShard(shard).commits.length : 0;
    for (const [url, at] of track.fresh) this.#checkAge(actor, commits, url, at, now);
    const deaths = actor.death === 'poisoned' ? undefined : this.runs.get(runId)?.deaths;
    deaths?.set(shardId, (deaths.get(shardId) ?? 0) + 1);
  }

  #checkAge(actor: Actor, commits: number, url: string, at: number, now: number): void {
    if (actor.kind !== 'work') return;
    const last = now - actor.bornAt > this.#world.scenario.workerLifeMs - LAST_MS - USUAL_MS ? LAST_MS : 0;
    const allowed =
      BATCH_MS_MAX * BATCH_STRETCH ** commits + 2 * USUAL_MS + last + actor.delaySince(at - 20_000, USUAL_MS);
    if (now - at > allowed)
      this.violate(
        violation('refetchBounded', `${url} was fetched ${String(Math.round(now - at))} ms ago and is not committed`),
      );
  }

  threw(actor: Actor, error: unknown): void {
    if (isTrouble(error)) return;
    const text = error instanceof Error ? error.message : String(error);
    if (EXPECTED.some((each) => each.test(text))) return;
    this.violate(violation('onlyTrouble', `${actor.name}: ${error instanceof Error ? (error.stack ?? text) : text}`));
  }

  /** Steps log the failures they live with: these must be ports' too. */
  logOf(actor: Actor): Log {
    const told = (level: string, message: string, fields: Record<string, unknown> = {}): void => {
      this.#world.history.add(this.#world.clock.now(), actor, `log ${message}`, () => JSON.stringify(fields));
      const { error } = fields;
      if (level !== 'info' && typeof error === 'string' && !/PortTrouble|SourceFailure/.test(error))
        if (!EXPECTED.some((each) => each.test(error)))
          this.violate(violation('onlyTrouble', `${actor.name} logs: ${error}`));
    };
    return {
      info: (message, fields) => told('info', message, fields),
      warn: (message, fields) => told('warn', message, fields),
      error: (message, fields) => told('error', message, fields),
    };
  }

  /** A run as the API tells it, at any moment. */
  viewed({ id, progress }: RunView): void {
    const sum = BUCKETS.reduce((all, bucket) => all + progress[bucket], 0);
    if (progress.discovered !== sum || progress.pending < 0)
      this.violate(violation('totalsAgree', `run ${id} reads ${JSON.stringify(progress)}`));
  }

  /** The first page of its ledger, at any moment: no target is told of twice. */
  listed(runId: string, lines: { url: string; bucket: string }[]): void {
    const own = lines.filter(({ bucket }) => bucket !== 'duplicate' && bucket !== 'excluded').map(({ url }) => url);
    const twice = own.find((url, i) => own.indexOf(url) !== i);
    if (twice !== undefined) this.violate(violation('oneBucket', `run ${runId} lists ${twice} twice`));
  }

  /** What a sweep says that it did. */
  swept(answer: SweepAnswer, begunMs: number): void {
    const { trouble } = this.#world;
    if (trouble.plan.untilMs > 0 || trouble.counts.poisoned !== undefined) return;
    const { shardsResent, runsWoken, runsRestarted } = answer;
    // A worker that is just about to wake its run may find that the sweep was quicker.
    const needless = this.#world.wasAtWork(begunMs) ? 0 : runsWoken;
    if (shardsResent + needless + runsRestarted > 0)
      this.violate(violation('sweepIdle', `nothing went wrong, but the sweep did ${JSON.stringify(answer)}`));
  }

  // ---------------------------------------------------------------- the operator

  keyed(actor: Actor, key: string): void {
    this.#keys.set(actor, key);
  }

  /** Runs that have not ended, or are not settled. */
  get open(): RunRow[] {
    return [...this.runs.values()]
      .map(({ row }) => row)
      .filter((run) => !isEnded(run.state) || run.dueAt !== undefined);
  }

  wasCutShort(runId: string): boolean {
    return this.runs.get(runId)?.wasCutShort === true;
  }

  /** The most deaths, not by poison, that one of its shards has seen. */
  deathsOf(runId: string): number {
    return Math.max(0, ...(this.runs.get(runId)?.deaths.values() ?? []));
  }
}

/** Its own, or what a worker before it has left in the row of a parked shard. */
const isFrom = (granted: Actor | undefined, actor: Actor | undefined): boolean =>
  granted === actor || granted?.isGone === true;

/** Outcomes of races that end in an exception by design: the step is run again and finds out. */
const EXPECTED = [/was taken from finish/, /overtaken by other planners/];
const WATCH = { id: -3, name: 'watch' };
export const sentenceOf = ({ name }: Violation): string => INVARIANTS[name];

/** The target is not asked for again after this answer. */
const isLast = (status: number): boolean => status < 500 && status !== 429;
