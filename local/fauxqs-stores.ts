/**
 * fauxqs's stores with SQLite under them. Its public start binds every interface and would own the server, so this opens
 * the stores and the router the way that start does. The deep imports hold for the exactly pinned version only.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, RequestListener } from 'node:http';
import type { buildApp as BuildApp, BuildAppOptions } from 'fauxqs';

type Stores = NonNullable<BuildAppOptions['stores']>;
export type SqsStore = Stores['sqsStore'];
export type S3Store = Stores['s3Store'];

interface Persistence {
  db: DatabaseSync;
  updateMessageReady(messageId: string): void;
  load(...stores: [Stores['sqsStore'], Stores['snsStore'], Stores['s3Store']]): void;
  close(): void;
}

export interface FauxqsStores {
  sqs: SqsStore;
  s3: S3Store;
  /** A message to be put in a queue. */
  message: (body: string) => Parameters<NonNullable<ReturnType<SqsStore['getQueueByArn']>>['enqueue']>[0];
  /** Answers one request that came whole or is still coming. */
  handle: RequestListener;
  /** Answers one call of SQS whose body was read. */
  call(
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<{ status: number; headers: OutgoingHttpHeaders; body: Buffer }>;
  close(): Promise<void>;
}

export async function openFauxqs(options: { dir: string; region: string }): Promise<FauxqsStores> {
  const at = import.meta.resolve('fauxqs');
  const [{ buildApp }, { SqsStore }, { SnsStore }, { S3Store }, { PersistenceManager }] = (await Promise.all(
    ['', './sqs/sqsStore.js', './sns/snsStore.js', './s3/s3Store.js', './persistence.js'].map(
      (path) => import(new URL(path, at).href),
    ),
  )) as [
    { buildApp: typeof BuildApp },
    { SqsStore: (new () => Stores['sqsStore']) & { createMessage: FauxqsStores['message'] } },
    { SnsStore: new () => Stores['snsStore'] },
    { S3Store: new () => Stores['s3Store'] },
    { PersistenceManager: new (dir: string) => Persistence },
  ];
  const persistence = new PersistenceManager(options.dir);
  // The operating system keeps what a killed process wrote; only a power cut could cost the last moments.
  persistence.db.exec('PRAGMA synchronous = NORMAL');
  // Uploads that were under way died with their process; kept, their parts would be loaded into memory at each start.
  persistence.db.exec('DELETE FROM s3_multipart_parts; DELETE FROM s3_multipart_uploads');
  // Its own statement breaks a constraint, so that setting a visibility of 0 would fail and lose the message until a restart.
  const ready = persistence.db.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  );
  persistence.updateMessageReady = (messageId) => void ready.run(messageId);
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  // Loading comes before wiring: a wired store would write back what it reads, and so delete the messages of each queue.
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  const owned = persistence as unknown as NonNullable<SqsStore['persistence']> & NonNullable<S3Store['persistence']>;
  stores.sqsStore.persistence = owned;
  stores.s3Store.persistence = owned;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = owned;
  const app = buildApp({ logger: false, defaultRegion: options.region, stores });
  await app.ready();
  return {
    sqs: stores.sqsStore,
    s3: stores.s3Store,
    message: (body) => SqsStore.createMessage(body),
    handle: (request, response) => app.routing(request, response),
    async call(headers, body) {
      const answer = await app.inject({ method: 'POST', url: '/', headers, payload: body });
      return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload };
    },
    async close() {
      await app.close();
      persistence.close();
    },
  };
}
