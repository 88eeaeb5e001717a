/** Crawlee, tuned: no session pool, no storage on disk, no blocked-page retries, full concurrency from the start. `cheerio` or `http`. */
import { CheerioCrawler, Configuration, log, LogLevel } from '@crawlee/cheerio';
import { HttpCrawler } from '@crawlee/http';
import { finish, recordOf, writeRecord } from '../clients/lines.ts';
import { concurrency, report, urls } from '../clients/measured.ts';

log.setLevel(LogLevel.OFF);
const parses = process.argv[5] !== 'http';
const configuration = new Configuration({
  persistStorage: false,
  purgeOnStart: false,
  memoryMbytes: 4_096,
  availableMemoryRatio: 1,
  maxUsedCpuRatio: 1,
});
const options = {
  minConcurrency: concurrency,
  maxConcurrency: concurrency,
  maxRequestRetries: 0,
  useSessionPool: false,
  persistCookiesPerSession: false,
  retryOnBlocked: false,
  requestHandlerTimeoutSecs: 60,
  preNavigationHooks: [(_context, got) => void (got.http2 = false)],
  failedRequestHandler({ request }) {
    throw new Error(`${request.url}: ${request.errorMessages.join()}`);
  },
  ...(parses ? {} : { additionalMimeTypes: ['application/json'] }),
};
let bytes = 0;
const crawler = parses
  ? new CheerioCrawler(
      { ...options, requestHandler: ({ $, request }) => writeRecord(request.url, recordOf($, request.loadedUrl)) },
      configuration,
    )
  : new HttpCrawler({ ...options, requestHandler: ({ body }) => void (bytes += body.length) }, configuration);
const { requestsFinished } = await crawler.run(urls);
if (requestsFinished !== urls.length) throw new Error(`${requestsFinished} of ${urls.length}, ${bytes} bytes`);
await finish();
report();
process.exit(0);
