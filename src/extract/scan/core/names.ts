/** Element names to numbers: those of the rules, of the selectors, and what the page brings. */
import {
  FAULT_MANY_NAMES,
  FAULT_ODD_NAME,
  FIRST_FREE_TAG,
  NAME_ENTRY,
  NAME_SLOTS,
  SHORT_NAME,
  SVG,
} from '../numbers.ts';
import { unfollowed } from './fault.ts';
import { isAscii, lower, nameFrom, nameHigh, nameLow, nameTo } from './lexer.ts';
import { below, filled, lowOf, nameAt, names } from './memory.ts';

/** Numbers given out, to selectors and in all. */
let ofSelectors: i32 = 0;
let count: i32 = 0;
let filledCount: i32 = 0;

function slotOf(low: u64, high: u64): usize {
  const hash = low * 0x9e3779b97f4a7c15 + high * 0xd6e8feb86659fd93;
  return names + <usize>NAME_ENTRY * <usize>(hash >> 53);
}

/** The number of a name of at most 16 bytes; 0 when nobody has named it. */
function findName(low: u64, high: u64): i32 {
  let slot = slotOf(low, high);
  while (true) {
    const number = load<i32>(slot, 16);
    if (number == 0) return 0;
    if (load<u64>(slot) == low && load<u64>(slot, 8) == high) return number;
    slot += NAME_ENTRY;
    if (slot == names + NAME_ENTRY * NAME_SLOTS) slot = names;
  }
}

function insert(low: u64, high: u64, number: i32): usize {
  let slot = slotOf(low, high);
  while (load<i32>(slot, 16) != 0) {
    slot += NAME_ENTRY;
    if (slot == names + NAME_ENTRY * NAME_SLOTS) slot = names;
  }
  store<u64>(slot, low);
  store<u64>(slot, high, 8);
  store<i32>(slot, number, 16);
  store<u64>(lowOf + (number << 3), high == 0 ? low : 0);
  return slot;
}

/** A name for ever: of HTML, or (from `FIRST_FREE_TAG`) of a selector, at an address. */
export function addName(low: u64, high: u64, number: i32, at: i32, length: i32): void {
  if (length <= SHORT_NAME) insert(low, high, number);
  else store<u64>(lowOf + (number << 3), 0);
  if (number < FIRST_FREE_TAG) return;
  store<i32>(nameAt + 8 * (number - FIRST_FREE_TAG), at);
  store<i32>(nameAt + 8 * (number - FIRST_FREE_TAG), length, 4);
  ofSelectors = count = number - FIRST_FREE_TAG + 1;
}

export function beginNames(): void {
  // Later names may lie in the way of none: what was filled last is taken out first.
  while (filledCount > 0) store<i32>(load<i32>(filled + 4 * --filledCount), 0, 16);
  count = ofSelectors;
}

export function forgetNames(): void {
  memory.fill(names, 0, NAME_ENTRY * NAME_SLOTS);
  filledCount = ofSelectors = count = 0;
}

/** The place after the name of a key, where that is what stands at `at`, in lower case and in eight bytes at most; otherwise 0. */
export function afterName(key: i32, at: i32): i32 {
  const low = load<u64>(lowOf + (key << 3));
  const length = 8 - ((<i32>clz(low)) >> 3);
  return low != 0 && (load<u64>(at) & load<u64>(below + (length << 4))) == low ? at + length : 0;
}

/** The number of the tag that the lexer has read. */
export function readName(): i32 {
  const tag = nameTo - nameFrom <= SHORT_NAME ? findName(nameLow, nameHigh) : 0;
  return tag != 0 ? tag : unruled();
}

function unruled(): i32 {
  // The lower case of others is a matter of opinion.
  if (!isAscii(nameFrom, nameTo)) {
    unfollowed(FAULT_ODD_NAME);
    return FIRST_FREE_TAG;
  }
  const length = nameTo - nameFrom;
  if (length > SHORT_NAME) {
    for (let i = 0; i < count; i++) if (isNamed(i, length)) return FIRST_FREE_TAG + i;
  }
  const number = FIRST_FREE_TAG + count;
  if (number >= SVG) {
    unfollowed(FAULT_MANY_NAMES);
    return FIRST_FREE_TAG;
  }
  if (length > SHORT_NAME) store<u64>(lowOf + (number << 3), 0);
  else store<i32>(filled + 4 * filledCount++, <i32>insert(nameLow, nameHigh, number));
  store<i32>(nameAt + 8 * count, nameFrom);
  store<i32>(nameAt + 8 * count, length, 4);
  count++;
  return number;
}

function isNamed(i: i32, length: i32): bool {
  const entry = nameAt + 8 * i;
  if (load<i32>(entry, 4) != length) return false;
  const at = load<i32>(entry);
  for (let p = 0; p < length; p++) if (lower(load<u8>(at + p)) != lower(load<u8>(nameFrom + p))) return false;
  return true;
}
