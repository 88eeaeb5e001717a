/** Task documents as text, YAML 1.2 or JSON, read so that no document is ambiguous, endless or able to run anything. */
import { parseDocument as parseYaml } from 'yaml';
import { at, jsonDocument, withoutMark, type ParsedText, type TextError } from './json-document.ts';

/** Uses of anchors in one document: the cap against "billion laughs", whose expansion grows with them. */
const ALIASES_MAX = 50;
/** More errors of one text help nobody. */
const ERRORS_SHOWN_MAX = 10;

/**
 * @param format when unknown, text that starts like a JSON object or list and is JSON counts as such, all else as YAML.
 * Duplicate keys are refused. Messages carry line and column and never the text.
 */
export function parseDocument(text: string, format?: 'yaml' | 'json'): ParsedText {
  const source = withoutMark(text);
  if (format === 'yaml' || (format === undefined && !/^\s*[{[]/.test(source))) return fromYaml(source);
  const json = jsonDocument(source);
  if (json.ok || format === 'json') return json;
  const yaml = fromYaml(source);
  return yaml.ok ? yaml : json;
}

function fromYaml(source: string): ParsedText {
  const fail = (...errors: TextError[]): ParsedText => ({ ok: false, errors: errors.slice(0, ERRORS_SHOWN_MAX) });
  try {
    const document = parseYaml(source, {
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: true,
      schema: 'core',
      version: '1.2',
      logLevel: 'error',
    });
    // A warning is a tag nobody knows: its value would silently be something else than was written.
    const problems = [...document.errors, ...document.warnings];
    if (problems.length > 0) return fail(...problems.map(({ pos, message }) => at(source, pos[0], message)));
    return { ok: true, value: document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown };
  } catch (error) {
    // Too many aliases (ReferenceError) and nesting beyond the stack (RangeError) are thrown, not listed.
    if (error instanceof ReferenceError) return fail(at(source, 0, `aliases: ${error.message}`));
    if (error instanceof RangeError) return fail(at(source, 0, 'nested too deeply'));
    throw error;
  }
}
