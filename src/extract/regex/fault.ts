/** Why a text is no regular expression that is matched here; the message is for the person who wrote it. */
export class RegexFault extends Error {}

const SHOWN = 80;

/** @param part of the pattern. */
export const faultOf = (what: string, part: string): RegexFault =>
  new RegexFault(`${what}: ${part.length > SHOWN ? `${part.slice(0, SHOWN - 1)}…` : part}`);
