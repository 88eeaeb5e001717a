/** Without HTML's white space at both ends: space, tab, LF, FF, CR. An expression would try each space within the text for the end. */
export function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

const isSpace = (char: number): boolean => char === 32 || char === 9 || char === 10 || char === 12 || char === 13;
