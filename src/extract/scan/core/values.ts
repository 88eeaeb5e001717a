/**
 * What the scan told, put in order: for each record and pick the values that it found, and what the document has of links,
 * next page and base. A value is a place in the document, or a range of what was told; nothing is copied.
 */
import {
  EVENT_CLOSE,
  EVENT_COMMENT,
  EVENT_ELEMENT,
  EVENT_END_TAG,
  EVENT_MATCH,
  EVENT_OWN,
  EVENT_SCOPE,
  EVENT_TEXT,
  LIST_BASE,
  LIST_LINKS,
  LIST_NEXT,
  READS_TEXT,
} from '../numbers.ts';
import { HREF, PICKS, PICKS_AT, READS, SELECTOR, SRC } from './automaton.ts';
import { events, eventsEnd, told } from './events.ts';
import { fault } from './fault.ts';
import { selectors } from './memory.ts';

/** A value's six numbers. Of an attribute, `FROM` (-1: it has none) and `TO` are as told, and so they are of JSON; of a text the first and last text told (0: none); of markup the start tag told and what closes it. */
const NEXT = 0;
const FROM = 4;
const TO = 8;
/** As in `READS_`; 0 = an attribute. */
const KIND = 12;
/** The value around it that is open too, and how deep its element is. */
const OUTER = 16;
const DEPTH = 20;
const VALUE = 6;

/** A row's three numbers, then two for each list: its first and last value. */
const ROW_NEXT = 0;
const ROW_OUTER = 4;
const ROW_DEPTH = 8;
const LISTS = 12;
const ROW = 3;

/** Where a text tells the next one. */
const TEXT_NEXT = 20;
/** Stands before the first. */
const noText: usize = memory.data(24, 16);

let picks: i32 = 0;
let hasRecords: bool = false;
let linksSelector: i32 = -1;
let nextSelector: i32 = -1;
let baseSelector: i32 = -1;

export let firstRow: i32 = 0;
export let lastRow: i32 = 0;
let openRow: i32 = 0;
let openValue: i32 = 0;
export let ofDocument: i32 = 0;
let lastText: i32 = 0;
let depth: i32 = 0;
/** The start tag that was told last. */
let tag: i32 = 0;

export function configureValues(pickCount: i32, eachIsUsed: bool, links: i32, next: i32, base: i32): void {
  picks = pickCount;
  hasRecords = eachIsUsed;
  linksSelector = links;
  nextSelector = next;
  baseSelector = base;
}

export function beginValues(): void {
  firstRow = lastRow = openRow = openValue = depth = tag = 0;
  lastText = <i32>noText;
  store<i32>(noText, 0, TEXT_NEXT);
  ofDocument = newRow(3);
  if (!hasRecords) openRow = firstRow = lastRow = newRow(picks);
}

/** Of all that the scan has told. */
export function gather(): void {
  const end = eventsEnd();
  beginValues();
  let at = events;
  while (at < end && fault == 0) at = event(at);
}

/** The first value of one of the document's own lists; 0 = there is none. */
export function listed(list: i32): i32 {
  return first(ofDocument, list);
}
export function first(row: i32, list: i32): i32 {
  return load<i32>(row + (list << 3), LISTS);
}
export function nextOf(value: i32): i32 {
  return load<i32>(value, NEXT);
}
export function rowAfter(row: i32): i32 {
  return load<i32>(row, ROW_NEXT);
}
export function fromOf(value: i32): i32 {
  return load<i32>(value, FROM);
}
export function toOf(value: i32): i32 {
  return load<i32>(value, TO);
}
export function kindOf(value: i32): i32 {
  return load<i32>(value, KIND);
}
export function textAfter(text: i32): i32 {
  return load<i32>(text, TEXT_NEXT);
}

/** Takes what is told at a place; where the next is. */
function event(at: i32): i32 {
  const number = load<i32>(at, 4);
  switch (load<i32>(at)) {
    case EVENT_ELEMENT:
      depth = number;
      return at + 12;
    case EVENT_MATCH: {
      const entry = selectors + SELECTOR * number;
      for (let row = openRow; row != 0; row = load<i32>(row, ROW_OUTER)) readAll(row, entry, at + 8);
      ofPage(number, entry, at + 8);
      return at + 8 + (load<i32>(entry, READS) << 3);
    }
    case EVENT_OWN: {
      const entry = selectors + SELECTOR * number;
      readAll(lastRow, entry, at + 8);
      return at + 8 + (load<i32>(entry, READS) << 3);
    }
    case EVENT_TEXT:
      if (load<i32>(at, TEXT_NEXT) == 0) {
        store<i32>(lastText, at, TEXT_NEXT);
        lastText = at;
      }
      return at + 24;
    case EVENT_CLOSE:
      close(number, at);
      return at + 8;
    case EVENT_SCOPE:
      if (hasRecords) beginRecord(number);
      return at + 8;
    case EVENT_END_TAG:
      return at + 8;
    case EVENT_COMMENT:
      return at + 12;
    default:
      tag = at;
      return at + 12 + (load<i32>(at, 8) << 4);
  }
}

function newRow(lists: i32): i32 {
  const numbers = ROW + 2 * lists;
  const row = told(numbers);
  memory.fill(row, 0, numbers << 2);
  return row;
}

export function beginRecord(ofDepth: i32): void {
  const row = newRow(picks);
  if (lastRow == 0) firstRow = row;
  else store<i32>(lastRow, row, ROW_NEXT);
  store<i32>(row, openRow, ROW_OUTER);
  store<i32>(row, ofDepth, ROW_DEPTH);
  lastRow = openRow = row;
}

export function append(row: i32, list: i32, kind: i32, from: i32, to: i32): i32 {
  const value = told(VALUE);
  store<i32>(value, 0, NEXT);
  store<i32>(value, from, FROM);
  store<i32>(value, to, TO);
  store<i32>(value, kind, KIND);
  const ends = row + LISTS + (list << 3);
  const last = load<i32>(ends, 4);
  if (last == 0) store<i32>(ends, value);
  else store<i32>(last, value, NEXT);
  store<i32>(ends, value, 4);
  return value;
}

function readAll(row: i32, entry: usize, marks: i32): void {
  const end = load<i32>(entry, PICKS_AT) + 12 * load<i32>(entry, PICKS);
  for (let at = load<i32>(entry, PICKS_AT); at < end; at += 12) {
    const pick = load<i32>(at);
    const all = load<i32>(at, 4) != 0;
    const attribute = load<i32>(at, 8);
    if (!all && first(row, pick) != 0) continue;
    if (attribute >= 0) {
      append(row, pick, 0, load<i32>(marks + 8 * attribute), load<i32>(marks + 8 * attribute, 4));
      continue;
    }
    // Its place is taken now: a match inside of this one comes after it.
    const value = append(row, pick, attribute, attribute == READS_TEXT ? lastText : tag, 0);
    store<i32>(value, openValue, OUTER);
    store<i32>(value, depth, DEPTH);
    openValue = value;
  }
}

function ofPage(selector: i32, entry: usize, marks: i32): void {
  if (selector != linksSelector && selector != nextSelector && selector != baseSelector) return;
  const href = marks + 8 * load<i32>(entry, HREF);
  if (selector == linksSelector) {
    const target = load<i32>(href) >= 0 ? href : marks + 8 * load<i32>(entry, SRC);
    if (load<i32>(target) >= 0) append(ofDocument, LIST_LINKS, 0, load<i32>(target), load<i32>(target, 4));
  }
  // The first match decides, also when it has no `href`.
  if (selector == nextSelector && listed(LIST_NEXT) == 0)
    append(ofDocument, LIST_NEXT, 0, load<i32>(href), load<i32>(href, 4));
  if (selector == baseSelector && listed(LIST_BASE) == 0 && load<i32>(href) >= 0)
    append(ofDocument, LIST_BASE, 0, load<i32>(href), load<i32>(href, 4));
}

/** The element at a depth ends. */
function close(ofDepth: i32, at: i32): void {
  while (openValue != 0 && load<i32>(openValue, DEPTH) == ofDepth) {
    const from = load<i32>(openValue, FROM);
    if (load<i32>(openValue, KIND) != READS_TEXT) store<i32>(openValue, at, TO);
    else if (from == lastText) store<i32>(openValue, 0, FROM);
    else {
      store<i32>(openValue, textAfter(from), FROM);
      store<i32>(openValue, lastText, TO);
    }
    openValue = load<i32>(openValue, OUTER);
  }
  while (hasRecords && openRow != 0 && load<i32>(openRow, ROW_DEPTH) == ofDepth)
    openRow = load<i32>(openRow, ROW_OUTER);
}
