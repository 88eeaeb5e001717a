/** Where everything lies. The tables of HTML and of the query are written from outside, once for each query. */
import {
  BASE_BYTES,
  CONFIG_BYTES,
  DEPTH_MAX,
  JSON_DEPTH_MAX,
  KEYS,
  NAME_ENTRY,
  NAME_SLOTS,
  STEPS_MAX,
  SVG,
  WORDS_MAX,
} from '../numbers.ts';

export const ATTRIBUTES_MAX = 4_096;
export const FORMATS_MAX = 8_192;
const PLACES = DEPTH_MAX + 2;

// ---------------------------------------------------------------- of HTML

export const classes: usize = memory.data(2 * KEYS, 16);
export const startRules: usize = memory.data(SVG, 16);
export const endRules: usize = memory.data(SVG, 16);
/** What an ASCII character may be in a plain reference. */
export const urlKinds: usize = memory.data(128, 16);

// ---------------------------------------------------------------- of the query

/** `words`, six tables of as many words, then one entry for each key and word. */
export const start: usize = memory.data(4 * WORDS_MAX, 16);
export const descendant: usize = memory.data(4 * WORDS_MAX, 16);
export const child: usize = memory.data(4 * WORDS_MAX, 16);
export const subject: usize = memory.data(4 * WORDS_MAX, 16);
export const scope: usize = memory.data(4 * WORDS_MAX, 16);
export const byTag: usize = memory.data(4 * KEYS * WORDS_MAX, 16);
/** By bit: the address of its tests (0 = none), and its selector. */
export const testsOf: usize = memory.data(4 * 32 * WORDS_MAX, 16);
export const selectorOf: usize = memory.data(4 * 32 * WORDS_MAX, 16);
/** By selector: thirteen numbers, see `automaton.ts`. */
export const selectors: usize = memory.data(52 * 32 * WORDS_MAX, 16);
/** Tests, names, values: whatever the tables above point to. */
export const config: usize = memory.data(CONFIG_BYTES, 16);
/** Names to numbers; those that a document brings are taken out again. */
export const names: usize = memory.data(NAME_ENTRY * NAME_SLOTS, 16);
/** By number: all of its name, where that has eight bytes at most; 0 = it has more. */
export const lowOf: usize = memory.data(8 * SVG, 16);
/** By number less `FIRST_FREE_TAG`: address and length of the name. */
export const nameAt: usize = memory.data(8 * SVG, 16);
/** Steps of paths through JSON: five numbers each, see `json.ts`. */
export const jsonSteps: usize = memory.data(20 * (STEPS_MAX + 1), 16);

// ---------------------------------------------------------------- of a document

/** The base URL, in three parts. */
export const base: usize = memory.data(BASE_BYTES, 16);
export const kinds: usize = memory.data(256, 16);
export const below: usize = memory.data(17 * 16, 16);
export const marks: usize = memory.data(16 * (ATTRIBUTES_MAX + 1), 16);
/** By place in the stack of open elements. */
export const keys: usize = memory.data(4 * PLACES, 16);
export const modes: usize = memory.data(PLACES, 16);
export const entries: usize = memory.data(4 * PLACES, 16);
/** How many elements had begun with it, where its events begin, and where its tag is (0 = none). */
export const ordinals: usize = memory.data(4 * PLACES, 16);
export const told: usize = memory.data(4 * PLACES, 16);
export const tags: usize = memory.data(4 * PLACES, 16);
/** What stood in the stack while it is put together anew. */
export const held: usize = memory.data(16 * PLACES, 16);
/** By place and word: what the element matched, and what it or an ancestor did. Entry 0 stands for the document. */
export const own: usize = memory.data(4 * WORDS_MAX * (PLACES + 1), 16);
export const above: usize = memory.data(4 * WORDS_MAX * (PLACES + 1), 16);
export const stashed: usize = memory.data(8 * WORDS_MAX, 16);
/** Elements that something ends with: five numbers each. */
export const watches: usize = memory.data(20 * PLACES, 16);
/** The list of active formatting elements: name, place, address of the tag. */
export const formats: usize = memory.data(12 * FORMATS_MAX, 16);
/** Lists and objects of JSON that are open: forty bytes each. */
export const opened: usize = memory.data(40 * JSON_DEPTH_MAX, 16);
/** Slots of `names` that the document has filled. */
export const filled: usize = memory.data(4 * SVG, 16);

/** Addresses for the outside, in the order of `TABLES`. */
export function address(table: i32): usize {
  switch (table) {
    case 0:
      return classes;
    case 1:
      return startRules;
    case 2:
      return endRules;
    case 3:
      return start;
    case 4:
      return descendant;
    case 5:
      return child;
    case 6:
      return subject;
    case 7:
      return scope;
    case 8:
      return byTag;
    case 9:
      return testsOf;
    case 10:
      return selectorOf;
    case 11:
      return selectors;
    case 12:
      return config;
    case 13:
      return names;
    case 14:
      return nameAt;
    case 15:
      return marks;
    case 16:
      return urlKinds;
    case 17:
      return base;
    case 18:
      return jsonSteps;
    default:
      return __heap_base;
  }
}
