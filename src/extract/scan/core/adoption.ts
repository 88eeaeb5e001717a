/** Formatting elements that end outside of the block that they were to end in: HTML's adoption agency, as far as nothing told has to be moved. */
import { FAULT_MISNESTED, SVG } from '../numbers.ts';
import { begun, isReading, looksUp } from './automaton.ts';
import {
  formIsFrom,
  isListed,
  keyAt,
  nameOf,
  NONE,
  placeOf,
  popTo,
  push,
  pushAs,
  setEntry,
  setPlaceOf,
  top,
  unlist,
} from './builder.ts';
import { eventsEnd } from './events.ts';
import { fault, unfollowed } from './fault.ts';
import { nameFrom, readTag } from './lexer.ts';
import { entries, formats, held, modes, ordinals, tags, told } from './memory.ts';

/** So many elements between a formatting element and the block in it are opened again around the block. */
const CLONED_MAX = 3;

/**
 * A formatting element ends outside of the block that it was to end in: the block is moved out of it, and what the block
 * holds gets a copy of it. Nothing is moved here: the stack is put together anew, which comes to the same as long as the
 * block has told nothing, and as long as no selector looks up from an element in it that is closed.
 * @param entry of the formatting element, open at `place`; `block` is the place of the block.
 */
export function adoptBlock(entry: i32, place: i32, block: i32): void {
  const last = top;
  if (eventsEnd() != load<i32>(told + (block << 2))) return unfollowed(FAULT_MISNESTED);
  if (looksUp && begun - load<i32>(ordinals + (block << 2)) != last - block) return unfollowed(FAULT_MISNESTED);
  if (formIsFrom(place)) return unfollowed(FAULT_MISNESTED);
  for (let at = place; at <= last; at++) {
    if (keyAt(at) >= SVG || load<i32>(tags + (at << 2)) == 0) return unfollowed(FAULT_MISNESTED);
  }
  const tag = nameFrom;
  const wasReading = isReading();
  // Of the elements between, those that are listed are opened again, if they are near enough.
  for (let at = block - CLONED_MAX - 1; at > place; at--) if (isListed(at)) unlist(load<i32>(entries + (at << 2)));
  entry = load<i32>(entries + (place << 2));
  let bookmark = entry;
  for (let at = block - 1; at > place && bookmark == entry; at--) {
    const listed = load<i32>(entries + (at << 2));
    if (listed != NONE) bookmark = listed + 1;
  }
  const name = nameOf(entry);
  const ofFormat = load<i32>(formats + 12 * entry, 8);
  moveEntry(entry, bookmark);
  for (let at = place; at <= last; at++) {
    const to = held + 16 * at;
    store<i32>(to, keyAt(at));
    store<i32>(to, load<u8>(modes + at), 4);
    store<i32>(to, load<i32>(entries + (at << 2)), 8);
    store<i32>(to, load<i32>(tags + (at << 2)), 12);
    store<i32>(entries + (at << 2), NONE);
  }
  popTo(place);
  for (let at = place + 1; at < block; at++) if (load<i32>(held + 16 * at, 8) != NONE) openAgain(at);
  openAgain(block);
  readTag(ofFormat);
  push(name);
  link(load<i32>(held + 16 * place, 8));
  for (let at = block + 1; at <= last && fault == 0; at++) openAgain(at);
  // The text that the block held until now would have to be read too.
  if (isReading() && !wasReading) unfollowed(FAULT_MISNESTED);
  readTag(tag);
}

function openAgain(at: i32): void {
  const from = held + 16 * at;
  readTag(load<i32>(from, 12));
  pushAs(load<i32>(from), load<i32>(from, 4));
  link(load<i32>(from, 8));
}

/** The current element is the one of an entry. */
function link(entry: i32): void {
  if (entry == NONE) return;
  setPlaceOf(entry, top);
  setEntry(top, entry);
}

/** Puts the entry before the one at `before`. */
function moveEntry(entry: i32, before: i32): void {
  const name = nameOf(entry);
  const place = placeOf(entry);
  const tag = load<i32>(formats + 12 * entry, 8);
  for (let at = entry; at < before - 1; at++) {
    memory.copy(formats + 12 * at, formats + 12 * (at + 1), 12);
    if (placeOf(at) != NONE) setEntry(placeOf(at), at);
  }
  const to = max(entry, before - 1);
  store<i32>(formats + 12 * to, name);
  store<i32>(formats + 12 * to, place, 4);
  store<i32>(formats + 12 * to, tag, 8);
  setEntry(place, to);
}
