/** What the shop offers to machines: robots.txt, sitemaps, a JSON API, a CSV export. `origin` is the shop's own address. */
import { gzipSync } from 'node:zlib';
import { AUTHORS, BOOKS_ALL, ZH_BOOKS } from './catalogue.ts';
import { escape, priceOf } from './pages.ts';

export const API_PAGE_SIZE = 50;

export const robotsTxt = (origin: string): string => `User-agent: *
Disallow: /private/

Sitemap: ${origin}/sitemap.xml
`;

const XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"';
const urlset = (urls: string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<urlset ${XMLNS}>\n${urls.map((url) => `<url><loc>${escape(url)}</loc></url>`).join('\n')}\n</urlset>\n`;

export const sitemapIndex = (origin: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<sitemapindex ${XMLNS}>
<sitemap><loc>${origin}/sitemap-books.xml.gz</loc></sitemap>
<sitemap><loc>${origin}/sitemap-pages.xml</loc></sitemap>
</sitemapindex>
`;
export const bookSitemap = (origin: string): Buffer =>
  gzipSync(urlset(BOOKS_ALL.map((book) => `${origin}/book/${String(book.id)}`)));
export const pageSitemap = (origin: string): string =>
  urlset([
    ...AUTHORS.map(({ slug }) => `${origin}/author/${slug}`),
    ...ZH_BOOKS.map(({ id }) => `${origin}/zh/${String(id)}`),
  ]);

/** One page of books; `next` is absolute, and null on the last page. */
export function apiBooks(origin: string, page: number): string | undefined {
  const pages = Math.ceil(BOOKS_ALL.length / API_PAGE_SIZE);
  if (!Number.isInteger(page) || page < 1 || page > pages) return undefined;
  const items = BOOKS_ALL.slice((page - 1) * API_PAGE_SIZE, page * API_PAGE_SIZE).map((book) => ({
    id: book.id,
    title: book.title,
    author: { name: book.author.name, url: `${origin}/author/${book.author.slug}` },
    price: { amount: book.priceCents / 100, currency: 'EUR' },
    inStock: book.stock > 0,
    published: book.published,
  }));
  return JSON.stringify({
    total: BOOKS_ALL.length,
    items,
    next: page < pages ? `${origin}/api/books?page=${String(page + 1)}` : null,
  });
}

export const booksCsv = (): string => {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const rows = BOOKS_ALL.map((book) =>
    [
      String(book.id),
      quoted(book.title),
      quoted(book.author.name),
      priceOf(book),
      String(book.pages),
      book.published,
    ].join(','),
  );
  return `${['id,title,author,price,pages,published', ...rows].join('\r\n')}\r\n`;
};
