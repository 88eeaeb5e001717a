/**
 * Sets of characters. V8 knows the properties and the case folding of Unicode, so a set is asked for by a regular expression
 * of V8's own against one character, where nothing can be tried twice; no tables of ours are needed.
 */
export interface CharSet {
  /** As V8 writes what stands between brackets. */
  members: string;
  /** What stands between brackets, and all characters but these belong to the set. */
  readonly others: string[];
  /** Unicode's simple case folding. */
  readonly fold: boolean;
  /** All characters but those. */
  negated: boolean;
  /** Known to have no character beyond ASCII. */
  ascii: boolean;
}

export const emptySet = (fold: boolean): CharSet => ({ members: '', others: [], fold, negated: false, ascii: !fold });

export function addRange(set: CharSet, low: number, high: number): void {
  set.members += `\\u{${low.toString(16)}}-\\u{${high.toString(16)}}`;
  if (high > 127) set.ascii = false;
}

/** @param group as V8 writes it, ASCII alone where `ascii`. */
export function addGroup(set: CharSet, group: string, negated: boolean, ascii: boolean): void {
  // Many times the same takes V8 seconds.
  if (negated && !set.others.includes(group)) set.others.push(group);
  if (!negated && !set.members.includes(group)) set.members += group;
  if (negated || !ascii) set.ascii = false;
}

const WORD = '0-9A-Z_a-z';
export const PERL: Readonly<Record<string, string>> = { d: '0-9', s: '\\t\\n\\f\\r ', w: WORD };
export const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\0-\\x7f',
  blank: '\\t ',
  cntrl: '\\0-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: WORD,
  xdigit: '0-9A-Fa-f',
};

const CATEGORY = /^(?:C[cfnos]?|L[Clmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|Any|Assigned)$/;
/** V8 knows scripts by their codes too, which RE2 does not; a code has four letters, and so have these names. */
const FOUR = /^(?:Ahom|Cham|Kawi|Lisu|Miao|Modi|Newa|Thai|Toto)$/;

/** A property by RE2's name for it, as V8 writes it; undefined where there is none. */
export function propertyOf(name: string): string | undefined {
  if (CATEGORY.test(name)) return `\\p{${name}}`;
  if (!/^[A-Za-z_]+$/.test(name) || (name.length === 4 && !FOUR.test(name))) return undefined;
  const script = `\\p{Script=${name}}`;
  try {
    new RegExp(script, 'u');
    return script;
  } catch {
    return undefined;
  }
}

/**
 * Whether a character belongs to the set. V8 takes the complement of a property before it folds and RE2 after, hence the
 * expressions that are negated here.
 *
 * @throws SyntaxError where there are too many members for V8.
 */
export function memberTest({ members, others, fold, negated }: CharSet): (char: string) => boolean {
  const [some = NONE, ...all] = [members, ...others].map((one) => new RegExp(`[${one}]`, fold ? 'iu' : 'u'));
  return (char) => (some.test(char) || all.some((one) => !one.test(char))) !== negated;
}
const NONE = /[]/;
