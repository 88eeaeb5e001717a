/**
 * Generated regular expressions and texts, by this project's engine and by re2js: `node test/fuzz/patterns.ts [--patterns 100000]
 * [--seed 1]`. Ends with 1 when they differ, and tells pattern and text.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import fc from 'fast-check';
import { differs, ours, pattern, reference, soup, text } from '../extract/patterns.ts';

const { values } = parseArgs({
  options: { patterns: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const [patterns, seed] = [Number(values.patterns), Number(values.seed)];
const ROUND = 1_000;
const said = { matched: 0, not: 0, refused: 0 };
let findings = 0;
for (let done = 0; done < patterns; done += ROUND) {
  const asked = fc.tuple(fc.oneof(pattern, pattern, soup), fc.array(text, { minLength: 4, maxLength: 4 }));
  const numRuns = Math.min(ROUND, patterns - done);
  // Of a seed as many as before, whatever is asked for: the rounds have seeds of their own.
  for (const [source, texts] of fc.sample(asked, { numRuns, seed: 1_000_003 * seed + done })) {
    if (!differs(source)) for (const one of texts) compare(source, one);
  }
}
process.stdout.write(`${String(patterns)} patterns; ${JSON.stringify(said)}; findings ${String(findings)}\n`);
if (findings > 0) process.exitCode = 1;

function compare(source: string, one: string): void {
  const theirs = reference(source, one);
  said['fault' in theirs ? 'refused' : theirs.finds[0] === undefined ? 'not' : 'matched']++;
  const own = ours(source, one);
  if (isDeepStrictEqual(own, theirs)) return;
  findings++;
  process.stdout.write(`${JSON.stringify([source, one])}\n  ${JSON.stringify(own)}\n  ${JSON.stringify(theirs)}\n`);
}
