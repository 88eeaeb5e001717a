import { describe, expect, it } from 'vitest';
import { parseTask } from '#api/task-schema.ts';
import { SMALL } from './task-documents.ts';

/** Selectors have their own tests in the extract room. */
const options = { check: () => [] };
const errorsOf = (input: unknown): Record<string, string> => {
  const parsed = parseTask(input, options);
  return parsed.ok ? {} : Object.fromEntries(parsed.errors.map(({ path, message }) => [path, message]));
};
const small = (more: object): object => ({ ...SMALL, ...more });
const from = (source: object): object => ({ name: 'small', source });

const URL_RULE = 'expected an absolute http or https URL of at most 8192 characters';
const UNKNOWN_TOP =
  'unknown field; known here: name, description, source, fetch, extract, pace, retry, limits, output, schedule, alerts, priority';
const USERINFO = 'a URL must not hold a user name or password: it would stand in every ledger and log';
const KINDS = 'expected exactly one of urls, list, sitemap, range, crawl, follow';
const range = (variables: object, url = 'https://a.example/{p}'): object => from({ range: { url, ...variables } });
const one = { from: 1, to: 2 };

describe('a refusal says where, what was expected and what arrived', () => {
  it.each<[unknown, string, string]>([
    [undefined, '', 'expected an object, got nothing'],
    [[1], '', 'expected an object, got a list of 1'],
    [small({ colour: 1 }), 'colour', UNKNOWN_TOP],
    [
      { source: SMALL.source },
      'name',
      'expected a name of 1 to 63 lower-case letters, digits and hyphens that starts with a letter or digit, got nothing',
    ],
    [
      small({ name: 'a'.repeat(64) }),
      'name',
      `expected a name of 1 to 63 lower-case letters, digits and hyphens that starts with a letter or digit, got "${'a'.repeat(64)}"`,
    ],
    [from({}), 'source', `${KINDS}, got none`],
    [from({ urls: ['https://a.example/'], list: 's3://bucket/key' }), 'source', `${KINDS}, got urls and list`],
    [from({ urls: [] }), 'source.urls', 'expected a list of 1 to 1000, got a list of 0'],
    [
      from({ urls: Array(1001).fill('https://a.example/') }),
      'source.urls',
      'expected a list of 1 to 1000, got a list of 1001',
    ],
    [from({ urls: ['a.example'] }), 'source.urls[0]', `${URL_RULE}, got "a.example"`],
    [
      from({ urls: [`ftp://a.example/${'x'.repeat(200)}`] }),
      'source.urls[0]',
      `${URL_RULE}, got "ftp://a.example/${'x'.repeat(62)}…`,
    ],
    [
      from({ urls: [`https://a.example/${'x'.repeat(8192)}`] }),
      'source.urls[0]',
      `${URL_RULE}, got "https://a.example/${'x'.repeat(60)}…`,
    ],
    [from({ urls: ['https://me:secret@a.example/'] }), 'source.urls[0]', USERINFO],
    [from({ urls: ['ftp://me:secret@a.example/'] }), 'source.urls[0]', `${URL_RULE}, got "ftp://***@a.example/"`],
    [
      from({ urls: [{ url: 'https://a.example/', method: 'TRACE' }] }),
      'source.urls[0].method',
      'expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, got "TRACE"',
    ],
    [from({ urls: [7] }), 'source.urls[0]', 'expected a URL or an object with url, method, headers, body, got 7'],
    [
      from({ list: 'file:urls.txt' }),
      'source.list',
      'the command line uploads file: lists; the API takes upload: or s3://',
    ],
    [from({ list: 'upload:../x' }), 'source.list', 'expected s3://bucket/key or upload:ID, got "upload:../x"'],
    [
      from({ sitemap: { robots: 'https://a.example/', robot: 1 } }),
      'source.sitemap.robot',
      'unknown field; known here: robots',
    ],
    [range({ p: { from: 5, to: 1 } }), 'source.range.p.to', 'expected at least from (5), got 1'],
    [
      range({ p: { ...one, step: 0 } }),
      'source.range.p.step',
      'expected a whole number from 1 to 9007199254740991, got 0',
    ],
    [range({ p: { ...one, pad: 21 } }), 'source.range.p.pad', 'expected a whole number from 0 to 20, got 21'],
    [range({ p: { ...one, by: 2 } }), 'source.range.p.by', 'unknown field; known here: from, to, step, pad'],
    [
      range({ q: one, p: one }),
      'source.range.url',
      'expected a placeholder {q} for the variable q, got "https://a.example/{p}"',
    ],
    [range({}), 'source.range.p', 'expected a variable for {p} of the URL, got nothing'],
    [
      range({ p: one }, '/{p}'),
      'source.range.url',
      'expected an absolute http or https URL with {placeholders}, got "/{p}"',
    ],
    [range({ p: one }, 'https://{p}:x@a.example/'), 'source.range.url', USERINFO],
    [
      from({ crawl: { seeds: ['https://a.example/'], depth: 100 } }),
      'source.crawl.depth',
      'expected a whole number from 0 to 99, got 100',
    ],
    [
      from({ crawl: { seeds: ['https://a.example/'], scope: 'site' } }),
      'source.crawl.scope',
      'expected one of host, domain, prefix, any, got "site"',
    ],
    [
      from({ follow: { url: 'https://a.example/', next: { json: '$.n', css: 'a' } } }),
      'source.follow.next',
      'expected exactly one of {json}, {css}, {header: link}, got an object with json, css',
    ],
    [from({ urls: ['https://a.example/'], exclude: [''] }), 'source.exclude[0]', 'expected a glob over URLs, got ""'],
    [
      small({ fetch: { headers: { 'a b': 'c' } } }),
      'fetch.headers["a b"]',
      'expected its name to be an HTTP header name, got "a b"',
    ],
    [
      small({ fetch: { headers: { A: 'secret\r\nB: c' } } }),
      'fetch.headers.A',
      'expected a string without CR, LF or NUL, got a string',
    ],
    [
      small({ fetch: { headers: 'Authorization: secret' } }),
      'fetch.headers',
      'expected an object of header names and values, got a string',
    ],
    [small({ fetch: { headers: { a: 'x', A: 'y' } } }), 'fetch.headers.A', 'this header is given twice'],
    [
      small({ fetch: { secretHeaders: { Authorization: 'Bearer abc' } } }),
      'fetch.secretHeaders.Authorization',
      'expected the name of a tenant secret, got a string',
    ],
    [
      small({ fetch: { headers: { 'x-key': 'a' }, secretHeaders: { 'X-Key': 'token' } } }),
      'fetch.secretHeaders.X-Key',
      'this header is given twice',
    ],
    [small({ fetch: { timeoutSeconds: 121 } }), 'fetch.timeoutSeconds', 'expected a number from 1 to 120, got 121'],
    [small({ fetch: { maxBytes: '5MB' } }), 'fetch.maxBytes', 'expected a whole number from 1 to 52428800, got "5MB"'],
    [small({ fetch: { cache: 'reuse' } }), 'fetch.cache', '"reuse" is not available yet; expected "off"'],
    [small({ fetch: { cache: 'revalidate' } }), 'fetch.cache', '"revalidate" is not available yet; expected "off"'],
    [small({ fetch: { cache: 'on' } }), 'fetch.cache', 'expected "off", got "on"'],
    [
      small({ extract: { fields: { price: { css: 'b', as: 'money' } } } }),
      'extract.fields.price.as',
      'expected one of text, html, number, integer, boolean, date, url, got "money"',
    ],
    [
      small({ extract: { fields: { price: { css: 'b', json: '$.b' } } } }),
      'extract.fields.price',
      'expected exactly one of css, json, column, const, got css and json',
    ],
    [
      small({ extract: { fields: { price: { as: 'number' } } } }),
      'extract.fields.price',
      'expected exactly one of css, json, column, const, got none',
    ],
    [small({ extract: { fields: { body: 5 } } }), 'extract.fields.body', 'expected a selector or an object, got 5'],
    [
      small({ extract: { fields: { a: { const: Number.NaN } } } }),
      'extract.fields.a.const',
      'expected a JSON value, got NaN',
    ],
    [
      small({ extract: { format: 'html' } }),
      'extract.fields',
      'expected at least one field, or format: none, got nothing',
    ],
    [
      small({ extract: { format: 'none', fields: { a: 'b' } } }),
      'extract.format',
      'expected a format other than none when there is something to extract, got "none"',
    ],
    [
      small({ extract: { fields: { a: 'b' }, key: ['b'] } }),
      'extract.key[0]',
      'expected the name of one of extract.fields, got "b"',
    ],
    [
      small({ extract: { fields: { a: 'b' }, keepBody: 'all' } }),
      'extract.keepBody',
      '"all" is not available yet; expected "none"',
    ],
    [
      small({ pace: { requestsPerSecond: 0 } }),
      'pace.requestsPerSecond',
      'expected a number from 0.001 to 1000, got 0',
    ],
    [small({ pace: { adapt: 'yes' } }), 'pace.adapt', 'expected true or false, got "yes"'],
    [small({ retry: { attempts: 11 } }), 'retry.attempts', 'expected a whole number from 1 to 10, got 11'],
    [small({ limits: { maxCostUsd: 0 } }), 'limits.maxCostUsd', 'expected a number from 0.0001 to 1000000, got 0'],
    [small({ limits: { maxMinutes: 1.5 } }), 'limits.maxMinutes', 'expected a whole number from 1 to 44640, got 1.5'],
    [small({ output: { format: 'parquet' } }), 'output.format', '"parquet" is not available yet; expected "ndjson"'],
    [small({ output: { documentdb: { collection: 'a' } } }), 'output.documentdb', 'not available yet'],
    [small({ schedule: {} }), 'schedule', 'expected exactly one of cron, every, got none'],
    [
      small({ schedule: { cron: '0 3 * * *', every: '1 day' } }),
      'schedule',
      'expected exactly one of cron, every, got cron and every',
    ],
    ...['0 3 * *', '61 3 * * *', '0 0 3 * * *', '0 0 30 2 *', '@daily', 'soon'].map(
      (cron): [unknown, string, string] => [
        small({ schedule: { cron } }),
        'schedule.cron',
        `expected a cron of five fields that matches some day, like "0 3 * * *", got "${cron}"`,
      ],
    ),
    ...['0 minutes', '1.5 hours', '2 weeks', '999999 days'].map((every): [unknown, string, string] => [
      small({ schedule: { every } }),
      'schedule.every',
      `expected an interval like "15 minutes", "1 hour" or "2 days", got "${every}"`,
    ]),
    [
      small({ schedule: { every: '1 hour', timezone: 'Mars/Base' } }),
      'schedule.timezone',
      'expected an IANA time zone like "Asia/Shanghai", got "Mars/Base"',
    ],
    [small({ alerts: { errorRate: 5 } }), 'alerts.errorRate', 'expected a number from 0 to 1, got 5'],
    [
      small({ alerts: { notify: [{ webhook: 'http://hook.example/secret' }] } }),
      'alerts.notify[0].webhook',
      'expected an https URL, got a string',
    ],
    [
      small({ alerts: { notify: [{ email: 'nobody' }] } }),
      'alerts.notify[0].email',
      'expected a mail address, got "nobody"',
    ],
    [
      small({ alerts: { notify: [{}] } }),
      'alerts.notify[0]',
      'expected exactly one of {webhook}, {email}, got an object',
    ],
    [small({ priority: 'urgent' }), 'priority', 'expected one of low, normal, high, got "urgent"'],
    [JSON.parse('{"name":"a","__proto__":{"x":1}}'), '__proto__', 'unknown field'],
    [
      from({ urls: Array(40).fill(`https://a.example/${'x'.repeat(8000)}`) }),
      '',
      'expected a document of at most 262144 bytes, got 321313; put long lists into an upload',
    ],
  ])('%#', (input, path, message) => {
    expect(errorsOf(input)).toEqual({ [path]: message });
  });
});
