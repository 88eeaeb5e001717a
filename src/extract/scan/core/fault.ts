/** A shape that this scanner does not follow. There are no exceptions here: it is noted, and the loops end by it. */
import { CONTENT_MARKUP } from '../numbers.ts';

export let fault: i32 = 0;

export function unfollowed(number: i32): void {
  if (fault == 0) fault = number;
}
export function forgetFault(): void {
  fault = 0;
}
/** The same where the content of an element is to be told. */
export function refused(number: i32): i32 {
  unfollowed(number);
  return CONTENT_MARKUP;
}
