/** The extraction engines alone on the manuals' pages: no network, no writing. */
import { createRequire } from 'node:module';
import { parseDocument } from 'htmlparser2';
import { selectAll, selectOne } from 'css-select';
import { isTag } from 'domhandler';
import { getAttributeValue, textContent } from 'domutils';
import { parse } from 'parse5';
import { domEngine } from '#extract/dom-engine.ts';
import { markupEngine } from '#extract/markup-engine.ts';
import type { MarkupQuery } from '#extract/markup.ts';
import { pagesOf } from './pages.ts';

const PAGES = 1_000;
const QUERY: MarkupQuery = {
  each: undefined,
  picks: [
    { css: 'title', reading: { as: 'text' }, all: false },
    { css: 'h1, h2', reading: { as: 'text' }, all: true },
    { css: 'a[href]', reading: { as: 'attribute', name: 'href' }, all: true },
  ],
  links: undefined,
  next: undefined,
  base: true,
};

export interface EngineFigure {
  name: string;
  pagesPerCpuSecond: number;
}
type Engine = (body: Buffer) => unknown;

export async function measureEngines(rounds: number): Promise<{ figures: EngineFigure[]; text: string; kb: number }> {
  const bodies = pagesOf('manuals', PAGES).map(({ body }) => body);
  const engines = new Map<string, Engine>([...(await own()), ...(await peers())]);
  const seconds = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, engine] of engines) {
      const before = process.cpuUsage();
      for (const body of bodies) engine(body);
      const { user, system } = process.cpuUsage(before);
      seconds.set(name, [...(seconds.get(name) ?? []), (user + system) / 1e6]);
    }
  }
  const figures = [...seconds].map(([name, runs]) => {
    const sorted = runs.toSorted((a, b) => a - b);
    return { name, pagesPerCpuSecond: PAGES / (sorted[Math.floor(sorted.length / 2)] ?? Infinity) };
  });
  const kb = bodies.reduce((sum, { length }) => sum + length, 0) / PAGES / 1_024;
  const text = figures.map(
    ({ name, pagesPerCpuSecond }) => `${name.padEnd(34)} ${pagesPerCpuSecond.toFixed(0)} pages per CPU second`,
  );
  return { figures, kb, text: `engines alone, ${String(PAGES)} pages of ${kb.toFixed(0)} KB\n${text.join('\n')}` };
}

async function own(): Promise<[string, Engine][]> {
  const scan = await markupEngine('html', QUERY, []);
  const tree = domEngine('html', QUERY);
  return [
    ['gleaner, scan', (body) => scan({ body, encoding: 'utf-8' }, 'http://127.0.0.1/')],
    ['gleaner, tree', (body) => tree({ body, encoding: 'utf-8' })],
    [
      'htmlparser2 + css-select',
      (body) => {
        const document = parseDocument(body.toString());
        const title = selectOne('title', document);
        return [
          title && textContent(title),
          selectAll('h1, h2', document).map((node) => textContent(node)),
          selectAll('a[href]', document).map((node) => isTag(node) && getAttributeValue(node, 'href')),
        ];
      },
    ],
    ['parse5, the tree alone', (body) => parse(body.toString())],
  ];
}

interface Found {
  text(): string;
  attr(name: string): string | undefined;
  toArray(): unknown[];
}
type Load = (html: string) => (css: unknown) => Found;
type ParseHtml = (html: string) => { document: { querySelectorAll(css: string): Iterable<{ textContent: string }> } };

const byCheerio =
  (load: Load): Engine =>
  (body) => {
    const $ = load(body.toString());
    const [heads, links] = [$('h1, h2').toArray(), $('a[href]').toArray()];
    return [$('title').text(), heads.map((head) => $(head).text()), links.map((link) => $(link).attr('href'))];
  };

/** Those that are installed. */
async function peers(): Promise<[string, Engine][]> {
  const require = createRequire(new URL('peers/package.json', import.meta.url));
  try {
    const { load: slim } = (await import(require.resolve('cheerio/slim'))) as { load: Load };
    const { load } = (await import(require.resolve('cheerio'))) as { load: Load };
    const { parseHTML } = (await import(require.resolve('linkedom'))) as { parseHTML: ParseHtml };
    return [
      ['cheerio/slim', byCheerio(slim)],
      ['cheerio', byCheerio(load)],
      [
        'linkedom',
        (body) => {
          const { document } = parseHTML(body.toString());
          const all = (css: string) => [...document.querySelectorAll(css)].map(({ textContent: text }) => text);
          return [all('title'), all('h1, h2'), all('a[href]')];
        },
      ],
    ];
  } catch (error) {
    console.error(`skipped cheerio and linkedom: ${(error as Error).message.split('\n')[0] ?? ''}`);
    return [];
  }
}
