/**
 * Globs over whole canonical URLs, which are ASCII: `**` = anything, `*` = anything but `/`, `?` = one character but `/` (a literal
 * `?` in a URL is matched by `?` too). Globs come from tenants and URLs from the web, so no regular expression is made of them:
 * all places of the glob that a URL could have come to are bits, which a character moves on together.
 */

const SLASH = 47;
const ASCII = 128;

/** Takes as many steps as the URL has characters, each for 32 of the glob's at a time. */
export function compileGlob(glob: string): (url: string) => boolean {
  const [prefix = ''] = /^[^*?]*/.exec(glob) ?? [];
  if (prefix === glob) return (url) => url === glob;
  const suffix = glob.slice(Math.max(glob.lastIndexOf('*'), glob.lastIndexOf('?')) + 1);
  const between = compileWild(glob.slice(prefix.length, glob.length - suffix.length));
  return (url) => {
    const end = url.length - suffix.length;
    return end >= prefix.length && url.startsWith(prefix) && url.endsWith(suffix) && between(url, prefix.length, end);
  };
}

/** Of what begins and ends with an asterisk or question mark. */
function compileWild(wild: string): (url: string, from: number, to: number) => boolean {
  const { singles, anyAt, segmentAt } = parse(wild);
  const words = (singles.length >> 5) + 1;
  /** By character: the places from which it leads to the next. At `ASCII` those of all other characters. */
  const moves = new Int32Array((ASCII + 1) * words);
  /** Places that anything, and anything but a slash, leads back to. */
  const [any, segment] = [new Int32Array(words), new Int32Array(words)];
  const mark = (masks: Int32Array, from: number, place: number): void => {
    masks[from + (place >> 5)]! |= 1 << (place & 31);
  };
  for (const place of anyAt) mark(any, 0, place);
  for (const place of segmentAt) mark(segment, 0, place);
  for (const [place, single] of singles.entries()) {
    if (single !== undefined && single < ASCII) mark(moves, single * words, place);
    for (let char = 0; single === undefined && char <= ASCII; char++)
      if (char !== SLASH) mark(moves, char * words, place);
  }
  const places = new Int32Array(words);
  const last = words - 1;
  const end = 1 << (singles.length & 31);
  /** Whoever comes to the end stays there. */
  const rests = (any[last]! & end) !== 0;
  return (url, from, to) => {
    places.fill(0);
    places[0] = 1;
    for (let at = from; at < to; at++) {
      if (rests && (places[last]! & end) !== 0) return true;
      const char = url.charCodeAt(at);
      const row = Math.min(char, ASCII) * words;
      let carry = 0;
      let left = 0;
      for (let word = 0; word < words; word++) {
        const here = places[word]!;
        const moved = here & moves[row + word]!;
        const stays = char === SLASH ? any[word]! : any[word]! | segment[word]!;
        left |= places[word] = (moved << 1) | carry | (here & stays);
        carry = moved >>> 31;
      }
      if (left === 0) return false;
    }
    return (places[last]! & end) !== 0;
  };
}

/** What stands for one character (undefined: `?`), and before which of them the asterisks stand. */
function parse(wild: string): { singles: (number | undefined)[]; anyAt: number[]; segmentAt: number[] } {
  const singles: (number | undefined)[] = [];
  const [anyAt, segmentAt]: [number[], number[]] = [[], []];
  for (let at = 0; at < wild.length; at++) {
    const char = wild.charAt(at);
    if (char !== '*') singles.push(char === '?' ? undefined : wild.charCodeAt(at));
    else if (wild.charAt(at + 1) !== '*') segmentAt.push(singles.length);
    else {
      anyAt.push(singles.length);
      at++;
    }
  }
  return { singles, anyAt, segmentAt };
}
