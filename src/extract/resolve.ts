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
/** A path without `.` and `..` among its segments, a query and a fragment. */
const PLAIN =
  /^(?:(?![^/]*:)[\w~-][\w~.@:!$*+,;=-]*)?(?:\/[\w~-][\w~.@:!$*+,;=-]*)*\/?(?:\?[\w~.@:!$*+,;=/?&%-]+)?(?:#[\w~.@:!$*+,;=/?&-]+)?$/;

/** Serialised; null for what cannot be parsed. */
export function resolve(reference: string, base: string): string | null {
  return plainly(reference, base) ?? URL.parse(reference, base)?.href ?? null;
}

function plainly(reference: string, base: string): string | undefined {
  const parts = partsOf(base);
  if (parts === undefined) return undefined;
  const absolute = reference.startsWith('http') ? ABSOLUTE.exec(reference) : null;
  if (absolute !== null) {
    const isPlain = PLAIN.test(reference.slice(absolute[0].length - 1)) && !absolute[0].includes('xn--');
    return isPlain ? reference : undefined;
  }
  let { directories } = parts;
  let rest = reference;
  while (rest.startsWith('../')) {
    rest = rest.slice(3);
    directories = directories.slice(0, directories.lastIndexOf('/', directories.length - 2) + 1) || '/';
  }
  if (rest === '' || rest.startsWith('?') || !PLAIN.test(rest)) return undefined;
  if (rest.startsWith('/')) return rest === reference ? parts.origin + rest : undefined;
  if (rest.startsWith('#')) return rest === reference ? parts.href + rest : undefined;
  return parts.origin + directories + rest;
}
