/** The pages that are measured: real ones of Debian's manuals where they are installed, and made ones of kinds that manuals lack. */
import { globSync, readFileSync } from 'node:fs';

export interface ServedPage {
  path: string;
  type: string;
  body: Buffer;
}
export type PageSet = 'manuals' | 'lists' | 'large' | 'mixed' | 'json';

/** Packages python3-doc, postgresql-doc-15 and sqlite3-doc: written by three different generators. */
const MANUALS = ['/usr/share/doc/python3-doc/html', '/usr/share/doc/postgresql-doc-15/html', '/usr/share/doc/sqlite3'];
const HTML = 'text/html; charset=utf-8';

/** `count` pages; a small set is served again under other addresses. */
export function pagesOf(set: PageSet, count: number): ServedPage[] {
  const distinct = MAKERS[set]();
  if (distinct.length === 0) throw new Error('no manuals: apt-get install python3-doc postgresql-doc-15 sqlite3-doc');
  return Array.from({ length: count }, (_, i) => {
    const page = distinct[i % distinct.length];
    if (page === undefined) throw new Error('no page');
    return { ...page, path: `/${String(Math.floor(i / distinct.length))}${page.path}` };
  });
}

const MAKERS: Record<PageSet, () => ServedPage[]> = { manuals, lists, large, mixed, json };

/** Evenly drawn from each manual, so that a smaller count has the same mixture. */
function manuals(): ServedPage[] {
  const files = MANUALS.map((dir) =>
    globSync('**/*.html', { cwd: dir })
      .sort()
      .map((file) => ({ dir, file })),
  );
  const longest = Math.max(...files.map(({ length }) => length));
  const mixed = files.flatMap((list, manual) =>
    list.map((entry, i) => ({ ...entry, manual, at: (i * longest) / list.length })),
  );
  return mixed
    .sort((a, b) => a.at - b.at || a.manual - b.manual)
    .map(({ dir, file, manual }) => ({
      path: `/m${String(manual)}/${file.split('/').map(encodeURIComponent).join('/')}`,
      type: HTML,
      body: readFileSync(`${dir}/${file}`),
    }));
}

const item = (n: number): string =>
  `<li class="card" data-id="${String(n)}"><a class="title" href="/item/${String(n)}?ref=list&amp;pos=${String(n)}"><img src="/img/${String(n)}.webp" alt="">Thing no. ${String(n)} &ndash; blue</a>` +
  `<div class="price"><span class="was">${String(n)}.99</span> <b class="now">${String(n)}.49</b> EUR</div><p class="stock in">In stock</p></li>\n`;
const page = (title: string, body: string): Buffer =>
  Buffer.from(
    `<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>${title}</title><style>.card{color:red}</style></head><body><h1>${title}</h1>\n${body}</body></html>\n`,
  );

/** Shop-like lists and tables, about 100 KB each. */
function lists(): ServedPage[] {
  return Array.from({ length: 20 }, (_, i) => {
    const cards = Array.from({ length: 250 }, (_x, n) => item(n + i)).join('');
    const rows = Array.from(
      { length: 200 },
      (_x, n) => `<tr><th>row ${String(n)}<td>${String(n * i)}<td><a href=r${String(n)}>more</a></tr>`,
    ).join('');
    return {
      path: `/list/${String(i)}`,
      type: HTML,
      body: page(`List ${String(i)}`, `<ul>${cards}</ul><h2>Table</h2><table>${rows}</table>`),
    };
  });
}

/** 1 to 5 MB. */
function large(): ServedPage[] {
  return Array.from({ length: 5 }, (_, i) => {
    const cards = Array.from({ length: (i + 1) * 2_800 }, (_x, n) => item(n)).join('');
    return { path: `/large/${String(i)}`, type: HTML, body: page(`Large ${String(i)}`, `<ul>${cards}</ul>`) };
  });
}

/** Of a hundred pages of the manuals one gives way to one of 50 MB. */
function mixed(): ServedPage[] {
  const huge = page('Huge', `<ul>${Array.from({ length: 175_000 }, (_, n) => item(n)).join('')}</ul>`);
  return manuals()
    .slice(0, 1_000)
    .map((one, i) => (i % 100 === 50 ? { path: `/huge/${String(i)}`, type: HTML, body: huge } : one));
}

/** Pages of an API: 100 items, about 16 KB. */
function json(): ServedPage[] {
  return Array.from({ length: 50 }, (_, i) => {
    const items = Array.from({ length: 100 }, (_x, n) => ({
      id: i * 100 + n, name: `Thing no. ${String(n)}`, price: { amount: n + 0.5, currency: 'EUR' }, tags: ['a', 'b'], url: `/item/${String(n)}`, description: 'Lorem ipsum dolor sit amet, consectetur',
    })); // prettier-ignore
    return {
      path: `/api/${String(i)}`,
      type: 'application/json',
      body: Buffer.from(JSON.stringify({ items, next: null })),
    };
  });
}
