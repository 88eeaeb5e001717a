/**
 * References resolved against a base by the WHATWG rules. Pages hold hundreds of them and nearly all are plain: letters,
 * digits and a few marks that no rule changes. Those are put together here; everything else is for the URL parser.
 */
import { URL_FRAGMENT, URL_QUERY, URL_SEGMENT, URL_WORD } from './scan/numbers.ts';

/** Of a base: its origin, its path up to the last slash, and the whole without fragment. */
export interface BaseParts {
  origin: string;
  directories: string;
  href: string;
}
let last: { text: string; parts: BaseParts | undefined } = { text: '', parts: undefined };

/** Undefined = every reference is for the parser. */
export function partsOf(base: string): BaseParts | undefined {
  if (base !== last.text) last = { text: base, parts: plainParts(base) ?? parsedParts(base) };
  return last.parts;
}

/** Of a base that the parser would leave as it is, which nearly all are. */
function plainParts(base: string): BaseParts | undefined {
  const own = ownOf(base);
  if (own === undefined || !isPlain(base, own.length - 1)) return undefined;
  const href = upTo('#', base);
  const path = upTo('?', href);
  return { origin: own.slice(0, -1), directories: path.slice(own.length - 1, path.lastIndexOf('/') + 1), href };
}

function upTo(mark: string, text: string): string {
  const at = text.indexOf(mark);
  return at < 0 ? text : text.slice(0, at);
}

/** Documents of one host come one after the other. */
let lastOwn: string | undefined;
function ownOf(base: string): string | undefined {
  if (lastOwn === undefined || !base.startsWith(lastOwn)) {
    const own = OWN.exec(base)?.[0];
    lastOwn = own?.includes('xn--') === true ? undefined : own;
  }
  return lastOwn;
}

function parsedParts(base: string): BaseParts | undefined {
  const url = URL.parse(base);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  return {
    origin: url.origin,
    directories: url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1),
    href: url.hash === '' ? url.href.replace(/#$/, '') : url.href.slice(0, -url.hash.length),
  };
}

const NAME = String.raw`(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9]*`;
const BYTE = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
/** None that is the scheme's own, and none above 65535. */
const PORT = String.raw`(?:(?!:(?:80|443)\/):(?:[1-9]\d{0,3}|[1-5]\d{4}))?`;
const OWN = new RegExp(String.raw`^https?:\/\/(?:${NAME}|${BYTE}(?:\.${BYTE}){3})${PORT}\/`);
const ABSOLUTE = new RegExp(String.raw`^https?:\/\/${NAME}\/`);
/** What may stand where in a plain reference. A segment begins with `URL_WORD`, so that none is `.` or `..`. The scanner's core goes by it too. */
export const kinds = new Uint8Array(128);
for (let byte = 0; byte < 128; byte++) {
  const char = String.fromCharCode(byte);
  if (/[\w~-]/.test(char)) kinds[byte] = URL_WORD | URL_SEGMENT | URL_QUERY | URL_FRAGMENT;
  else if (/[.@:!$*+,;=]/.test(char)) kinds[byte] = URL_SEGMENT | URL_QUERY | URL_FRAGMENT;
  else if (/[/?&]/.test(char)) kinds[byte] = URL_QUERY | URL_FRAGMENT;
  else if (char === '%') kinds[byte] = URL_QUERY;
}
const SLASH = 0x2f;
const QUESTION = 0x3f;
const HASH = 0x23;
const COLON = 0x3a;

/** A path without `.` and `..` among its segments, a query and a fragment. What might be a scheme is not plain. */
function isPlain(reference: string, from: number): boolean {
  const { length } = reference;
  let wanted = URL_WORD;
  let mayBeScheme = true;
  for (let at = from; at < length; at++) {
    const char = reference.charCodeAt(at);
    const kind = char < 128 ? kinds[char]! : 0;
    if (char === COLON && mayBeScheme) return false;
    if (wanted <= URL_SEGMENT) {
      if ((kind & wanted) !== 0) wanted = URL_SEGMENT;
      else if (char === SLASH && (wanted === URL_SEGMENT || at === from)) {
        wanted = URL_WORD;
        mayBeScheme = false;
      } else if (char === QUESTION || char === HASH) {
        wanted = char === HASH ? URL_FRAGMENT : URL_QUERY;
        if (at === from) mayBeScheme = false;
      } else return false;
    } else if ((kind & wanted) === 0) {
      if (char !== HASH || wanted === URL_FRAGMENT) return false;
      wanted = URL_FRAGMENT;
    } else if (char === SLASH) mayBeScheme = false;
  }
  return true;
}

/** Serialised; null for what cannot be parsed. */
export function resolve(reference: string, base: string): string | null {
  return plainly(reference, base) ?? URL.parse(reference, base)?.href ?? null;
}

function plainly(reference: string, base: string): string | undefined {
  const parts = partsOf(base);
  if (parts === undefined) return undefined;
  const absolute = reference.startsWith('http') ? ABSOLUTE.exec(reference) : null;
  if (absolute !== null) {
    return isPlain(reference, absolute[0].length - 1) && !absolute[0].includes('xn--') ? reference : undefined;
  }
  let { directories } = parts;
  let rest = reference;
  while (rest.startsWith('../')) {
    rest = rest.slice(3);
    directories = directories.slice(0, directories.lastIndexOf('/', directories.length - 2) + 1) || '/';
  }
  if (rest === '' || rest.startsWith('?') || !isPlain(rest, 0)) return undefined;
  if (rest.startsWith('/')) return rest === reference ? parts.origin + rest : undefined;
  if (rest.startsWith('#')) return rest === reference ? parts.href + rest : undefined;
  return parts.origin + directories + rest;
}
