/**
 * From zod issues to refusals that say the path, what was expected and what arrived.
 *
 * The schemas of this room keep one convention: the message of a rule is the phrase that follows "expected"
 * (`a whole number from 1 to 120`); a message that starts with `!` is a whole sentence and stands as it is.
 */
import type * as z from 'zod';

export interface FieldError {
  /** Where in the document: `extract.fields.price.as`, `source.urls[3].url`; '' is the document itself. */
  path: string;
  message: string;
}
type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** What a caller sees at most: a thousand bad URLs need not be told one by one. */
export const ERRORS_MAX = 100;
const SHOWN_CHARS_MAX = 80;
/** Values below these names may be secrets and are never repeated (in `extract` a user's own fields may be called so). */
const SECRET_NAMES = new Set<PropertyKey>(['headers', 'secretHeaders', 'body', 'webhook', 'value']);

/** Fields the contract names and no release has brought yet. */
const LATER_FIELDS = new Set(['output.documentdb']);

export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${String(step)}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(step))) text += text === '' ? String(step) : `.${String(step)}`;
    else text += `[${JSON.stringify(String(step))}]`;
  }
  return text;
}

/** The errors of a failed parse of `input`; `prefix` is where `input` stands in the document the user sent. */
export function fieldErrors(issues: readonly Issue[], input: unknown, prefix: Path = []): FieldError[] {
  return issues.flatMap((issue) => explain(issue, input, [], prefix));
}

/** `expected …, got …` for a rule that zod does not check. */
export function refusal(path: Path, expected: string, arrived: unknown): FieldError {
  return { path: formatPath(path), message: `expected ${expected}, got ${describe(path, arrived)}` };
}

/** First of each (path, message), at most ERRORS_MAX and then how many more there are. */
export function boundErrors(errors: FieldError[]): FieldError[] {
  const unique = [...new Map(errors.map((error) => [`${error.path}\n${error.message}`, error])).values()];
  if (unique.length <= ERRORS_MAX) return unique;
  const more = { path: '', message: `and ${String(unique.length - ERRORS_MAX)} more errors` };
  return [...unique.slice(0, ERRORS_MAX), more];
}

function explain(issue: Issue, input: unknown, base: Path, prefix: Path): FieldError[] {
  const path = [...base, ...issue.path];
  const at = (...more: PropertyKey[]): string => formatPath([...prefix, ...path, ...more]);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const later = LATER_FIELDS.has(formatPath([...path, key]));
      return { path: at(key), message: later ? 'not available yet' : (sentence(issue.message) ?? 'unknown field') };
    });
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0]?.message ?? issue.message;
    const name = shorten(JSON.stringify(String(path.at(-1))));
    return [{ path: at(), message: sentence(inner) ?? `expected its name to be ${inner}, got ${name}` }];
  }
  if (issue.code === 'invalid_union') {
    const branch = likeliest(issue.errors);
    if (branch) return branch.flatMap((nested) => explain(nested, input, path, prefix));
  }
  const own = sentence(issue.message);
  if (own !== undefined) return [{ path: at(), message: own }];
  return [refusal([...prefix, ...path], issue.message, valueAt(input, path))];
}

const sentence = (message: string): string | undefined => (message.startsWith('!') ? message.slice(1) : undefined);

/** The alternative the user most probably meant: the one that fits best on its own level, if it is a single one. */
function likeliest(branches: readonly Issue[][]): Issue[] | undefined {
  const scored = branches.map((issues) => ({ issues, score: issues.reduce((sum, issue) => sum + misfit(issue), 0) }));
  const best = Math.min(...scored.map((branch) => branch.score));
  const fitting = scored.filter((branch) => branch.score === best);
  return fitting.length === 1 && best < WRONG_KIND ? fitting[0]?.issues : undefined;
}

const WRONG_KIND = 1_000_000;
function misfit(issue: Issue): number {
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) return 10_000 * issue.keys.length;
  return issue.code === 'invalid_type' && issue.path.length === 0 ? WRONG_KIND : 1;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** What arrived, in at most 80 characters; only its kind where it may be a secret. */
export function describe(path: Path, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${String(value.length)}`;
  const secret = !path.includes('extract') && path.some((step) => SECRET_NAMES.has(step));
  if (typeof value === 'object') {
    const names = secret ? '' : Object.keys(value).join(', ');
    return names === '' ? 'an object' : `an object with ${shorten(names)}`;
  }
  if (secret) return `a ${typeof value}`;
  if (typeof value !== 'string') return String(value);
  return shorten(JSON.stringify(value.replace(/\/\/.*@/s, '//***@')));
}

const shorten = (text: string): string =>
  text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX - 1)}…`;
