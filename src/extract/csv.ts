/** CSV to rows by column name (RFC 4180, leniently): the first line is the header, the delimiter is found in it. */

export type CsvRow = Map<string, string>;
export type ParsedCsv = { ok: true; rows: CsvRow[] } | { ok: false; detail: string };

const DELIMITERS = [',', ';', '\t', '|'];

/**
 * Cells are verbatim; empty lines are skipped. A header that is empty or was seen before is named `column_3` (from 1) or
 * `name_2`; a cell beyond the header counts as an unnamed column, one that is missing is not in the row.
 */
export function parseCsv(text: string): ParsedCsv {
  const lines = linesOf(text, delimiterOf(text));
  if (typeof lines === 'number')
    return {
      ok: false,
      detail: `malformed CSV: the quote that is opened at character ${String(lines + 1)} is not closed`,
    };
  const [header = [], ...data] = lines;
  const columns = namesOf(header);
  const nameOf = (at: number): string => (columns[at] ??= unused(columns, `column_${String(at + 1)}`));
  return { ok: true, rows: data.map((cells) => new Map(cells.map((cell, at) => [nameOf(at), cell]))) };
}

/**
 * Lines end as the first of them does: any other end of a line is text. A quote that opens a cell is closed by one before a delimiter or
 * the end of the line; with anything else behind it, both are text.
 * @returns where a quote is opened that nothing closes, if there is one.
 */
function linesOf(text: string, delimiter: string): string[][] | number {
  const ends = new RegExp(`[${delimiter}\\r\\n]|$`, 'g');
  let newline = '';
  const isNewline = (at: number): boolean => {
    if (newline === '' && (text[at] === '\r' || text[at] === '\n'))
      newline = text.startsWith('\r\n', at) ? '\r\n' : text.charAt(at);
    return newline !== '' && text.startsWith(newline, at);
  };
  const isEnd = (at: number): boolean => at === text.length || text[at] === delimiter || isNewline(at);
  const endOf = (from: number): number => {
    ends.lastIndex = from;
    let at = from;
    do at = ends.exec(text)?.index ?? text.length;
    while (!isEnd(at));
    return at;
  };

  const lines: string[][] = [];
  let line: string[] = [];
  for (let at = 0; at < text.length || line.length > 0;) {
    let cell = '';
    let end = at;
    const quoted = text[at] === '"';
    if (quoted) {
      const closed = closing(text, at);
      if (closed === -1) return at;
      cell = text.slice(at + 1, closed).replaceAll('""', '"');
      end = closed + 1;
      if (!isEnd(end)) cell = `"${cell}"`;
    }
    const rest = endOf(end);
    cell += text.slice(end, rest);
    const last = text[rest] !== delimiter;
    if (!last || quoted || cell !== '' || line.length > 0) line.push(cell);
    if (last && line.length > 0) {
      lines.push(line);
      line = [];
    }
    at = rest + (last ? newline.length || 1 : 1);
  }
  return lines;
}

/** The quote that closes the one at a place: the first that no other follows. -1 when there is none. */
function closing(text: string, opened: number): number {
  let at = text.indexOf('"', opened + 1);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function namesOf(header: string[]): string[] {
  const names: string[] = [];
  for (const [at, cell] of header.entries()) {
    const name = cell.trim();
    names.push(unused(names, name === '' ? `column_${String(at + 1)}` : name));
  }
  return names;
}

function unused(names: string[], wanted: string): string {
  let name = wanted;
  for (let n = 2; names.includes(name); n++) name = `${wanted}_${String(n)}`;
  return name;
}

/** The delimiter that occurs most often in the header outside quotes; a comma when none does. */
function delimiterOf(text: string): string {
  const counts = DELIMITERS.map(() => 0);
  let quoted = false;
  for (const char of text.replace(/^[\r\n]+/, '')) {
    if (char === '"') quoted = !quoted;
    else if (!quoted && (char === '\n' || char === '\r')) break;
    const at = quoted ? -1 : DELIMITERS.indexOf(char);
    if (at !== -1) counts[at] = (counts[at] ?? 0) + 1;
  }
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}
