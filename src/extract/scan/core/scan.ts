/**
 * One pass over a document: finds its tags and text and hands them to the rules of the place where they stand. It stops
 * where the document ends, or as soon as nothing that follows can change the answer.
 */
import {
  AGAIN,
  CONTENT_MARKUP,
  CONTENT_SCRIPT,
  CONTENT_TEXT,
  END_HEADING,
  END_TEMPLATE,
  FAULT_LATE_COMMENT,
  FAULT_MATH_ONLY,
  FAULT_OPEN_COMMENT,
  GUARD_BYTES,
  MODE_BEFORE_HTML,
  MODE_BODY,
  MODE_CAPTION,
  MODE_CELL,
  MODE_COLUMNS,
  MODE_ROW,
  MODE_SELECT,
  MODE_SELECT_IN_TABLE,
  MODE_TABLE,
  MODE_TABLE_BODY,
  MODE_TEMPLATE,
  SVG,
} from '../numbers.ts';
import {
  beginAutomaton,
  configureAutomaton,
  isReading,
  missing,
  tellComment,
  templates,
  tellText,
  writing,
} from './automaton.ts';
import {
  beginBuilder,
  bodyHasEnded,
  configureBuilder,
  current,
  dropLineFeed,
  dropsLineFeed,
  endRule,
  headIsOpenAgain,
  isForeign,
  isListed,
  isNewest,
  isUnsettled,
  leaveHeadAgain,
  mode,
  pop,
  popNewest,
  popTo,
  QUIRKS_NO,
  QUIRKS_UNCLEAR,
  settleQuirks,
  top,
} from './builder.ts';
import { beginEvents } from './events.ts';
import { fault, forgetFault, unfollowed } from './fault.ts';
import { endInBody, endInForeign, endTemplate, isMathOnly, startInBody, startInForeign } from './in-body.ts';
import { endBeforeBody, startBeforeBody } from './in-head.ts';
import { endInSelect, endInSelectInTable, startInSelect, startInSelectInTable, startInTemplate } from './in-select.ts';
import {
  endInCaption,
  endInCell,
  endInColumns,
  endInRow,
  endInSection,
  endInTable,
  startInCaption,
  startInCell,
  startInColumns,
  startInRow,
  startInSection,
  startInTable,
} from './in-table.ts';
import {
  afterGt,
  cdataEnd,
  commentEnd,
  end,
  endsWithGt,
  isAt,
  isComment,
  load_,
  MARK_DECLARATION,
  isLetter,
  MARK_NONE,
  markAt,
  nextLt,
  nextMarkup,
  nameTo,
  nameFrom,
  rawEnd,
  readTag,
  scriptEnd,
  skipSpace,
  attributes,
} from './lexer.ts';
import { configureJson, scanJson } from './json.ts';
import { address } from './memory.ts';
import { afterLineFeed, leaveFor, meansSomething, text } from './text.ts';
import { addName, afterName, beginNames, forgetNames, readName } from './names.ts';
import { outputFrom, out, room } from './output.ts';
import { configureRecords, lackingField, lackingRecord, writeRecords } from './records.ts';
import { setBase } from './urls.ts';
import { configureValues, fromOf, gather, listed, nextOf, toOf } from './values.ts';

export { address };
export { addName, forgetNames };
export { configureValues, configureRecords, configureJson, setBase };
export { scanJson };
/** Lists of the document's own, value by value. */
export { listed, nextOf, fromOf, toOf };
export { room };

const DOCTYPE: usize = memory.data<u8>([0x64, 0x6f, 0x63, 0x74, 0x79, 0x70, 0x65]);
const HTML: usize = memory.data<u8>([0x68, 0x74, 0x6d, 0x6c]);
const BASE: usize = memory.data<u8>([0x62, 0x61, 0x73, 0x65]);
const BODY: usize = memory.data<u8>([0x62, 0x6f, 0x64, 0x79]);
const FRAMESET: usize = memory.data<u8>([0x66, 0x72, 0x61, 0x6d, 0x65, 0x73, 0x65, 0x74]);

const SLASH = 0x2f;
const GT = 0x3e;

let mayStop: bool = true;
let usesBase: bool = false;
let readsRoot: bool = false;

export function configure(
  words: i32,
  selectors: i32,
  usesScope: bool,
  hasRecords: bool,
  scopeHasChains: bool,
  firstMatches: i32,
  rootIsRead: bool,
  baseIsUsed: bool,
): void {
  configureAutomaton(words, selectors, usesScope, hasRecords, scopeHasChains, firstMatches);
  configureBuilder(rootIsRead);
  readsRoot = rootIsRead;
  usesBase = baseIsUsed;
}

/** Scans the document at `at`, behind which there are `GUARD_BYTES` more. 0, or why it is not followed. */
export function scan(at: i32, length: i32): i32 {
  forgetFault();
  load_(at, length);
  beginEvents(at + length + GUARD_BYTES);
  beginNames();
  beginAutomaton();
  beginBuilder();
  mayStop = true;
  run(at);
  if (fault == 0) gather();
  return fault;
}

/** Writes the records of what was scanned, by the base that is set. 0, or why the document is left. */
export function write(): i32 {
  writeRecords();
  return fault;
}
export function writtenFrom(): i32 {
  return outputFrom;
}
export function writtenTo(): i32 {
  return out;
}
/** The field that a record lacks though it has to be there (-1 = none), and the number of the record. */
export function lacking(): i32 {
  return lackingField;
}
export function lackingIn(): i32 {
  return lackingRecord;
}

function run(from: i32): void {
  let textFrom = from;
  let at = from;
  while (textFrom < end) {
    const lt = nextLt(at);
    const closing = i32(load<u8>(lt + 1) == SLASH);
    const name = lt + 1 + closing;
    // What ends every search behind the document is no letter.
    const isTag = isLetter(load<u8>(name));
    if (!isTag && lt < end && markAt(lt) == MARK_NONE) {
      at = lt + 1;
      continue;
    }
    if (lt > textFrom && meansSomething()) text(textFrom, min(lt, end));
    if (lt >= end) break;
    at = isTag ? tag(name, closing != 0) : otherMarkup(lt);
    if (fault != 0) return;
    if (at < 0 || (missing == 0 && mayStop && isOver(at))) break;
    textFrom = at;
  }
  finish();
}

/** The place after the tag whose name begins at `name`; -1 when the document ends in it. */
function tag(name: i32, closing: bool): i32 {
  dropLineFeed(false);
  if (closing) {
    const after = endOfCurrent(name);
    if (after > 0) return after;
  }
  const after = readTag(name);
  if (after < 0) return -1;
  if (!closing) return startTag(readName(), after);
  endTag(readName());
  return after;
}

/** The same of markup that is no tag. */
function otherMarkup(at: i32): i32 {
  return markAt(at) == MARK_DECLARATION ? declaration(at) : bogus(at);
}

// ---------------------------------------------------------------- tags

function startTag(key: i32, after: i32): i32 {
  let content: i32 = CONTENT_MARKUP;
  if (mode == MODE_BODY && current < SVG) content = startInBody(key);
  else if (isForeign()) content = startInForeign(key);
  else if (isMathOnly(key)) unfollowed(FAULT_MATH_ONLY);
  else {
    do content = startByMode(key);
    while (content == AGAIN && fault == 0);
  }
  return content == CONTENT_MARKUP || fault != 0 ? after : readContent(content, after);
}

function startByMode(key: i32): i32 {
  switch (mode) {
    case MODE_BODY:
      return startInBody(key);
    case MODE_CELL:
      return startInCell(key);
    case MODE_CAPTION:
      return startInCaption(key);
    case MODE_TABLE:
      return startInTable(key);
    case MODE_TABLE_BODY:
      return startInSection(key);
    case MODE_ROW:
      return startInRow(key);
    case MODE_COLUMNS:
      return startInColumns(key);
    case MODE_SELECT:
      return startInSelect(key);
    case MODE_SELECT_IN_TABLE:
      return startInSelectInTable(key);
    case MODE_TEMPLATE:
      return startInTemplate(key);
    default:
      return startBeforeBody(key);
  }
}

/** Nearly always an end tag ends the element it stands in, and nothing else happens: the place after it, or 0 if it is another one. */
function endOfCurrent(name: i32): i32 {
  if (current >= SVG || mode > MODE_CAPTION || endRule(current) > END_HEADING) return 0;
  const after = afterName(current, name);
  if (after == 0 || after >= end || load<u8>(after) != GT) return 0;
  if (!isListed(top)) pop();
  else if (isNewest(top)) popNewest();
  else return 0;
  return after + 1;
}

function endTag(key: i32): void {
  if (current >= SVG && endInForeign(key)) return;
  while (!endByMode(key) && fault == 0);
}

function endByMode(key: i32): bool {
  switch (mode) {
    case MODE_BODY:
      endInBody(key);
      return true;
    case MODE_CELL:
      return endInCell(key);
    case MODE_CAPTION:
      return endInCaption(key);
    case MODE_TABLE:
      return endInTable(key);
    case MODE_TABLE_BODY:
      return endInSection(key);
    case MODE_ROW:
      return endInRow(key);
    case MODE_COLUMNS:
      return endInColumns(key);
    case MODE_SELECT:
      return endInSelect(key);
    case MODE_SELECT_IN_TABLE:
      return endInSelectInTable(key);
    case MODE_TEMPLATE:
      if (endRule(key) == END_TEMPLATE) endTemplate();
      return true;
    default:
      return endBeforeBody(key);
  }
}

/** Reads an element that holds text alone up to its end tag, and closes it. */
function readContent(content: i32, from: i32): i32 {
  const name = nameFrom;
  const length = nameTo - nameFrom;
  // The name as the document writes it, in lower case: no byte of it is beyond ASCII here.
  lowered(name, length);
  const to = content == CONTENT_SCRIPT ? scriptEnd(from, loweredName, length) : rawEnd(from, loweredName, length);
  if (to > from && isReading()) {
    const first = dropsLineFeed ? afterLineFeed(from, to) : from;
    if (first < to) tellText(first, to, current, content == CONTENT_TEXT);
  }
  dropLineFeed(false);
  const after = to >= end ? -1 : readTag(to + 2);
  pop();
  if (headIsOpenAgain) leaveHeadAgain();
  return after;
}

const loweredName: usize = memory.data(16);
function lowered(at: i32, length: i32): void {
  for (let i = 0; i < min(length, 16); i++) store<u8>(loweredName + i, load<u8>(at + i) | 0x20);
}

// ---------------------------------------------------------------- the rest

function declaration(at: i32): i32 {
  dropLineFeed(false);
  if (isComment(at)) {
    const to = commentEnd(at);
    if (to < 0) {
      if (writing > 0) unfollowed(FAULT_OPEN_COMMENT);
      return -1;
    }
    comment(at + 4, to);
    return afterGt(to);
  }
  if (isAt(at + 2, DOCTYPE, 7)) {
    const after = afterGt(at);
    if (mode == MODE_BEFORE_HTML) settleQuirks(isPlainDoctype(at, after) ? QUIRKS_NO : QUIRKS_UNCLEAR);
    return after;
  }
  if (isForeign() && at + 9 <= end && load<u64>(at) == 0x41544144435b213c && load<u8>(at + 8) == 0x5b) {
    return cdata(at + 9);
  }
  comment(at + 2, bogusEnd(at));
  return afterGt(at);
}

/** `<!doctype html>`, in whatever case, with white space where it may stand. */
function isPlainDoctype(at: i32, after: i32): bool {
  const name = skipSpace(at + 9, after);
  if (name == at + 9 || !isAt(name, HTML, 4)) return false;
  const last = skipSpace(name + 4, after);
  return last == after - 1 && endsWithGt(after);
}

function cdata(from: i32): i32 {
  const to = cdataEnd(from);
  if (to > from && isReading()) tellText(from, to, current, false);
  return to >= end ? -1 : to + 3;
}

/** `<?…>`, `</…>` with something that is no name, `<!…>` with something unknown. */
function bogus(at: i32): i32 {
  const closing = load<u8>(at + 1) == 0x2f;
  if (closing && at + 2 < end && load<u8>(at + 2) == 0x3e) return at + 3;
  dropLineFeed(false);
  comment(closing ? at + 2 : at + 1, bogusEnd(at));
  return afterGt(at);
}

function bogusEnd(at: i32): i32 {
  const after = afterGt(at);
  return endsWithGt(after) ? after - 1 : after;
}

function comment(from: i32, to: i32): void {
  if (writing == 0) return;
  if (bodyHasEnded) unfollowed(FAULT_LATE_COMMENT);
  tellComment(from, to);
}

/** Can the rest of the document change nothing? What is open may still be moved, and a few tags reach back. */
function isOver(at: i32): bool {
  if (isUnsettled()) return false;
  if (!reachesBack(at)) return true;
  mayStop = false;
  return false;
}

/** Is there a tag ahead that changes what was before it? */
function reachesBack(from: i32): bool {
  for (let at = nextMarkup(from); at < end; at = nextMarkup(at + 1)) {
    const name = at + 1;
    if (isAt(name, FRAMESET, 8)) return true;
    if (usesBase && isAt(name, BASE, 4)) return true;
    if (readsRoot && (isAt(name, HTML, 4) || isAt(name, BODY, 4))) return true;
  }
  return false;
}

function finish(): void {
  while (templates > 0 && fault == 0) endTemplate();
  while (mode >= MODE_BEFORE_HTML && fault == 0) leaveFor();
  popTo(0);
}

export function attributeCount(): i32 {
  return attributes;
}
