/** Parts of docs/benchmarks.md that commands of their own write: each keeps to what stands between its marks. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { replaced } from '../src/sim/markdown.ts';

const DOC = new URL('../docs/benchmarks.md', import.meta.url);

/** @param name of the marks. @param heading of the part, which is put at the end where the document does not have it. */
export function writeSection(name: string, heading: string, command: string, written: string): void {
  const document = existsSync(DOC) ? readFileSync(DOC, 'utf8') : '# Benchmarks\n';
  const begun = document.includes(`<!-- ${name}: `)
    ? document
    : `${document}\n## ${heading}\n\n<!-- ${name}: written by \`${command}\` -->\n<!-- end of ${name} -->\n`;
  writeFileSync(DOC, replaced(begun, name, command, written));
}

/** What measured it, for a sentence. */
export const machine = (): string =>
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${String(cpus().length)} cores, ${arch()}, Node ${process.versions.node}`;
