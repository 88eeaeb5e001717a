/** Where a command writes: data to `out`, talk to `err`, and one line of talk that is rewritten in place on a terminal. */
export interface Sink {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface Terminal {
  /** Writes data and a line feed to stdout. */
  out(text: string): void;
  /** Writes talk and a line feed to stderr; a live line is cleared first. */
  err(text: string): void;
  /** Shows `text` as the live line, cut to the width. Only where `live` is true. */
  update(text: string): void;
  /** Removes the live line. */
  clear(): void;
  /** Is stderr a terminal that may be rewritten? */
  live: boolean;
  /** May what goes to stdout be coloured? */
  colour: boolean;
  columns(): number;
}

const CLEAR_LINE = '\r\x1b[K';

/** NO_COLOR (any non-empty value, no-color.org) and `TERM=dumb` switch off colour and the live line alike. */
export function terminalOf(stdout: Sink, stderr: Sink, env: Record<string, string | undefined>): Terminal {
  const plain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const live = stderr.isTTY === true && !plain;
  const columns = (): number => stderr.columns ?? 80;
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write(CLEAR_LINE);
    shown = false;
  };
  return {
    live,
    colour: stdout.isTTY === true && !plain,
    columns,
    clear,
    out: (text) => {
      clear();
      stdout.write(`${text}\n`);
    },
    err: (text) => {
      clear();
      stderr.write(`${text}\n`);
    },
    update: (text) => {
      stderr.write(CLEAR_LINE + text.slice(0, Math.max(1, columns() - 1)));
      shown = true;
    },
  };
}

/** How often the live line is rewritten at most. */
const LIVE_MS_MIN = 250;

/** Shows texts as the live line, those that come too fast left out; nothing where there is none. */
export function liveLine(terminal: Terminal, now: () => number): (text: string) => void {
  let shownAt = -Infinity;
  return (text) => {
    if (!terminal.live || now() - shownAt < LIVE_MS_MIN) return;
    shownAt = now();
    terminal.update(text);
  };
}

/** Text of others (URLs, problems, file contents) without the control characters that could steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ');
}
