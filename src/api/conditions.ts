/** Entity tags and the conditions over them, RFC 9110 §8.8.3 and §13.1. */

interface EntityTag {
  /** Quotes included. */
  opaque: string;
  weak: boolean;
}
export type Condition = '*' | EntityTag[];

/** An `If-Match` or `If-None-Match` header; undefined when it is none. */
export function parseCondition(header: string): Condition | undefined {
  const text = header.trim();
  if (text === '*') return '*';
  const tags: EntityTag[] = [];
  const tag = /\s*(W\/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(,|$)/y;
  while (tag.lastIndex < text.length) {
    const match = tag.exec(text);
    if (match?.[2] === undefined) return undefined;
    tags.push({ opaque: match[2], weak: match[1] !== undefined });
  }
  return tags.length === 0 || text.endsWith(',') ? undefined : tags;
}

/** Strong comparison, as `If-Match` wants it: a weak tag matches nothing. */
export const matchesStrongly = (condition: Condition, etag: string): boolean =>
  condition === '*' || condition.some((tag) => !tag.weak && tag.opaque === etag);

/** Weak comparison, as `If-None-Match` wants it. */
export const matchesWeakly = (condition: Condition, etag: string): boolean =>
  condition === '*' || condition.some((tag) => tag.opaque === etag.replace(/^W\//, ''));
