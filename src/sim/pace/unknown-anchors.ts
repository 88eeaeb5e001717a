/**
 * How others look for a limit, by their documented rules. Each gets what favours it: one process instead of many, and what
 * came back is known everywhere at once (but for `aws each`, which is how that client really runs: one per worker).
 */
import type { Lab } from './lab.ts';
import type { Reply } from './origin.ts';
import type { Timer } from '../virtual-clock.ts';

export const ANCHORS = ['fixed', 'autothrottle', 'crawlee', 'aimd', 'aws', 'aws each'] as const;
export type AnchorName = (typeof ANCHORS)[number];

export const ANCHOR_TITLES: Record<AnchorName, string> = {
  fixed: 'fixed 50 rps',
  autothrottle: 'Scrapy AutoThrottle, N = 8',
  crawlee: 'Crawlee-like back-off, C = 20',
  aimd: 'AIMD, +1 / × 0.5',
  aws: 'AWS adaptive, one shared',
  'aws each': 'AWS adaptive, each worker',
};

interface Rule {
  concurrency: number;
  /** When the next request may leave, seconds. */
  nextAt(now: number): number;
  sent(now: number): void;
  back(reply: Reply, now: number): void;
}

export function startAnchor(name: AnchorName, lab: Lab, concurrency: number, send: () => Reply): void {
  const rules: Record<AnchorName, () => Rule[]> = {
    fixed: () => [new Fixed(concurrency)],
    autothrottle: () => [new AutoThrottle(concurrency)],
    crawlee: () => [new Crawlee()],
    aimd: () => [new Aimd(concurrency)],
    aws: () => [new AwsAdaptive(concurrency)],
    'aws each': () => Array.from({ length: 4 }, () => new AwsAdaptive(concurrency / 4)),
  };
  for (const rule of rules[name]()) new Runner(lab, rule, send);
}

class Runner {
  readonly #lab: Lab;
  readonly #rule: Rule;
  readonly #send: () => Reply;
  #inFlight = 0;
  #timer: Timer | undefined;

  constructor(lab: Lab, rule: Rule, send: () => Reply) {
    [this.#lab, this.#rule, this.#send] = [lab, rule, send];
    this.#pump();
  }

  #pump(): void {
    const rule = this.#rule;
    const now = this.#lab.second;
    while (this.#inFlight < rule.concurrency && rule.nextAt(now) <= now + 1e-7) this.#launch(now);
    this.#timer?.cancel();
    if (this.#inFlight >= rule.concurrency) return;
    const inMs = Math.max(0.001, (rule.nextAt(now) - now) * 1000);
    this.#timer = this.#lab.clock.at(this.#lab.clock.now() + inMs, () => this.#pump());
  }

  #launch(now: number): void {
    this.#rule.sent(now);
    this.#inFlight++;
    const reply = this.#send();
    this.#lab.clock.at(this.#lab.clock.now() + reply.ms, () => {
      this.#inFlight--;
      this.#rule.back(reply, this.#lab.second);
      this.#pump();
    });
  }
}

class Fixed implements Rule {
  readonly concurrency: number;
  protected rate = 50;
  protected lastAt = -Infinity;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
  }

  nextAt(_now: number): number {
    return this.lastAt + 1 / this.rate;
  }

  sent(now: number): void {
    this.lastAt = now;
  }

  back(_reply: Reply, _now: number): void {
    // Whatever comes back, it goes on.
  }
}

/** One more per second without a refusal; halved by one, at most once a second. */
class Aimd extends Fixed {
  protected override rate = 1;
  #raisedAt = 0;
  #cutAt = -Infinity;

  override back(reply: Reply, now: number): void {
    if (reply.kind === 'ok') {
      this.rate += Math.max(0, now - Math.max(this.#raisedAt, this.#cutAt));
      this.#raisedAt = now;
      return;
    }
    this.#raisedAt = now;
    if (now - this.#cutAt < 1) return;
    this.#cutAt = now;
    this.rate = Math.max(0.5, this.rate / 2);
  }
}

const TARGET_CONCURRENCY = 8;

/** docs.scrapy.org, AutoThrottle: the mean of the last delay and latency/N; answers that are no 200 may not shorten it. */
class AutoThrottle extends Fixed {
  protected override rate = 1 / 5;

  override back(reply: Reply, _now: number): void {
    const delay = 1 / this.rate;
    const target = reply.ms / 1000 / TARGET_CONCURRENCY;
    const next = Math.min(60, Math.max(target, (delay + target) / 2));
    if (reply.kind !== 'ok' && next <= delay) return;
    this.rate = 1 / next;
  }
}

/** A 429 pauses the host for Retry-After, or 2 s, doubling up to 60 s until one is accepted. */
class Crawlee implements Rule {
  readonly concurrency = 20;
  #until = 0;
  #refusals = 0;

  nextAt(now: number): number {
    return Math.max(now, this.#until);
  }

  sent(_now: number): void {
    // Only what is in flight is limited.
  }

  back({ kind, retryAfterMs }: Reply, now: number): void {
    if (kind === 'ok') this.#refusals = 0;
    if (kind !== 'limited' || now < this.#until) return;
    const seconds = retryAfterMs === undefined ? Math.min(60, 2 * 2 ** this.#refusals) : retryAfterMs / 1000;
    this.#refusals++;
    this.#until = now + seconds;
  }
}

const BETA = 0.7;
const SCALE = 0.4;
const SMOOTH = 0.8;
const FILL_MIN = 0.5;

/** The SDK's `adaptive` retry mode: a cubic curve towards the last rate that was throttled, a token bucket below it. */
class AwsAdaptive implements Rule {
  readonly concurrency: number;
  #isOn = false;
  #fill = 0;
  #most = 0;
  #tokens = 0;
  #filledAt = 0;
  #measured = 0;
  #count = 0;
  #bucket = 0;
  #lastMax = 0;
  #throttledAt = 0;
  #window = 0;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
  }

  nextAt(now: number): number {
    if (!this.#isOn) return now;
    this.#refill(now);
    return this.#tokens >= 1 - 1e-6 ? now : now + (1 - this.#tokens) / this.#fill;
  }

  sent(_now: number): void {
    if (this.#isOn) this.#tokens--;
  }

  back(reply: Reply, now: number): void {
    this.#measure(now);
    let rate: number;
    if (reply.kind !== 'ok' && reply.isNoise !== true) {
      const used = this.#isOn ? Math.min(this.#measured, this.#fill) : this.#measured;
      this.#lastMax = used;
      this.#window = Math.cbrt((used * (1 - BETA)) / SCALE);
      this.#throttledAt = now;
      rate = used * BETA;
      this.#isOn = true;
    } else {
      this.#window = Math.cbrt((this.#lastMax * (1 - BETA)) / SCALE);
      rate = SCALE * (now - this.#throttledAt - this.#window) ** 3 + this.#lastMax;
    }
    this.#set(Math.min(rate, 2 * this.#measured), now);
  }

  #set(rate: number, now: number): void {
    this.#refill(now);
    this.#fill = Math.max(rate, FILL_MIN);
    this.#most = Math.max(rate, 1);
    this.#tokens = Math.min(this.#tokens, this.#most);
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) * this.#fill);
    this.#filledAt = now;
  }

  #measure(now: number): void {
    this.#count++;
    const bucket = Math.floor(now * 2) / 2;
    if (bucket <= this.#bucket) return;
    this.#measured = (this.#count / (bucket - this.#bucket)) * SMOOTH + this.#measured * (1 - SMOOTH);
    this.#count = 0;
    this.#bucket = bucket;
  }
}
