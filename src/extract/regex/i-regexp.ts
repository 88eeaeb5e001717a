/** Interoperable regular expressions (RFC 9485), which JSONPath's `match` and `search` take, by the engine for RE2's. */
import { compileRegex, RegexFault, type Regex } from './regex.ts';

const ESCAPE = '\\\\[(-+\\-.?[-^nrt{-}]';
const PROPERTY = '\\\\[pP]\\{(?:C[cfno]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)\\}';
const IN_CLASS = `(?:[^\\-[\\]\\\\\\ud800-\\udfff]|${ESCAPE})`;
const MEMBER = `(?:${IN_CLASS}(?:-${IN_CLASS})?|${PROPERTY})`;
const CLASS = `\\[\\^?(?:-|${MEMBER})${MEMBER}*-?\\]`;
const ORDINARY = '[^()*+.?[\\]\\\\{|}\\ud800-\\udfff]';
const QUANTIFIER = '[*+?]|\\{\\d+(?:,\\d*)?\\}';
/** What can be repeated, with how often, or something else. Nothing in it can be read in two ways. */
const TOKEN = new RegExp(`([(|])|([.)]|${ORDINARY}|${ESCAPE}|${PROPERTY}|${CLASS})(${QUANTIFIER})?`, 'guy');

/** `^` and `$`, which its grammar takes for characters, mean what RFC 9485 §5 maps them to: itself in every other syntax. */
const IN_RE2: Readonly<Record<string, string>> = { '(': '(?:', '.': '[^\\n\\r]' };

/** Undefined where it is none, or too large. */
export function compileIRegexp(source: string): Regex | undefined {
  let read = 0;
  let re2 = '';
  for (const [all, other, atom, quantifier = ''] of source.matchAll(TOKEN)) {
    const token = other ?? atom ?? '';
    read += all.length;
    re2 += (IN_RE2[token] ?? token) + quantifier.replace(/\b0+(?=\d)/g, '');
  }
  if (read < source.length) return undefined;
  try {
    return compileRegex(re2);
  } catch (error) {
    if (error instanceof RegexFault) return undefined;
    throw error;
  }
}
