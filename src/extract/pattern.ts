/** The `match` option: RE2 regular expressions, linear in time whatever the pattern. Loaded by those who use one. */
import type { RE2JS } from 're2js';

/** The first group, or the whole match where the pattern has none; null where nothing matches. */
export type Pattern = (text: string) => string | null;

/** Throws on what `patternFault` refuses. */
export async function compilePattern(source: string): Promise<Pattern> {
  const { RE2JS: engine } = await import('re2js');
  return patternOf(engine.compile(source));
}

function patternOf(compiled: RE2JS): Pattern {
  const group = compiled.groupCount() > 0 ? 1 : 0;
  return (text) => {
    const matcher = compiled.matcher(text);
    return matcher.find() ? matcher.group(group) : null;
  };
}
