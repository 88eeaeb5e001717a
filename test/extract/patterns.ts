/** Patterns of RE2's syntax and texts for them, and what re2js, an engine of the same syntax, makes of them. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { backtrack } from '../../src/extract/regex/backtracker.ts';
import { parse } from '../../src/extract/regex/parse.ts';
import { programOf, type Program } from '../../src/extract/regex/program.ts';
import { compileRegex, type Regex } from '../../src/extract/regex/regex.ts';
import { runThreads } from '../../src/extract/regex/threads.ts';

// Few, so that texts are hit; those that fold to each other, pairs of surrogates and halves of the same pairs.
const CHARS = ['a', 'a', 'b', 'b', 'c', 'A', 'B', 'k', 'K', '\u212a', 's', 'ſ', 'é', 'É', 'σ', 'ς', 'Σ', 'ß', 'ẞ', 'ǆ', 'ǅ', 'θ', 'ϴ', '1', '7', '_', '-', ' ', '\n', '\r', '\v', '.', '\0', '\u0378', '\u00b5', '\u03bc', '\u0345', '\u1fbe', '日', '😀', '\ud83d', '\ude00', '𐐀', '𐐨']; // prettier-ignore
const char = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'b') }, fc.constantFrom(...CHARS));

export const text = fc.oneof(
  fc.array(fc.constantFrom('a', 'b'), { maxLength: 6 }),
  fc.array(char, { maxLength: 10 }),
).map((chars) => chars.join('')); // prettier-ignore

const hex = (one: string): string => (one.codePointAt(0) ?? 0).toString(16);
const written = fc.tuple(char, fc.constantFrom('plain', 'plain', 'plain', 'plain', 'braces', 'two', 'octal', 'quoted')).map(([one, how]) => {
  const code = one.codePointAt(0) ?? 0;
  if (how === 'braces') return `\\x{${hex(one)}}`;
  if (how === 'two' && code < 256) return `\\x${hex(one).padStart(2, '0')}`;
  if (how === 'octal' && code < 256) return `\\${code.toString(8).padStart(3, '0')}`;
  if (how === 'quoted') return `\\Q${one}\\E`;
  return /^[.\-\]]$/.test(one) ? `\\${one}` : one;
}); // prettier-ignore

const GROUPS = ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S'];
const PROPERTIES = ['L', 'Lu', 'Ll', 'N', 'Nd', 'P', 'Z', 'C', 'Cn', 'Cs', 'LC', 'M', 'Any', 'Assigned', 'Greek', 'Latin', 'Han', 'Deseret', 'Common', 'Inherited'].flatMap((name) => [`\\p{${name}}`, `\\P{${name}}`, `\\p{^${name}}`, `\\P{^${name}}`].concat(name.length === 1 ? [`\\p${name}`] : [])); // prettier-ignore
const POSIX = ['alnum', 'alpha', 'ascii', 'blank', 'cntrl', 'digit', 'graph', 'lower', 'print', 'punct', 'space', 'upper', 'word', 'xdigit'].flatMap((name) => [`[:${name}:]`, `[:^${name}:]`]); // prettier-ignore
const member = fc.oneof(
  { weight: 4, arbitrary: written.filter((one) => !one.startsWith('\\Q')) },
  fc.tuple(char, char).map(([a, b]) => ((a.codePointAt(0) ?? 0) <= (b.codePointAt(0) ?? 0) ? [a, b] : [b, a]).map((one) => `\\x{${hex(one)}}`).join('-')), // prettier-ignore
  fc.constantFrom('a-c', 'A-Z', '0-9', '\\x{3b1}-\\x{3c9}', '-'),
  fc.constantFrom(...GROUPS, ...POSIX, ...PROPERTIES),
);
const brackets = fc
  .tuple(fc.constantFrom('', '', '^'), fc.constantFrom('', '', ']'), fc.array(member, { minLength: 1, maxLength: 4 }))
  .map(([not, first, members]) => `[${not}${first}${members.join('')}]`);
const FLAGS = ['i', 'm', 's', 'U', 'is', 'im', '-i', 'i-s', 's-i', 'mU', '-U', 'imsU', '-imsU', ''];
const QUANTIFIERS = ['*', '+', '?', '*?', '+?', '??', '{0}', '{1}', '{2}', '{0,1}', '{1,2}', '{2,3}', '{0,2}', '{2,}', '{1,}', '{0,}', '{2}?', '{1,3}?', '{0,2}?', '{1,}?', '{,2}', '{2', '{12']; // prettier-ignore

/** Mostly such as compile. */
export const pattern = fc
  .letrec<{ node: string }>((tie) => {
    const node = tie('node');
    const group = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('(', '(', '(?:') },
      fc.constantFrom(...FLAGS.filter((flags) => flags !== '').map((flags) => `(?${flags}:`)),
      fc.constantFrom('x', 'y', 'n1', '_').chain((name) => fc.constantFrom(`(?P<${name}>`, `(?<${name}>`)),
    );
    const branches = fc.array(
      fc.array(node, { maxLength: 3 }).map((all) => all.join('')),
      { minLength: 1, maxLength: 3 },
    );
    return {
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        written,
        written,
        fc.constantFrom('.', '.', '^', '$', '\\b', '\\B', '\\A', '\\z', ...GROUPS),
        fc.constantFrom(...PROPERTIES),
        brackets,
        fc.constantFrom(...FLAGS.map((flags) => `(?${flags})`)),
        fc.tuple(node, fc.constantFrom(...QUANTIFIERS)).map(([one, how]) => one + how),
        fc.tuple(group, branches).map(([begin, all]) => `${begin}${all.join('|')})`),
        fc.tuple(group, branches, fc.constantFrom(...QUANTIFIERS)).map(([begin, all, how]) => `${begin}${all.join('|')})${how}`), // prettier-ignore
      ),
    };
  })
  .node.chain((node) =>
    fc.tuple(
      fc.constantFrom('', '', '', '(?i)', '(?s)', '(?m)', '(?U)', '^', '(|a)'),
      fc.constant(node),
      fc.constantFrom('', '', '', '$', 'b', '|a', '*'),
    ),
  ) // prettier-ignore
  .map((parts) => parts.join(''));

const TOKENS = ['a', 'b', '(', ')', '[', ']', '{', '}', '|', '*', '+', '?', '^', '$', '.', '\\', '-', ',', ':', '<', '>', '=', '!', '#', 'P', 'i', 'x', '0', '1', '7', '8', '12', '1001', 'é', '😀', '\ud83d', '(?', '(?P<', '(?<n>', '(?i', '[:alpha:]', '[:', ':]', '[^', '\\Q', '\\E', '\\p', '\\P{', '\\pL', '\\x', '\\x{', '\\C', '\\Z', '\\G', '\\1', '\\01', '\\_', '\\é', '{2}', '{2,1}', '{1000}', '{100}', '{,2}', 'Greek}', 'L}', 'Grek}', 'ff', '110000}', '\n']; // prettier-ignore
/** Mostly such as do not compile. */
export const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 9 }).map((tokens) => tokens.join(''));

/** Where re2js differs from RE2 and Go, and this engine does not; `regex.test.ts` says how. */
export const differs = (source: string): boolean => source.includes('[:]');

type Said = { fault: string } | { groups: number; finds: (string | null | undefined)[]; whole: boolean };

export function reference(source: string, text: string): Said {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    return { fault: (error as Error).message.replace(/^error parsing regexp: /, '').replace(/`([^]*)`$/, '$1') };
  }
  const matcher = compiled.matcher(text);
  const groups = compiled.groupCount();
  const found = matcher.find();
  const finds = Array.from({ length: groups + 1 }, (_, group) => (found ? matcher.group(group) : undefined));
  return { groups, finds, whole: compiled.matches(text) };
}

/** By both ways to run a program; throws where they differ. */
export function ours(source: string, text: string): Said {
  let program: Program;
  let regex: Regex;
  try {
    regex = compileRegex(source);
    program = programOf(parse(source));
  } catch (error) {
    return { fault: (error as Error).message };
  }
  const finds: (string | null | undefined)[] = [];
  for (let group = 0; group <= regex.groups; group++) {
    const both = [backtrack, runThreads].map((run) => run(program, text, group, false));
    if (both[0] !== both[1]) throw new Error(`group ${String(group)}: ${JSON.stringify(both)}`);
    finds.push(regex.find(text, group));
    if (finds.at(-1) !== both[0]) throw new Error('find says something else');
  }
  if (regex.test(text) !== (finds[0] !== undefined)) throw new Error('test says something else');
  const whole = regex.whole(text);
  for (const run of [backtrack, runThreads])
    if ((run(program, text, -1, true) !== undefined) !== whole) throw new Error('whole says something else');
  return { groups: regex.groups, finds, whole };
}
