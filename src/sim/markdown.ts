/** Tables for people, and their places in the documents that hold them. */

export function table([head = [], ...body]: readonly string[][]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => (row[i] ?? '').length)));
  const line = (row: string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('');
}

/**
 * The document with what stands between two marks replaced.
 * @param command what writes it, as the first mark says. Throws where the document has no such marks.
 */
export function replaced(document: string, name: string, command: string, written: string): string {
  const [begin, end] = [`<!-- ${name}: written by \`${command}\` -->\n`, `<!-- end of ${name} -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no place for ${name}`);
  return `${document.slice(0, from + begin.length)}\n${written}\n${document.slice(to)}`;
}
