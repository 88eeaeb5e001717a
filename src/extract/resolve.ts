/**
 * References resolved against a base by the WHATWG rules. Pages hold hundreds of them and nearly all are plain: letters,
 * digits and a few marks that no rule changes. Those are put together here; everything else is for the URL parser.
 */

interface Base {
  text: string;
  /** Undefined = every reference is for the parser. */
  parts: { origin: string; directories: string; href: string } | undefined;
}
let last: Base = { text: '', parts: undefined };

function partsOf(base: string): Base['parts'] {
  if (base !== last.text) {
    const url = URL.parse(base);
    const plain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
    const path = plain ? url.pathname : '';
    last = {
      text: base,
      parts: plain
        ? {
            origin: url.origin,
            directories: path.slice(0, path.lastIndexOf('/') + 1),
            href: url.hash === '' ? url.href.replace(/#$/, '') : url.href.slice(0, -url.hash.length),
          }
        : undefined,
    };
  }
  return last.parts;
}

const ABSOLUTE = /^https?:\/\/(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9]*\//;
/** What may stand where in a plain reference. A segment begins with `WORD`, so that none is `.` or `..`. */
const WORD = 1;
const SEGMENT = 2;
const QUERY = 4;
const FRAGMENT = 8;
const kinds = new Uint8Array(128);
for (let byte = 0; byte < 128; byte++) {
  const char = String.fromCharCode(byte);
  if (/[\w~-]/.test(char)) kinds[byte] = WORD | SEGMENT | QUERY | FRAGMENT;
  else if (/[.@:!$*+,;=]/.test(char)) kinds[byte] = SEGMENT | QUERY | FRAGMENT;
  else if (/[/?&]/.test(char)) kinds[byte] = QUERY | FRAGMENT;
  else if (char === '%') kinds[byte] = QUERY;
}
const SLASH = 0x2f;
const QUESTION = 0x3f;
const HASH = 0x23;
const COLON = 0x3a;

/** A path without `.` and `..` among its segments, a query and a fragment. What might be a scheme is not plain. */
function isPlain(reference: string, from: number): boolean {
  const { length } = reference;
  let wanted = WORD;
  let mayBeScheme = true;
  let part = from;
  for (let at = from; at < length; at++) {
    const char = reference.charCodeAt(at);
    const kind = char < 128 ? kinds[char]! : 0;
    if (char === COLON && mayBeScheme) return false;
    if (wanted <= SEGMENT) {
      if ((kind & wanted) !== 0) wanted = SEGMENT;
      else if (char === SLASH && (wanted === SEGMENT || at === from)) {
        wanted = WORD;
        mayBeScheme = false;
      } else if (char === QUESTION || char === HASH) {
        wanted = char === HASH ? FRAGMENT : QUERY;
        part = at + 1;
        if (at === from) mayBeScheme = false;
      } else return false;
    } else if ((kind & wanted) === 0) {
      if (char !== HASH || wanted === FRAGMENT || at === part) return false;
      wanted = FRAGMENT;
      part = at + 1;
    } else if (char === SLASH) mayBeScheme = false;
  }
  return wanted <= SEGMENT || part < length;
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
