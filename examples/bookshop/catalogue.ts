/** The stock of the demo shop: the same books, authors and quotes on every machine and every day. */

export interface Author {
  slug: string;
  name: string;
  born: number;
}
export interface Book {
  id: number;
  title: string;
  author: Author;
  category: string;
  priceCents: number;
  /** 1..5 */
  rating: number;
  stock: number;
  pages: number;
  isbn: string;
  /** YYYY-MM-DD */
  published: string;
  blurb: string[];
}
export interface Quote {
  text: string;
  author: Author;
  tags: string[];
}
/** A page of the Chinese shelf. */
export interface ZhBook {
  id: number;
  title: string;
  author: string;
  /** Whole yuan. */
  price: number;
  text: string;
}

const BOOKS = 300;
const QUOTES = 100;

/** A small seeded generator (32-bit linear congruential, upper bits): chance without surprises. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
const pick = <T>(chance: (below: number) => number, list: readonly [T, ...T[]]): T =>
  list[chance(list.length)] ?? list[0];

const FIRST = ['Ada', 'Bruno', 'Chiara', 'Dov', 'Elif', 'Femi', 'Greta', 'Hanno'] as const;
const LAST = ['Almqvist', 'Bergmann', 'Castellanos', 'Dvořák', 'Ekström'] as const;
const QUALITY = [
  'Quiet',
  'Borrowed',
  'Salted',
  'Unfinished',
  'Patient',
  'Crooked',
  'Northern',
  'Second',
  'Paper',
  'Late',
] as const;
const THING = [
  'Harbour',
  'Almanac',
  'Orchard',
  'Engine',
  'Ferry',
  'Lantern',
  'Ledger',
  'Map',
  'Winter',
  'Bridge',
] as const;
const PLACE = ['Tromsø', 'Kraków', 'Málaga', 'Galway', 'İzmir', 'Ghent'] as const;
const VERB = ['keeps', 'forgets', 'follows', 'repairs', 'misreads', 'inherits'] as const;

export const CATEGORIES = [
  'travel',
  'crime',
  'poetry',
  'history',
  'science',
  'cooking',
  'music',
  'gardens',
  'sea',
  'children',
] as const;

export const AUTHORS: readonly Author[] = FIRST.flatMap((first, i) =>
  LAST.map((last, j) => ({
    slug: `${first}-${last}`
      .toLowerCase()
      .normalize('NFD')
      .replace(/[^a-z-]/g, ''),
    name: `${first} ${last}`,
    born: 1920 + i * 7 + j * 3,
  })),
);

export const BOOKS_ALL: readonly Book[] = Array.from({ length: BOOKS }, (_, i) => bookOf(i + 1));

export const bookOfId = (id: number): Book | undefined => BOOKS_ALL[id - 1];

function bookOf(id: number): Book {
  const chance = chanceOf(id * 7_919);
  chance(1);
  // Every pair of quality and thing comes three times, each time with another place.
  const at = id - 1;
  const quality = QUALITY[at % 10] ?? QUALITY[0];
  const thing = THING[Math.floor(at / 10) % 10] ?? THING[0];
  const place = PLACE[(Math.floor(at / 100) * 2 + (at % 2)) % PLACE.length] ?? PLACE[0];
  const two = (n: number): string => String(n).padStart(2, '0');
  return {
    id,
    title: `The ${quality} ${thing} of ${place}`,
    author: AUTHORS[(id * 11) % AUTHORS.length] ?? { slug: 'anonymous', name: 'Anonymous', born: 1900 },
    category: CATEGORIES[id % CATEGORIES.length] ?? CATEGORIES[0],
    priceCents: 499 + chance(4_500),
    rating: 1 + chance(5),
    stock: chance(25),
    pages: 96 + chance(620),
    isbn: isbnOf(id),
    published: `${String(1951 + chance(70))}-${two(1 + chance(12))}-${two(1 + chance(28))}`,
    blurb: [
      `A ${quality.toLowerCase()} ${thing.toLowerCase()} near ${place} ${pick(chance, VERB)} what three generations left behind.`,
      `Told over ${String(2 + chance(11))} days & nights, with <maps> by the author.`,
    ],
  };
}

/** A made-up number with a right check digit. */
function isbnOf(id: number): string {
  const digits = `97900${String(id * 1_299).padStart(7, '0')}`;
  const sum = [...digits].reduce((all, digit, i) => all + Number(digit) * (i % 2 === 0 ? 1 : 3), 0);
  return digits + String((10 - (sum % 10)) % 10);
}

export const QUOTES_ALL: readonly Quote[] = Array.from({ length: QUOTES }, (_, i) => {
  const chance = chanceOf(i * 104_729 + 17);
  chance(1);
  const [quality, thing] = [pick(chance, QUALITY).toLowerCase(), pick(chance, THING).toLowerCase()];
  return {
    text: `Nobody ${pick(chance, VERB)} a ${quality} ${thing} twice, and number ${String(i + 1)} least of all.`,
    author: AUTHORS[chance(AUTHORS.length)] ?? { slug: 'anonymous', name: 'Anonymous', born: 1900 },
    tags: [...new Set([thing, pick(chance, CATEGORIES)])],
  };
});

const ZH_TITLES = ['安静的港口', '借来的年历', '未完的果园', '北方的渡船', '纸做的灯笼', '迟到的冬天'] as const;
const ZH_AUTHORS = ['林望舒', '周砚秋', '沈𠮷安'] as const;
export const ZH_BOOKS: readonly ZhBook[] = Array.from({ length: 12 }, (_, i) => ({
  id: i + 1,
  title: `${ZH_TITLES[i % 6] ?? ''}（第${String(1 + Math.floor(i / 6))}卷）`,
  author: ZH_AUTHORS[i % 3] ?? '',
  price: 28 + i * 3,
  text: `这是第${String(i + 1)}本书的简介：海风、旧船票，以及一封没有寄出的信。`,
}));
