/** Text, by the rules of the place where it stands. */
import {
  FAULT_MOVED_TEXT,
  FAULT_SPACE_REFERENCE,
  MODE_AFTER_HEAD,
  MODE_BEFORE_HEAD,
  MODE_BEFORE_HTML,
  MODE_BODY,
  MODE_CAPTION,
  MODE_COLUMNS,
  MODE_HEAD,
  MODE_HEAD_NOSCRIPT,
  MODE_SELECT,
  MODE_SELECT_IN_TABLE,
  MODE_TEMPLATE,
  TABLE_PART,
} from '../numbers.ts';
import { isReading, tellText } from './automaton.ts';
import {
  classOf,
  current,
  dropLineFeed,
  dropsLineFeed,
  isForeign,
  isPending,
  mode,
  pop,
  reconstruct,
} from './builder.ts';
import { fault, unfollowed } from './fault.ts';
import { closeHead, openBody, openHead, openHtml } from './in-head.ts';
import { skipSpace } from './lexer.ts';

const AMPERSAND = 0x26;
const LF = 10;
const CR = 13;

/** Text at this place changes something, or is read. */
export function meansSomething(): bool {
  return mode != MODE_BODY || isPending() || isReading() || dropsLineFeed;
}

export function text(from: i32, to: i32): void {
  let at = from;
  if (dropsLineFeed) {
    dropLineFeed(false);
    at = afterLineFeed(from, to);
    if (at == to) return;
    reconstruct();
    return insert(at, to);
  }
  if (isForeign()) return insert(at, to);
  if (mode <= MODE_CAPTION || mode == MODE_TEMPLATE) {
    reconstruct();
    insert(at, to);
  } else if (mode == MODE_SELECT || mode == MODE_SELECT_IN_TABLE) insert(at, to);
  else textByMode(at, to);
}

function insert(from: i32, to: i32): void {
  if (from < to && isReading()) tellText(from, to, current, true);
}

/** A line feed right at the beginning is no text. */
export function afterLineFeed(from: i32, to: i32): i32 {
  const byte: i32 = load<u8>(from);
  if (mayBeSpace(from)) unfollowed(FAULT_SPACE_REFERENCE);
  if (byte == LF) return from + 1;
  if (byte != CR) return from;
  return from + 1 < to && load<u8>(from + 1) == LF ? from + 2 : from + 1;
}

/** A reference that may be white space: `&Tab;`, `&NewLine;`, or a number of at most that of a space. */
function mayBeSpace(at: i32): bool {
  if (load<u8>(at) != AMPERSAND) return false;
  const next: i32 = load<u8>(at + 1);
  if (next != 0x23) return next == 0x54 || next == 0x4e;
  const isHex = (load<u8>(at + 2) | 0x20) == 0x78;
  let value = 0;
  for (let p = at + (isHex ? 3 : 2); value <= 0x20; p++) {
    const digit = digitOf(load<u8>(p));
    if (digit < 0 || digit >= (isHex ? 16 : 10)) return true;
    value = value * (isHex ? 16 : 10) + digit;
  }
  return false;
}
function digitOf(byte: i32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = (byte | 0x20) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/** Where white space is one thing and other text another. */
function textByMode(from: i32, to: i32): void {
  for (let at = from; at < to && fault == 0;) {
    const rest = skipSpace(at, to);
    if (mode < MODE_BEFORE_HTML && mode != MODE_COLUMNS) {
      if (rest < to || (classOf(current) & TABLE_PART) == 0) return unfollowed(FAULT_MOVED_TEXT);
      return insert(at, to);
    }
    if (mode != MODE_BEFORE_HTML && mode != MODE_BEFORE_HEAD) insert(at, rest);
    if (rest == to) return;
    if (mayBeSpace(rest)) return unfollowed(FAULT_SPACE_REFERENCE);
    at = rest;
    leaveFor();
    if (mode == MODE_BODY) return text(at, to);
  }
}

/** Text that is no white space ends what cannot hold it. */
export function leaveFor(): void {
  switch (mode) {
    case MODE_BEFORE_HTML:
      openHtml();
      break;
    case MODE_BEFORE_HEAD:
      openHead();
      break;
    case MODE_HEAD:
      closeHead();
      break;
    case MODE_HEAD_NOSCRIPT:
      pop();
      break;
    case MODE_AFTER_HEAD:
      openBody();
      break;
    default:
      unfollowed(FAULT_MOVED_TEXT);
  }
}
