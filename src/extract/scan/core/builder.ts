/**
 * HTML's stack of open elements and list of active formatting elements, without a tree: it knows what is open, not what
 * was. That is enough as long as the rules only ever append. Where they would move what is already there (adoption
 * agency with a block in between, foster parenting), the document is not followed.
 */
import {
  BUTTON_SCOPE,
  DEPTH_MAX,
  FAULT_ALIKE,
  FAULT_DEEP,
  FAULT_MANY_FORMATS,
  FAULT_MULTIPLYING,
  FAULT_ROOT_ATTRIBUTES,
  FAULT_TABLE_IN_TEMPLATE,
  INTEGRATION,
  MODE_BEFORE_HTML,
  MODE_HEAD,
  SCOPE,
  SPECIAL,
  SVG,
  T_HEAD,
  T_P,
  T_TABLE,
  T_TEMPLATE,
  TABLE_SCOPE,
} from '../numbers.ts';
import {
  begun,
  close,
  enterTemplate,
  leaveTemplate,
  open,
  tellEndTag,
  templates,
  unstash,
  watched,
  writing,
} from './automaton.ts';
import { eventsEnd } from './events.ts';
import { fault, unfollowed } from './fault.ts';
import { attributes, nameFrom, readTag, setAttributes } from './lexer.ts';
import {
  classes,
  endRules,
  entries,
  FORMATS_MAX,
  formats,
  keys,
  modes,
  ordinals,
  startRules,
  tags,
  told,
} from './memory.ts';

const MARKER = -1;
/** A formatting element that is no longer open and comes back where text goes on. */
const CLOSED = -1;
/** From so many formatting elements of one name on, HTML compares their attributes. */
const ALIKE_MAX = 3;
/** A short page can ask for millions of elements by formatting tags that it never closes; the tree has a bound for that. */
const REOPENED_MAX = 10_000;
/** No place: nothing of the kind is open. */
export const NONE: i32 = -1;

/** Place of the current element; the root is 0. */
export let top: i32 = NONE;
/** Its key; 0 above the root. And the insertion mode. */
export let current: i32 = 0;
export let mode: i32 = MODE_BEFORE_HTML;
let paragraphs: i32 = 0;
let reopened: i32 = 0;
let formatting: i32 = 0;

export const QUIRKS_UNKNOWN = 0;
export const QUIRKS_NO = 1;
export const QUIRKS_YES = 2;
export const QUIRKS_UNCLEAR = 3;
/** Whether `<table>` may stand in a paragraph; unknown before the first tag or text. */
export let quirks: i32 = QUIRKS_UNKNOWN;
/** Something was found that ends with `<head>`, so nothing can be added to it. */
export let headIsRead: bool = false;
export let headIsOpenAgain: bool = false;
export let bodyHasEnded: bool = false;
let form: i32 = NONE;
/** A form was opened and neither closed by its tag nor forgotten: another one cannot begin. */
export let formIsKnown: bool = false;
/** A line feed right after this start tag is no text. */
export let dropsLineFeed: bool = false;
/** A second `<html>` or `<body>` tag adds its attributes to the first. */
let readsRoot: bool = false;

export function configureBuilder(rootIsRead: bool): void {
  readsRoot = rootIsRead;
}

export function beginBuilder(): void {
  top = NONE;
  current = 0;
  mode = MODE_BEFORE_HTML;
  paragraphs = formatting = reopened = 0;
  quirks = QUIRKS_UNKNOWN;
  headIsRead = headIsOpenAgain = bodyHasEnded = dropsLineFeed = formIsKnown = false;
  form = NONE;
}

export function classOf(key: i32): i32 {
  return load<u16>(classes + (key << 1));
}
/** The rule of a start tag or an end tag in the body. */
export function startRule(key: i32): i32 {
  return load<u8>(startRules + key);
}
export function endRule(key: i32): i32 {
  return load<u8>(endRules + key);
}
export function keyAt(place: i32): i32 {
  return load<i32>(keys + (place << 2));
}
export function setMode(to: i32): void {
  mode = to;
  store<u8>(modes + top, <u8>to);
}
export function dropLineFeed(drops: bool): void {
  dropsLineFeed = drops;
}
export function settleQuirks(as: i32): void {
  if (quirks == QUIRKS_UNKNOWN) quirks = as;
}
export function endBody(): void {
  bodyHasEnded = true;
}
export function readHead(isRead: bool): void {
  headIsRead = isRead;
}

/** Tags and text follow the rules of SVG and MathML. */
export function isForeign(): bool {
  return current >= SVG && (classOf(current) & INTEGRATION) == 0;
}

// ---------------------------------------------------------------- elements

/** Opens the element whose tag the lexer holds. True when something matched it. */
export function push(key: i32): bool {
  return pushAs(key, mode);
}
export function pushAs(key: i32, as: i32): bool {
  const at = top + 1;
  if (at > DEPTH_MAX) {
    unfollowed(FAULT_DEEP);
    return false;
  }
  store<i32>(told + (at << 2), eventsEnd());
  const matched = open(at, key);
  store<i32>(ordinals + (at << 2), begun);
  store<i32>(tags + (at << 2), nameFrom);
  top = at;
  current = key;
  mode = as;
  store<i32>(keys + (at << 2), key);
  store<u8>(modes + at, <u8>as);
  store<i32>(entries + (at << 2), NONE);
  if (key == T_P) paragraphs++;
  else if (key == T_TEMPLATE) enterTemplate();
  return matched;
}

/** An element that no tag has asked for. */
export function pushImplied(key: i32, as: i32): bool {
  const had = attributes;
  setAttributes(0);
  const matched = pushAs(key, as);
  setAttributes(had);
  store<i32>(tags + (top << 2), 0);
  return matched;
}

/** An element without content. */
export function append(key: i32): void {
  if (top + 1 > DEPTH_MAX) return unfollowed(FAULT_DEEP);
  open(top + 1, key);
  if (watched == top + 1) close(top + 1);
}

function settle(): void {
  if (top < 0) {
    current = 0;
    mode = MODE_BEFORE_HTML;
  } else {
    current = keyAt(top);
    mode = load<u8>(modes + top);
  }
}

export function pop(): void {
  const at = top;
  if (at < 0) return;
  const key = current;
  top = at - 1;
  settle();
  if (key == T_P) paragraphs--;
  else if (key == T_TEMPLATE) leaveTemplate();
  const entry = load<i32>(entries + (at << 2));
  if (entry != NONE) setPlaceOf(entry, CLOSED);
  if (at == form) form = NONE;
  if (writing > 0) tellEndTag(key);
  if (watched == at) close(at);
}

/** Something is open that a later tag could move: a table, a template, a formatting element, the head. */
export function isUnsettled(): bool {
  if (formatting > 0 || (headIsRead && mode >= MODE_BEFORE_HTML)) return true;
  for (let at = top; at > 0; at--) if (keyAt(at) == T_TABLE || keyAt(at) == T_TEMPLATE) return true;
  return false;
}

/** `<html>` or `<body>` again. */
export function rootAgain(): void {
  if (readsRoot && attributes > 0 && templates == 0) unfollowed(FAULT_ROOT_ATTRIBUTES);
}

/** Closes elements until the one at `at` is closed. */
export function popTo(at: i32): void {
  while (top >= at && top >= 0) pop();
}

export function popImplied(except: i32, bits: i32): void {
  while ((classOf(current) & bits) != 0 && current != except) pop();
}

/** The place of the innermost open `key` that no boundary hides; -1 when there is none. */
export function inScope(key: i32, boundary: i32 = SCOPE): i32 {
  for (let at = top; at >= 0; at--) {
    const opened = keyAt(at);
    if (opened == key) return at;
    if ((classOf(opened) & boundary) == 0) continue;
    // The tree's parser looks further, into the table around the template; HTML does not.
    if (opened == T_TEMPLATE && boundary == TABLE_SCOPE) unfollowed(FAULT_TABLE_IN_TEMPLATE);
    return NONE;
  }
  return NONE;
}

/** The place of the innermost open element of a class; -1 when a boundary comes first. */
export function classInScope(bits: i32): i32 {
  for (let at = top; at >= 0; at--) {
    const opened = classOf(keyAt(at));
    if ((opened & bits) != 0) return at;
    if ((opened & SCOPE) != 0) return NONE;
  }
  return NONE;
}

export function closeParagraph(): void {
  if (paragraphs == 0) return;
  const at = inScope(T_P, BUTTON_SCOPE);
  if (at != NONE) popTo(at);
}

export function isInParagraph(): bool {
  return paragraphs > 0 && inScope(T_P, BUTTON_SCOPE) != NONE;
}

/** The outermost special element inside of the one at a place; -1 when there is none. */
export function specialAbove(place: i32): i32 {
  for (let at = place + 1; at <= top; at++) if ((classOf(keyAt(at)) & SPECIAL) != 0) return at;
  return NONE;
}

/** Opens the closed head again for one more element. It is the same element: nothing begins. */
export function reopenHead(): void {
  top++;
  unstash(top);
  store<i32>(keys + (top << 2), T_HEAD);
  store<u8>(modes + top, <u8>MODE_HEAD);
  store<i32>(entries + (top << 2), NONE);
  settle();
  headIsOpenAgain = true;
}
export function leaveHeadAgain(): void {
  top--;
  settle();
  headIsOpenAgain = false;
}

// ---------------------------------------------------------------- forms

export function formOpened(at: i32): void {
  form = at;
  formIsKnown = true;
}
/** Is a form open at the place or inside of it? */
export function formIsFrom(place: i32): bool {
  return form >= place;
}
export function forgetForm(): i32 {
  const at = form;
  form = NONE;
  formIsKnown = false;
  return at;
}

// ---------------------------------------------------------------- formatting elements

/** A name (or a marker), its place in the stack (or `CLOSED`), and where its tag is. */
export function nameOf(entry: i32): i32 {
  return load<i32>(formats + 12 * entry);
}
export function placeOf(entry: i32): i32 {
  return load<i32>(formats + 12 * entry, 4);
}
export function setPlaceOf(entry: i32, place: i32): void {
  store<i32>(formats + 12 * entry, place, 4);
}
export function isListed(place: i32): bool {
  return load<i32>(entries + (place << 2)) != NONE;
}
/** No other formatting element was listed after the one at a place. */
export function isNewest(place: i32): bool {
  return load<i32>(entries + (place << 2)) == formatting - 1;
}
/** Closes the current element, which is the newest formatting element, and forgets it. */
export function popNewest(): void {
  pop();
  formatting--;
}
export function setEntry(place: i32, entry: i32): void {
  store<i32>(entries + (place << 2), entry);
}

/** The current element becomes an active formatting element. */
export function format(key: i32): void {
  let alike = 0;
  for (let at = formatting - 1; at >= 0 && nameOf(at) != MARKER; at--) if (nameOf(at) == key) alike++;
  if (alike >= ALIKE_MAX) return unfollowed(FAULT_ALIKE);
  list(key, top, nameFrom);
  setEntry(top, formatting - 1);
}

function list(name: i32, place: i32, tag: i32): void {
  if (formatting == FORMATS_MAX) return unfollowed(FAULT_MANY_FORMATS);
  const at = formats + 12 * formatting++;
  store<i32>(at, name);
  store<i32>(at, place, 4);
  store<i32>(at, tag, 8);
}

export function mark(): void {
  list(MARKER, NONE, 0);
}

/** Forgets the formatting elements since the last marker, and it. */
export function clearToMarker(): void {
  while (formatting > 0) {
    const at = --formatting;
    if (nameOf(at) == MARKER) return;
    if (placeOf(at) != CLOSED) setEntry(placeOf(at), NONE);
  }
}

/** The last entry of a name since the last marker; -1 when there is none. */
export function entryOf(key: i32): i32 {
  for (let at = formatting - 1; at >= 0; at--) {
    if (nameOf(at) == key) return at;
    if (nameOf(at) == MARKER) return NONE;
  }
  return NONE;
}

export function unlist(entry: i32): void {
  if (placeOf(entry) != CLOSED) setEntry(placeOf(entry), NONE);
  formatting--;
  for (let at = entry; at < formatting; at++) {
    memory.copy(formats + 12 * at, formats + 12 * (at + 1), 12);
    if (placeOf(at) != CLOSED) setEntry(placeOf(at), at);
  }
}

/** Some formatting element would be opened again here. */
export function isPending(): bool {
  const last = formatting - 1;
  return last >= 0 && placeOf(last) == CLOSED && nameOf(last) != MARKER;
}

/** Opens again the formatting elements that something else has closed. Called before text and most start tags. */
export function reconstruct(): void {
  if (isPending()) reopen(formatting - 1);
}

function reopen(last: i32): void {
  let first = last;
  while (first > 0 && placeOf(first - 1) == CLOSED && nameOf(first - 1) != MARKER) first--;
  const tag = nameFrom;
  reopened += last - first + 1;
  if (reopened > REOPENED_MAX) return unfollowed(FAULT_MULTIPLYING);
  for (let at = first; at <= last && fault == 0; at++) {
    readTag(load<i32>(formats + 12 * at, 8));
    push(nameOf(at));
    setPlaceOf(at, top);
    setEntry(top, at);
  }
  readTag(tag);
}
