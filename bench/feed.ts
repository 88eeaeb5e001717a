/**
 * `node bench/feed.ts`: what reading a product feed of 50 MB takes, XML record by record, in time and in memory beside the body.
 * `--whole`: with a selector for which the whole document has to be a tree, which is refused for its size.
 */
import { setFlagsFromString } from 'node:v8';
import { compileExtractor } from '#extract/compile.ts';

const BYTES = 50e6;
const item = (n: number): string =>
  `<item><g:id>${String(n)}</g:id><title>Thing no. ${String(n)}, blue &amp; gr\u00fcn</title><link>https://shop.example/p/${String(n)}</link>` +
  `<g:price>${String((n % 1000) / 10)} EUR</g:price><description><![CDATA[${'Lorem ipsum dolor sit amet '.repeat(6)}]]></description></item>\n`;

const body = Buffer.alloc(BYTES);
let length = body.write('<?xml version="1.0" encoding="utf-8"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>');
let items = 0;
for (let next = item(0); length + next.length + 100 < BYTES; next = item(++items)) length += body.write(next, length);
length += body.write('</channel></rss>', length);

// As a worker's process is (lambdas/contract.ts).
setFlagsFromString('--max-semi-space-size=8');
const extractor = await compileExtractor({
  extract: {
    format: 'xml',
    each: process.argv.includes('--whole') ? 'item:not(:has(x))' : 'item',
    fields: {
      id: String.raw`g\:id`,
      title: 'title',
      link: { css: 'link', as: 'url' },
      price: { css: String.raw`g\:price`, match: String.raw`[\d.]+`, as: 'number' },
    },
    keepBody: 'none',
  },
});
const before = process.memoryUsage().rss;
const url = 'https://shop.example/feed.xml';
const from = performance.now();
const made = await extractor.extract({
  url,
  finalUrl: url,
  headers: { 'content-type': 'application/xml' },
  body: body.subarray(0, length),
});
const seconds = (performance.now() - from) / 1000;
const said = made.ok ? `${String(made.records.length)} records of ${String(items)} items` : made.detail;
const beside = ((process.resourceUsage().maxRSS * 1024 - before) / 1e6).toFixed(0);
console.log(
  `${(length / 1e6).toFixed(0)} MB: ${said}; ${seconds.toFixed(2)} s, ${beside} MB beside the body and the program`,
);
