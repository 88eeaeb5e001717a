/** What the scan tells: 32-bit numbers behind the document, read when it is over. What is made of them follows. */
import { EVENT_BYTES_MAX, FAULT_MUCH } from '../numbers.ts';
import { unfollowed } from './fault.ts';

export let events: i32 = 0;
let next: i32 = 0;
let capacity: i32 = 0;

export function beginEvents(at: i32): void {
  events = next = (at + 15) & ~15;
  capacity = memory.size() << 16;
}

/** Room for so many numbers; where the first of them goes. */
export function told(numbers: i32): i32 {
  const at = next;
  next += numbers << 2;
  if (next > capacity) makeRoom();
  if (next - events > EVENT_BYTES_MAX) {
    // Nobody will read it.
    unfollowed(FAULT_MUCH);
    next = events + (numbers << 2);
    return events;
  }
  return at;
}

/** There is always room for what is allowed: a document and its events together stay far below what memory may be. */
function makeRoom(): void {
  if (memory.grow(((next - capacity) >> 16) + 16) < 0) unreachable();
  capacity = memory.size() << 16;
}

export function eventsEnd(): i32 {
  return next;
}
