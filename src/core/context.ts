/** What steps are given: the ports of the world they run in. Each step names the ones it uses by `Pick`. */
import type {
  Chance,
  EventBus,
  Mails,
  WebhookKeys,
  Clock,
  DeadMessages,
  Fetcher,
  Log,
  Meter,
  Objects,
  Orchestrator,
  Robots,
  Secrets,
  Schedules,
  ShardQueue,
  Signer,
  Table,
  Extractor,
  FetchResult,
} from './ports.ts';
import type { GroupPorts } from './pace/budgets.ts';
import type { SwitchBoard } from './switches.ts';
import type { ExtractSpec, NextRule } from './task.ts';
import type { FailReason } from './ledger.ts';

export interface Context {
  region: string;
  table: Table;
  /** The pace table: regional. */
  pace: Table;
  objects: Objects;
  queue: ShardQueue;
  /** Workers that the stage runs at a time, over all tenants. */
  workersMax: number;
  deadMessages: DeadMessages;
  signer: Signer;
  secrets: Secrets;
  orchestrator: Orchestrator;
  schedules: Schedules;
  events: EventBus;
  /** Undefined on a stage that has no sender. */
  mails: Mails | undefined;
  webhookKeys: WebhookKeys;
  /** What the operator has switched off. */
  switches: SwitchBoard;
  clock: Clock;
  chance: Chance;
  log: Log;
  meter: Meter;
}

/** What a task asks of the extraction engine. */
export interface ExtractPlan {
  extract: ExtractSpec;
  /** CSS of the links a crawl follows. */
  links?: string;
  /** Where a `follow` source names its next page. */
  next?: NextRule;
}
export type CompileExtractor = (plan: ExtractPlan) => Promise<Extractor>;

export type SitemapEntry =
  { kind: 'url'; url: string } | { kind: 'failed'; url: string; reason: FailReason; detail: string };
/** Streams the targets a sitemap names; throws `SourceFailure` when the root itself cannot be read. */
export type ReadSitemap = (
  spec: { url: string } | { robots: string },
  fetch: (url: string) => Promise<FetchResult>,
) => AsyncIterable<SitemapEntry>;

/** A source that cannot be read: ends the run as FAILED with this as its error. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
}

/** A source that may not be read now, by the operator's word: the run waits for it. */
export class SourceHeld extends Error {
  override readonly name = 'SourceHeld';
}

/** Ports for steps that send requests. */
export interface Outgoing extends GroupPorts {
  fetcher: Fetcher;
  robots: Robots;
  userAgent: string;
}
