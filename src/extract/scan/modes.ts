/** The insertion mode that holds while an element is the current one. */
export const MODE = {
  BODY: 0,
  CELL: 1,
  CAPTION: 2,
  TABLE: 3,
  TABLE_BODY: 4,
  ROW: 5,
  COLUMNS: 6,
  SELECT: 7,
  SELECT_IN_TABLE: 8,
  TEMPLATE: 9,
  /** From here on: before the body. */
  BEFORE_HTML: 10,
  BEFORE_HEAD: 11,
  HEAD: 12,
  HEAD_NOSCRIPT: 13,
  AFTER_HEAD: 14,
} as const;

/** How the content of an element is read. */
export const CONTENT = {
  MARKUP: 0,
  /** Up to its end tag, as it is. */
  RAW: 1,
  /** The same, with the rules for comments in scripts. */
  SCRIPT: 2,
  /** Up to its end tag, with character references. */
  TEXT: 3,
} as const;
