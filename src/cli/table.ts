/** Columns of text, padded by what a terminal shows: full-width characters take two places. */
import { printable } from './terminal.ts';

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu;

export const widthOf = (text: string): number => [...text].length + (text.match(WIDE)?.length ?? 0);

export type Align = 'left' | 'right';

/**
 * Rows as lines, two spaces between columns, none at the end of a line. Cells are made printable.
 * @param align one per column; left where it is absent.
 */
export function table(rows: readonly (readonly string[])[], align: readonly Align[] = []): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of cells) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
  return cells.map((row) =>
    row
      .map((cell, i) => {
        const padding = ' '.repeat((widths[i] ?? 0) - widthOf(cell));
        return align[i] === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}
