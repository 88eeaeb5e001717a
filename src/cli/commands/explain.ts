/** `gleaner explain RUN URL`: what became of one target, and why. */
import type { Explanation } from '#core/operations.ts';
import { connect, type CommonOptions } from '../connection.ts';
import { EXIT_OK } from '../exit-codes.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';
import { printable } from '../terminal.ts';

export interface ExplainOptions extends CommonOptions {
  method?: string;
}

/** A target that the run does not have is a refusal of the API (404). */
export async function explain(
  around: Surroundings,
  runId: string,
  url: string,
  options: ExplainOptions,
): Promise<number> {
  const client = await connect(around, options);
  const method = options.method?.toUpperCase();
  const story = await client.explain(runId, { url, ...(method !== undefined && { method }) });
  if (options.json === true) around.terminal.out(JSON.stringify(story, undefined, 2));
  else for (const line of storyLines(story)) around.terminal.out(line);
  return EXIT_OK;
}

/** Its place in the ledger first, then what happened, then where to find the proof. Pure. */
export function storyLines(told: Explanation): string[] {
  const { method, url, bucket, reason, detail, ledger, parts, story } = told;
  const target = method === undefined || method === 'GET' ? url : `${method} ${url}`;
  const place = reason === undefined ? bucket : `${bucket}/${reason}`;
  const lines = [`${printable(target)}: ${place}${detail === undefined ? '' : ` (${printable(detail)})`}`];
  if (story.length > 0) lines.push('', ...indented(table(story.map(({ at, says }) => [at ?? '', says]))));
  const places = [
    ...(ledger === undefined ? [] : [['ledger', ledger.file, `line ${String(ledger.line)}`]]),
    ...parts.map(({ file, line, lines: n }) => ['records', file, linesOf(line, n)]),
  ];
  if (places.length > 0) lines.push('', ...indented(table(places)));
  return lines;
}

const linesOf = (first: number, n: number): string =>
  n === 1 ? `line ${String(first)}` : `lines ${String(first)} to ${String(first + n - 1)}`;
const indented = (lines: string[]): string[] => lines.map((line) => `  ${line}`);
