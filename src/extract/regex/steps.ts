/** What both ways to run a program ask of a text. */
import { ANY, CHAR, LINE_BEGINS, LINE_ENDS, NOT_LF, TEXT_BEGINS, TEXT_ENDS, WORD_EDGE } from './code.ts';
import type { Program } from './program.ts';

/** Whether the instruction, one that takes a character, takes this one. */
export function takes({ ops, args, ascii, isMember }: Program, at: number, char: number): boolean {
  const op = ops[at];
  const arg = args[at]!;
  if (op === CHAR) return char === arg;
  if (op === ANY) return true;
  if (op === NOT_LF) return char !== LF;
  return char < 128 ? ascii[128 * arg + char] === 1 : isMember(arg, char);
}
const LF = 10;

export function holds(assertion: number, text: string, at: number): boolean {
  switch (assertion) {
    case TEXT_BEGINS:
      return at === 0;
    case TEXT_ENDS:
      return at === text.length;
    case LINE_BEGINS:
      return at === 0 || text.charCodeAt(at - 1) === LF;
    case LINE_ENDS:
      return at === text.length || text.charCodeAt(at) === LF;
    default:
      return (isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at))) === (assertion === WORD_EDGE);
  }
}

/** False for NaN, which is before the begin and at the end. */
const isWord = (char: number): boolean =>
  (char >= 97 && char <= 122) || (char >= 65 && char <= 90) || (char >= 48 && char <= 57) || char === 95;

/** The first place from `at` on where a match may begin; -1 for none. */
export function placeToBegin({ anchored, prefix, firsts }: Program, text: string, at: number): number {
  if (anchored) return at === 0 ? 0 : -1;
  if (prefix !== '') return text.indexOf(prefix, at);
  for (; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if ((firsts === undefined || firsts[char < 128 ? char : 128] === 1) && !splitsPair(text, at)) return at;
  }
  return firsts === undefined && at === text.length ? at : -1;
}

const splitsPair = (text: string, at: number): boolean =>
  (text.charCodeAt(at) & 0xfc_00) === 0xdc_00 && (text.charCodeAt(at - 1) & 0xfc_00) === 0xd8_00;
