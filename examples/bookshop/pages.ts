/** The shop's HTML. Markup as such shops have it: nested, with entities, implied tags and things that are not what they seem. */
import {
  AUTHORS,
  BOOKS_ALL,
  CATEGORIES,
  QUOTES_ALL,
  ZH_BOOKS,
  type Author,
  type Book,
  type ZhBook,
} from './catalogue.ts';

export const BOOKS_PER_PAGE = 20;
export const QUOTES_PER_PAGE = 10;
export const QUOTE_PAGES = QUOTES_ALL.length / QUOTES_PER_PAGE;
const LIST_PAGES = BOOKS_ALL.length / BOOKS_PER_PAGE;

export const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const link = (href: string, text: string): string => `<a href="${href}">${escape(text)}</a>`;
export const priceOf = (book: Book): string => (book.priceCents / 100).toFixed(2);

function page(kind: string, title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escape(title)} | The Lantern Bookshop</title>
<meta name="kind" content="${kind}">
</head>
<body>
<header><p class="shop">${link('/', 'The Lantern Bookshop')}</p>
<nav class="main">${link('/books/', 'All books')} ${link('/authors/', 'Authors')} ${link('/zh/', 'Chinese shelf')} ${link('/quotes/page/1', 'Quotes')}</nav></header>
<main>
${body}
</main>
<footer>A made-up shop for trying things out. ${link('/private/orders', 'Your orders')}</footer>
</body>
</html>
`;
}

export const homePage = (): string =>
  page(
    'home',
    'Welcome',
    `<h1>Welcome</h1>
<ul class="categories">
${CATEGORIES.map((name) => `<li>${link(`/category/${name}`, name)}`).join('\n')}
</ul>`,
  );

const cards = (books: readonly Book[]): string =>
  books
    .map(
      (book) =>
        `<li class="card">${link(`/book/${String(book.id)}`, book.title)} <span class="price">€ ${priceOf(book)}</span>`,
    )
    .join('\n');

export function listPage(number: number): string | undefined {
  if (!Number.isInteger(number) || number < 1 || number > LIST_PAGES) return undefined;
  const books = BOOKS_ALL.slice((number - 1) * BOOKS_PER_PAGE, number * BOOKS_PER_PAGE);
  const next = number < LIST_PAGES ? `<a class="next" rel="next" href="?page=${String(number + 1)}">next</a>` : '';
  return page(
    'list',
    `All books, page ${String(number)}`,
    `<h1>All books</h1>\n<ol class="books">\n${cards(books)}\n</ol>\n${next}`,
  );
}

export function categoryPage(name: string): string | undefined {
  const books = BOOKS_ALL.filter((book) => book.category === name);
  return books.length === 0
    ? undefined
    : page('category', name, `<h1>${escape(name)}</h1>\n<ol class="books">\n${cards(books)}\n</ol>`);
}

export const authorsPage = (): string =>
  page(
    'list',
    'Authors',
    `<h1>Authors</h1>\n<ul>\n${AUTHORS.map(({ slug, name }) => `<li>${link(`/author/${slug}`, name)}`).join('\n')}\n</ul>`,
  );

export const authorPage = (author: Author): string =>
  page(
    'author',
    author.name,
    `<h1>${escape(author.name)}</h1>
<p class="born">Born <time datetime="${String(author.born)}">${String(author.born)}</time>
<h2>Books</h2>
<ul class="books">
${cards(BOOKS_ALL.filter((book) => book.author === author))}
</ul>`,
  );

export function bookPage(book: Book): string {
  const stars = '★'.repeat(book.rating) + '☆'.repeat(5 - book.rating);
  return page(
    'book',
    book.title,
    `<article class="book">
<h1>${escape(book.title)}</h1>
<p class="by">by <a rel="author" href="/author/${book.author.slug}">${escape(book.author.name)}</a>
<div class="offer" data-id="${String(book.id)}">
  <p class="price" data-currency="EUR">€&nbsp;${priceOf(book)}</p>
  <p class="stock">${book.stock === 0 ? 'Out of stock' : `In stock (${String(book.stock)} left)`}</p>
</div>
<p class="rating" title="${String(book.rating)} of 5">${stars}</p>
<table class="facts">
<tr><th>ISBN<td class="isbn">${book.isbn}
<tr><th>Pages<td class="pages">${String(book.pages)}
<tr><th>Published<td><time datetime="${book.published}">${book.published.slice(0, 4)}</time>
</table>
<p class="subject">${link(`/category/${book.category}`, book.category)}
<div class="blurb">
${book.blurb.map((text) => `<p>${escape(text)}`).join('\n')}
</div>
</article>`,
  );
}

export function quotePage(number: number): string | undefined {
  if (!Number.isInteger(number) || number < 1 || number > QUOTE_PAGES) return undefined;
  const quotes = QUOTES_ALL.slice((number - 1) * QUOTES_PER_PAGE, number * QUOTES_PER_PAGE).map(
    ({ text, author, tags }) => `<blockquote class="quote">
<p class="text">“${escape(text)}”
<cite>${link(`/author/${author.slug}`, author.name)}</cite>
<p class="tags">${tags.map((tag) => `<span class="tag">${escape(tag)}</span>`).join(' ')}
</blockquote>`,
  );
  const next =
    number < QUOTE_PAGES ? `<a class="next" rel="next" href="/quotes/page/${String(number + 1)}">more</a>` : '';
  return page('quotes', `Quotes, page ${String(number)}`, `<h1>Quotes</h1>\n${quotes.join('\n')}\n${next}`);
}

/** The Chinese shelf is served as GB18030, and only the document itself says so. */
function zhPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="zh">
<head><meta charset="gb18030"><title>${escape(title)}</title><meta name="kind" content="zh"></head>
<body>
${body}
<p><a href="/">首页</a>
</body>
</html>
`;
}
export const zhIndexPage = (): string =>
  zhPage(
    '中文书架',
    `<h1>中文书架</h1>\n<ul>\n${ZH_BOOKS.map(({ id, title }) => `<li>${link(`/zh/${String(id)}`, title)}`).join('\n')}\n</ul>`,
  );
export const zhBookPage = ({ title, author, price, text }: ZhBook): string =>
  zhPage(
    title,
    `<article class="zh">\n<h1>${escape(title)}</h1>\n<p class="by">${author} 著\n<p class="price">￥${String(price)}\n<p class="text">${text}\n</article>`,
  );
