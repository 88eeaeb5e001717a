/** Elements as markup: what HTML's serialiser makes of the tags, text and comments that the core told. */
import { escapeAttribute, escapeText } from 'entities/escape';
import { EVENT_COMMENT, EVENT_CLOSE, EVENT_ELEMENT, EVENT_END_TAG, EVENT_MATCH, EVENT_OWN, EVENT_SCOPE, EVENT_START_TAG, EVENT_TEXT, NOT_VERBATIM, UNESCAPED } from './numbers.ts'; // prettier-ignore
import { classes } from './tags.ts';
import type { TextOf } from './text.ts';

export interface Told {
  words: Int32Array;
  text: TextOf;
  nameOf(key: number): string;
  /** How many attributes are told with a match of a selector. */
  attributesOf(selector: number): number;
}

/** @param from where the start tag is told, in words. @param to where the end of its element is. */
export function markupOf(told: Told, from: number, to: number): string {
  const { words, text, nameOf, attributesOf } = told;
  let markup = '';
  for (let at = from; at < to;) {
    const first = words[at + 1]!;
    switch (words[at]!) {
      case EVENT_START_TAG:
        markup += startTag(told, at);
        at += 3 + 4 * words[at + 2]!;
        break;
      case EVENT_END_TAG:
        markup += `</${nameOf(first)}>`;
        at += 2;
        break;
      case EVENT_TEXT: {
        const last = words[at + 2]!;
        const said = words[at + 4] === 1 ? text.text(first, last) : text.lines(first, last);
        markup += (classes[words[at + 3]!]! & UNESCAPED) === 0 ? escapeText(said) : said;
        at += 6;
        break;
      }
      case EVENT_COMMENT:
        markup += `<!--${text.lines(first, words[at + 2]! | NOT_VERBATIM)}-->`;
        at += 3;
        break;
      case EVENT_MATCH:
      case EVENT_OWN:
        at += 2 + 2 * attributesOf(first);
        break;
      case EVENT_ELEMENT:
        at += 3;
        break;
      case EVENT_CLOSE:
      case EVENT_SCOPE:
        at += 2;
        break;
      default:
        throw new Error(`the scanner tells something unknown: ${String(words[at])}`);
    }
  }
  return markup;
}

function startTag({ words, text, nameOf }: Told, at: number): string {
  let tag = `<${nameOf(words[at + 1]!)}`;
  const seen = new Set<string>();
  for (let i = 0, mark = at + 3; i < words[at + 2]!; i++, mark += 4) {
    const name = text.name(words[mark]!, words[mark + 1]!);
    if (!seen.has(name))
      tag += ` ${name}="${escapeAttribute(text.value(words[mark + 2]!, words[mark + 3]! | NOT_VERBATIM))}"`;
    seen.add(name);
  }
  return `${tag}>`;
}
