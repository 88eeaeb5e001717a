/** The `match` option: RE2 regular expressions, linear in time whatever the pattern. Loaded by those who use one. */
import type { Regex } from './regex/regex.ts';

/** The first group, or the whole match where the pattern has none; null where nothing matches. */
export type Pattern = (text: string) => string | null;

/** Throws on what `checkExtract` refuses. */
export async function compilePattern(source: string): Promise<Pattern> {
  const { compileRegex } = await import('./regex/regex.ts');
  return patternOf(compileRegex(source));
}

function patternOf(compiled: Regex): Pattern {
  const group = compiled.groups > 0 ? 1 : 0;
  return (text) => compiled.find(text, group) ?? null;
}
