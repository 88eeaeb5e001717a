/** The same records written the same way, for clients on Node that bring no writer of their own. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createGzip } from 'node:zlib';
import { outFile } from './measured.ts';

const gzip = createGzip({ level: 3 });
const file = gzip.pipe(createWriteStream(`${outFile}.gz`));
let held = '';

export function writeRecord(url: string, data: unknown): void {
  held += `${JSON.stringify({ url, data })}\n`;
  if (held.length < 65_536) return;
  gzip.write(held);
  held = '';
}

export async function finish(): Promise<void> {
  const closed = once(file, 'close');
  gzip.end(held);
  await closed;
}

const collapse = (text: string): string => text.replace(/[ \t\n\f\r]+/g, ' ').replace(/^ | $/g, '');
const absolute = (href: string, base: string): string | null =>
  URL.parse(href.replace(/^[ \t\n\f\r]+|[ \t\n\f\r]+$/g, ''), base)?.href ?? null;

interface Found {
  length: number;
  first(): Found;
  text(): string;
  attr(name: string): string | undefined;
  toArray(): unknown[];
}

/** Title, headings and links by cheerio's interface. */
export function recordOf($: (css: unknown) => Found, url: string): unknown {
  const base = absolute($('base[href]').attr('href') ?? '', url) ?? url;
  const title = $('title').first();
  return {
    title: title.length === 0 ? null : collapse(title.text()),
    heads: $('h1, h2')
      .toArray()
      .map((element) => collapse($(element).text())),
    links: $('a[href]')
      .toArray()
      .map((element) => absolute($(element).attr('href') ?? '', base)),
  };
}
