/**
 * The selectors over the elements that open and close. Each compound is a bit; what an element matched, shifted by one, is
 * what its children or descendants may match next. What is found is told as events; who reads them makes records of it.
 */
import {
  EVENT_CLOSE,
  EVENT_COMMENT,
  EVENT_ELEMENT,
  EVENT_END_TAG,
  EVENT_MATCH,
  EVENT_OWN,
  EVENT_SCOPE,
  EVENT_START_TAG,
  EVENT_TEXT,
  FAULT_FOREIGN_MARKUP,
  FAULT_NESTED_RECORDS,
  NOT_VERBATIM,
  SVG,
  TEST_EQUALS,
  TEST_EXISTS,
  TEST_NONE,
  TEST_WORD,
  WORDS_MAX,
} from '../numbers.ts';
import { told } from './events.ts';
import { unfollowed } from './fault.ts';
import {
  attributes,
  findAttribute,
  hasWord,
  isPlainAscii,
  isValue,
  isVerbatim,
  begin,
  valueFrom,
  valueTo,
} from './lexer.ts';
import {
  above,
  byTag,
  child,
  descendant,
  marks,
  own,
  scope,
  selectorOf,
  selectors,
  start,
  stashed,
  subject,
  testsOf,
  watches,
} from './memory.ts';

/** Does the element whose marks are in memory pass the test of a number? For what bytes alone cannot say. */
declare function slowTest(test: i32, key: i32): i32;

/** A selector's thirteen numbers. */
const ONCE = 0;
const TEXTS = 4;
const HTMLS = 8;
/** First matches that are done when the element begins, and when it ends. */
const AT_START = 12;
const AT_END = 16;
/** The attributes it reads: how many, and where their names (address and length each) are listed. */
export const READS = 20;
const READS_AT = 24;
const TAKEN = 28;
/** The element (by a serial number) for which it was told last. */
const SEEN = 32;
/** The picks that read what it finds: how many, and where they (three numbers each) are listed. */
export const PICKS = 36;
export const PICKS_AT = 40;
/** Where `href` and `src` stand among what it reads. */
export const HREF = 44;
export const SRC = 48;
export const SELECTOR = 52;

/** A watch's five numbers. */
const DEPTH = 0;
const W_TEXTS = 4;
const W_HTMLS = 8;
const W_AT_END = 12;
const W_RECORD = 16;
const WATCH = 20;

const NO_ELEMENT = -1;
const EACH_SELECTOR = 0;

let words: i32 = 1;
let selectorCount: i32 = 0;
let usesScope: bool = false;
let hasRecords: bool = false;
let scopeHasChains: bool = false;
/** Some selector looks at ancestors. */
export let looksUp: bool = false;
let firstMatches: i32 = 0;

let key: i32 = 0;
/** Elements that have begun. */
export let begun: i32 = 0;
let serial: i32 = 0;
let startTagIsTold: bool = false;
let reading: i32 = 0;
export let writing: i32 = 0;
let openRecords: i32 = 0;
let watchCount: i32 = 0;
/** Elements inside of a template are in no tree: nothing matches there. */
export let templates: i32 = 0;
/** Depth of the innermost element that something ends with. */
export let watched: i32 = NO_ELEMENT;
/** First matches still to come; 0 = nothing more is wanted. Never 0 for a query that wants every match. */
export let missing: i32 = 0;

export function configureAutomaton(
  wordCount: i32,
  selectorsInAll: i32,
  scopeIsUsed: bool,
  eachIsUsed: bool,
  chainsInScope: bool,
  first: i32,
): void {
  words = wordCount;
  selectorCount = selectorsInAll;
  usesScope = scopeIsUsed;
  hasRecords = eachIsUsed;
  scopeHasChains = chainsInScope;
  firstMatches = first;
  looksUp = false;
  for (let word = 0; word < wordCount << 2; word += 4) {
    if ((load<i32>(descendant + word) | load<i32>(child + word)) != 0) looksUp = true;
  }
}

export function beginAutomaton(): void {
  reading = writing = templates = openRecords = watchCount = begun = 0;
  watched = NO_ELEMENT;
  missing = firstMatches;
  for (let i = 0; i < selectorCount; i++) store<i32>(selectors + SELECTOR * i, 0, TAKEN);
}

export function enterTemplate(): void {
  templates++;
}
export function leaveTemplate(): void {
  templates--;
}
export function isReading(): bool {
  return reading + writing > 0;
}

/** An element begins at `depth` (the root: 0) with the attributes that the lexer holds. True when something matched it. */
export function open(depth: i32, ofKey: i32): bool {
  key = ofKey;
  begun++;
  if (writing > 0) tellStartTag();
  const parent = (depth * words) << 2;
  const at = parent + (words << 2);
  const tags = byTag + ((ofKey * words) << 2);
  let hit = 0;
  for (let word = 0; word < words << 2; word += 4) hit |= openWord(word, parent + word, at + word, tags + word);
  if (hit == 0 && !(depth == 0 && usesScope)) return false;
  take(depth);
  return true;
}

function openWord(word: i32, parent: i32, at: i32, tags: usize): i32 {
  const inherited = load<i32>(above + parent);
  // Most elements have a name that no selector asks for.
  let matched = load<i32>(tags);
  if (matched != 0) {
    matched &=
      load<i32>(start + word) |
      ((inherited << 1) & load<i32>(descendant + word)) |
      ((load<i32>(own + parent) << 1) & load<i32>(child + word));
    if (matched != 0) matched = templates > 0 ? 0 : tested(word << 3, matched);
  }
  store<i32>(own + at, matched);
  store<i32>(above + at, inherited | matched);
  return matched & load<i32>(subject + word);
}

/** The state of the element at `depth`, kept for when it is opened again without being a new element. */
export function stash(depth: i32): void {
  const at = ((depth + 1) * words) << 2;
  memory.copy(stashed, own + at, words << 2);
  memory.copy(stashed + 4 * WORDS_MAX, above + at, words << 2);
}
export function unstash(depth: i32): void {
  const at = ((depth + 1) * words) << 2;
  memory.copy(own + at, stashed, words << 2);
  memory.copy(above + at, stashed + 4 * WORDS_MAX, words << 2);
}

/** Those of the compounds (the first of which is bit `from`) whose tests the element passes. */
function tested(from: i32, compounds: i32): i32 {
  let passed = 0;
  for (let rest = compounds; rest != 0;) {
    const bit = ctz(rest);
    rest &= rest - 1;
    const tests = load<i32>(testsOf + ((from + bit) << 2));
    if (tests == 0 || passes(tests)) passed |= 1 << bit;
  }
  return passed;
}

function passes(tests: i32): bool {
  let at = tests;
  while (true) {
    const kind = load<i32>(at);
    if (kind == TEST_NONE) return true;
    if (kind == TEST_EXISTS) {
      if (findAttribute(load<i32>(at, 4), load<i32>(at, 8)) < 0) return false;
      at += 12;
    } else if (kind == TEST_WORD || kind == TEST_EQUALS) {
      const found = findAttribute(load<i32>(at, 4), load<i32>(at, 8));
      if (found < 0) return false;
      const from = valueFrom(found);
      const to = valueTo(found);
      const value = load<i32>(at, 12);
      const length = load<i32>(at, 16);
      const holds = !isPlainAscii(from, to)
        ? slowTest(load<i32>(at, 20), key) != 0
        : kind == TEST_WORD
          ? hasWord(from, to, value, length)
          : isValue(from, to, value, length);
      if (!holds) return false;
      at += 24;
    } else {
      if (slowTest(load<i32>(at, 4), key) == 0) return false;
      at += 8;
    }
  }
}

// ---------------------------------------------------------------- what a match means

function take(depth: i32): void {
  const watch = watches + WATCH * watchCount;
  store<i32>(watch, depth, DEPTH);
  store<i32>(watch, 0, W_TEXTS);
  store<i32>(watch, 0, W_HTMLS);
  store<i32>(watch, 0, W_AT_END);
  store<i32>(watch, 0, W_RECORD);
  startTagIsTold = writing > 0;
  const at = told(3);
  store<i32>(at, EVENT_ELEMENT);
  store<i32>(at, depth, 4);
  store<i32>(at, key, 8);
  serial++;
  let isRecord = false;
  for (let word = 0; word < words; word++) {
    const hits = load<i32>(own + (((depth + 1) * words + word) << 2)) & load<i32>(subject + (word << 2));
    if (hits != 0 && tellMatches(EVENT_MATCH, word, hits, watch)) isRecord = true;
  }
  if (hasRecords ? isRecord : depth == 0) openScope(depth, watch);
  if ((load<i32>(watch, W_TEXTS) | load<i32>(watch, W_HTMLS) | load<i32>(watch, W_RECORD)) == 0) return;
  reading += load<i32>(watch, W_TEXTS);
  writing += load<i32>(watch, W_HTMLS);
  watchCount++;
  watched = depth;
}

/** Tells each selector once, however many of its chains have matched. True when one of them begins a record. */
function tellMatches(event: i32, word: i32, hits: i32, watch: usize): bool {
  let isRecord = false;
  for (let rest = hits; rest != 0;) {
    const bit = ctz(rest);
    rest &= rest - 1;
    const selector = load<i32>(selectorOf + (((word << 5) + bit) << 2));
    const entry = selectors + SELECTOR * selector;
    if (load<i32>(entry, SEEN) == serial) continue;
    store<i32>(entry, serial, SEEN);
    if (hasRecords && event == EVENT_MATCH && selector == EACH_SELECTOR) isRecord = true;
    if (load<i32>(entry, ONCE) != 0) {
      if (load<i32>(entry, TAKEN) != 0) continue;
      store<i32>(entry, 1, TAKEN);
    }
    tellMatch(event, selector, entry, watch);
  }
  return isRecord;
}

function tellMatch(event: i32, selector: i32, entry: usize, watch: usize): void {
  const htmls = load<i32>(entry, HTMLS);
  if (htmls != 0 && !startTagIsTold) {
    startTagIsTold = true;
    tellStartTag();
  }
  const reads = load<i32>(entry, READS);
  let at = told(2 + 2 * reads);
  store<i32>(at, event);
  store<i32>(at, selector, 4);
  const names = load<i32>(entry, READS_AT);
  for (let i = 0; i < reads; i++) {
    at += 8;
    const found = findAttribute(load<i32>(names + 8 * i), load<i32>(names + 8 * i, 4));
    store<i32>(at, found < 0 ? -1 : valueFrom(found) - begin);
    store<i32>(at, found < 0 ? -1 : endOf(valueFrom(found), valueTo(found)), 4);
  }
  missing -= load<i32>(entry, AT_START);
  store<i32>(watch, load<i32>(watch, W_TEXTS) + load<i32>(entry, TEXTS), W_TEXTS);
  store<i32>(watch, load<i32>(watch, W_HTMLS) + htmls, W_HTMLS);
  store<i32>(watch, load<i32>(watch, W_AT_END) + load<i32>(entry, AT_END), W_AT_END);
}

/** Where a value or text ends, and whether its bytes are more than what they say. */
function endOf(from: i32, to: i32): i32 {
  return isVerbatim(from, to) ? to - begin : (to - begin) | NOT_VERBATIM;
}

/** The element is the scope: of a new record, or of the only one. */
function openScope(depth: i32, watch: usize): void {
  if (hasRecords) {
    if (scopeHasChains && openRecords > 0) unfollowed(FAULT_NESTED_RECORDS);
    openRecords++;
    store<i32>(watch, 1, W_RECORD);
  }
  const at = told(2);
  store<i32>(at, EVENT_SCOPE);
  store<i32>(at, depth, 4);
  for (let word = 0; word < words; word++) {
    const place = ((depth + 1) * words + word) << 2;
    const candidates = load<i32>(scope + (word << 2)) & load<i32>(byTag + ((key * words + word) << 2));
    if (candidates == 0) continue;
    const matched = tested(word << 5, candidates);
    store<i32>(own + place, load<i32>(own + place) | matched);
    store<i32>(above + place, load<i32>(above + place) | matched);
  }
  serial++;
  for (let word = 0; word < words; word++) {
    const bits = load<i32>(scope + (word << 2)) & load<i32>(subject + (word << 2));
    const hits = load<i32>(own + (((depth + 1) * words + word) << 2)) & bits;
    if (hits != 0) tellMatches(EVENT_OWN, word, hits, watch);
  }
}

// ---------------------------------------------------------------- what stands inside

/** @param decodes references in it are to be decoded. */
export function tellText(from: i32, to: i32, parent: i32, decodes: bool): void {
  const at = told(6);
  store<i32>(at, EVENT_TEXT);
  store<i32>(at, from - begin, 4);
  store<i32>(at, endOf(from, to), 8);
  store<i32>(at, parent, 12);
  store<i32>(at, i32(decodes), 16);
  store<i32>(at, i32(templates > 0), 20);
}

export function tellComment(from: i32, to: i32): void {
  const at = told(3);
  store<i32>(at, EVENT_COMMENT);
  store<i32>(at, from - begin, 4);
  store<i32>(at, max(from, to) - begin, 8);
}

function tellStartTag(): void {
  if (key >= SVG) unfollowed(FAULT_FOREIGN_MARKUP);
  const count = attributes << 2;
  const at = told(3 + count);
  store<i32>(at, EVENT_START_TAG);
  store<i32>(at, key, 4);
  store<i32>(at, attributes, 8);
  for (let i = 0; i < count; i++) store<i32>(at + 12 + (i << 2), load<i32>(marks + (i << 2)) - begin);
}

export function tellEndTag(ofKey: i32): void {
  const at = told(2);
  store<i32>(at, EVENT_END_TAG);
  store<i32>(at, ofKey, 4);
}

/** The element at `depth` ends; called when `watched` says so. */
export function close(depth: i32): void {
  const watch = watches + WATCH * --watchCount;
  reading -= load<i32>(watch, W_TEXTS);
  writing -= load<i32>(watch, W_HTMLS);
  missing -= load<i32>(watch, W_AT_END);
  openRecords -= load<i32>(watch, W_RECORD);
  watched = watchCount > 0 ? load<i32>(watch - WATCH, DEPTH) : NO_ELEMENT;
  const at = told(2);
  store<i32>(at, EVENT_CLOSE);
  store<i32>(at, depth, 4);
}
