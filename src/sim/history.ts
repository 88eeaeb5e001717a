/** What happened, line by line, and a digest of it: two runs of one seed must agree in every line. */
export interface Entry {
  /** Milliseconds from the start. */
  atMs: number;
  who: string;
  what: string;
}

export class History {
  readonly #startMs: number;
  readonly #entries: Entry[] | undefined;
  #digest = 0x811c9dc5;
  length = 0;

  /** @param keep keep the lines themselves, for people. */
  constructor(startMs: number, keep: boolean) {
    this.#startMs = startMs;
    this.#entries = keep ? [] : undefined;
  }

  /** @param facts are only asked for when lines are kept; `code` goes into the digest. */
  add(nowMs: number, who: { id: number; name: string }, code: string, facts?: () => string): void {
    this.length++;
    this.#mix(Math.round((nowMs - this.#startMs) * 1000));
    this.#mix(who.id);
    for (let i = 0; i < code.length; i++) this.#mix(code.charCodeAt(i));
    this.#entries?.push({ atMs: nowMs - this.#startMs, who: who.name, what: facts ? `${code} ${facts()}` : code });
  }

  get digest(): string {
    return (this.#digest >>> 0).toString(16).padStart(8, '0');
  }

  get entries(): readonly Entry[] {
    return this.#entries ?? [];
  }

  #mix(value: number): void {
    this.#digest = Math.imul(this.#digest ^ value, 0x01000193);
  }
}

export const entryLine = ({ atMs, who, what }: Entry): string =>
  `${(atMs / 1000).toFixed(3).padStart(10)}  ${who.padEnd(14)} ${what}`;
