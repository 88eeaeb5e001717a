/** Line plots as SVG: small, plain, the same bytes for the same figures. */

export interface Axis {
  label: string;
  min: number;
  max: number;
  /** Decades instead of equal steps. */
  log?: boolean;
}
export interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  /** Drawn grey and dashed behind the others: what is to be reached. */
  isGoal?: boolean;
}
export interface Panel {
  title: string;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
}

const WIDTH = 440;
const HEIGHT = 250;
const EDGE = { left: 52, right: 12, top: 26, bottom: 40 };
const LEGEND = 22;
/** Told apart by eyes that see red and green alike (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

/** Has the same colour in every plot, and comes first in its legend. */
const OURS = 'Gleaner';

/** Panels side by side with one legend. */
export function plot(title: string, panels: readonly Panel[], columns = 2): string {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  names.sort((a, b) => Number(b === OURS) - Number(a === OURS));
  const goals = new Set(panels.flatMap(({ lines }) => lines.filter(({ isGoal }) => isGoal).map(({ name }) => name)));
  const coloured = names.filter((name) => !goals.has(name));
  const colour = (name: string): string =>
    goals.has(name) ? '#888888' : (COLOURS[coloured.indexOf(name) % COLOURS.length] ?? '#000000');
  const width = WIDTH * Math.min(columns, panels.length);
  const height = HEIGHT * Math.ceil(panels.length / columns) + LEGEND;
  const drawn = panels.map((each, i) => {
    const [left, top] = [(i % columns) * WIDTH, Math.floor(i / columns) * HEIGHT + LEGEND];
    return `<g transform="translate(${String(left)},${String(top)})">\n${panel(each, colour)}</g>\n`;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" font-family="sans-serif" font-size="11">\n` +
    `<title>${escaped(title)}</title>\n<rect width="100%" height="100%" fill="#ffffff"/>\n` +
    `${legend(names, colour, goals)}${drawn.join('')}</svg>\n`
  );
}

function legend(names: readonly string[], colour: (name: string) => string, goals: ReadonlySet<string>): string {
  let left = EDGE.left;
  return names
    .map((name) => {
      const stroke = `stroke="${colour(name)}" stroke-width="2"${goals.has(name) ? ' stroke-dasharray="4 3"' : ''}`;
      const item = `<line x1="${String(left)}" y1="12" x2="${String(left + 16)}" y2="12" ${stroke}/><text x="${String(left + 20)}" y="16">${escaped(name)}</text>\n`;
      left += 34 + name.length * 6.2;
      return item;
    })
    .join('');
}

function panel({ title, x, y, lines }: Panel, colour: (name: string) => string): string {
  const across = scale(x, EDGE.left, WIDTH - EDGE.right);
  const up = scale(y, HEIGHT - EDGE.bottom, EDGE.top);
  const [left, right, top, bottom] = [EDGE.left, WIDTH - EDGE.right, EDGE.top, HEIGHT - EDGE.bottom];
  const grid = ticks(y).map(
    (at) =>
      `<line x1="${String(left)}" x2="${String(right)}" y1="${up(at)}" y2="${up(at)}" stroke="#e5e5e5"/><text x="${String(left - 5)}" y="${up(at)}" dy="4" text-anchor="end">${number(at)}</text>\n`,
  );
  const marks = ticks(x).map(
    (at) => `<text x="${across(at)}" y="${String(bottom + 15)}" text-anchor="middle">${number(at)}</text>\n`,
  );
  const drawn = [...lines]
    .sort((a, b) => Number(b.isGoal ?? false) - Number(a.isGoal ?? false))
    .map(({ name, points, isGoal }) => {
      const path = points.map(([px, py]) => `${across(px)},${up(Math.min(Math.max(py, y.min), y.max))}`).join(' ');
      const stroke = `stroke="${colour(name)}" stroke-width="1.6"${isGoal ? ' stroke-dasharray="4 3"' : ''}`;
      return `<polyline fill="none" ${stroke} points="${path}"/>\n`;
    });
  return (
    `<text x="${String(left)}" y="${String(top - 9)}" font-weight="bold">${escaped(title)}</text>\n` +
    `${grid.join('')}${marks.join('')}` +
    `<text x="${String((left + right) / 2)}" y="${String(bottom + 31)}" text-anchor="middle">${escaped(x.label)}</text>\n` +
    `<text transform="translate(13,${String((top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>\n` +
    drawn.join('')
  );
}

function scale({ min, max, log }: Axis, from: number, to: number): (value: number) => string {
  const at = (value: number): number =>
    log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
  return (value) => String(Math.round((from + at(value) * (to - from)) * 10) / 10);
}

function ticks({ min, max, log }: Axis): number[] {
  if (log) {
    const decades: number[] = [];
    for (let at = Math.ceil(Math.log10(min) - 1e-9); at <= Math.log10(max) + 1e-9; at++) decades.push(10 ** at);
    return decades;
  }
  const rough = (max - min) / 5;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5, 10].find((times) => decade * times >= rough) ?? 10);
  const found: number[] = [];
  for (let at = Math.ceil(min / step) * step; at <= max + step / 1e6; at += step) found.push(at);
  return found;
}

const number = (value: number): string => String(Number(value.toPrecision(6)));
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
