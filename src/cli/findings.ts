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
  /** Kept ones that end in the URL of their line, once somebody reads it. */
  readonly #unnamed = new Set<Finding>();

  add(file: string, says: string, line?: number): void {
    this.#keep({ file, ...(line !== undefined && { line }), says });
  }

  /** A finding about a target of which only the place is known: `nameTargets` adds its URL. */
  addUnnamed(file: string, line: number, says: string): void {
    const finding = { file, line, says };
    if (this.#keep(finding)) this.#unnamed.add(finding);
  }

  /** What was found elsewhere. @param count of all, those that were not kept included. */
  join(kept: readonly Finding[], count: number): void {
    for (const finding of kept) this.#keep(finding);
    this.count += count - kept.length;
  }

  /** Adds the URLs. @param urlsOf the URLs of some lines of one file, by line; a line may be left out. */
  async nameTargets(urlsOf: (file: string, lines: ReadonlySet<number>) => Promise<Map<number, string>>): Promise<void> {
    for (const [file, findings] of Map.groupBy(this.#unnamed, (finding) => finding.file)) {
      const urls = await urlsOf(file, new Set(findings.map(({ line = 0 }) => line)));
      for (const finding of findings) {
        const url = urls.get(finding.line ?? 0);
        if (url !== undefined) finding.says += `: ${url}`;
      }
    }
    this.#unnamed.clear();
  }

  #keep(finding: Finding): boolean {
    this.count++;
    if (this.kept.length >= FINDINGS_MAX) return false;
    this.kept.push(finding);
    return true;
  }
}

/** `file:line: what is wrong`, as compilers say it. */
export const findingLine = ({ file, line, says }: Finding): string =>
  `${file}${line === undefined ? '' : `:${String(line)}`}: ${says}`;
