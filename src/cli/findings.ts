/** What a verification found wrong. All are counted, the first ones kept: a million wrong lines must not fill the memory. */
export interface Finding {
  file: string;
  /** From 1. */
  line?: number;
  says: string;
}

export const FINDINGS_MAX = 1_000;

export class Findings {
  readonly kept: Finding[] = [];
  count = 0;

  add(file: string, says: string, line?: number): void {
    this.count++;
    if (this.kept.length < FINDINGS_MAX) this.kept.push({ file, ...(line !== undefined && { line }), says });
  }
}

/** `file:line: what is wrong`, as compilers say it. */
export const findingLine = ({ file, line, says }: Finding): string =>
  `${file}${line === undefined ? '' : `:${String(line)}`}: ${says}`;
