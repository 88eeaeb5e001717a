/**
 * Rules over more than one field of a task document. They read the document as it arrived, so that they speak up even
 * where a schema has already refused something else; whatever has the wrong shape they leave to the schema.
 */
import { expandRange } from '#core/range.ts';
import type { RangeVariable } from '#core/task.ts';
import { formatPath, refusal } from './refusals.ts';
import type { FieldError } from './refusals.ts';
import { FIELD_ORIGINS } from './task-extract-schema.ts';
import { SOURCE_KINDS } from './task-source-schema.ts';
import { USERINFO, holdsUserinfo, isHttpUrl } from './task-values.ts';

type Doc = Record<string, unknown>;
const isDoc = (value: unknown): value is Doc => typeof value === 'object' && value !== null && !Array.isArray(value);
const docOf = (value: unknown): Doc => (isDoc(value) ? value : {});

/** No honest document is deeper; what walks documents recursively may rely on it. */
export const DOCUMENT_DEPTH_MAX = 64;
/** Set as a key, it would change what an object is instead of what it holds. */
const FORBIDDEN_KEY = '__proto__';

/** Documents that must not even be walked: too deep (or circular), or with a key that is no field. */
export function shapeErrors(input: unknown): FieldError[] {
  const errors: FieldError[] = [];
  let tooDeep = false;
  const walk = (value: unknown, path: (string | number)[]): void => {
    if (tooDeep || typeof value !== 'object' || value === null) return;
    if (path.length >= DOCUMENT_DEPTH_MAX) {
      tooDeep = true;
      errors.push({ path: '', message: `expected at most ${String(DOCUMENT_DEPTH_MAX)} levels, got more` });
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      if (key === FORBIDDEN_KEY) errors.push({ path: formatPath([...path, key]), message: 'unknown field' });
      walk(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  walk(input, []);
  return errors;
}

export function crossErrors(document: unknown): FieldError[] {
  const { source, extract, schedule, fetch } = docOf(document);
  return [
    ...(isDoc(source) ? exactlyOne(['source'], SOURCE_KINDS, source) : []),
    ...rangeErrors(docOf(docOf(source).range)),
    ...(isDoc(schedule) ? exactlyOne(['schedule'], ['cron', 'every'], schedule) : []),
    ...extractErrors(extract),
    ...repeatedHeaders(['fetch', 'headers'], docOf(fetch).headers),
    ...repeatedHeaders(['fetch', 'secretHeaders'], docOf(fetch).secretHeaders, docOf(fetch).headers),
  ];
}

function exactlyOne(path: string[], names: readonly string[], given: Doc): FieldError[] {
  const found = names.filter((name) => given[name] !== undefined);
  if (found.length === 1) return [];
  const got = found.length === 0 ? 'none' : found.join(' and ');
  return [{ path: formatPath(path), message: `expected exactly one of ${names.join(', ')}, got ${got}` }];
}

function rangeErrors(range: Doc): FieldError[] {
  const { url, ...rest } = range;
  if (typeof url !== 'string') return [];
  const at = (name: string): string[] => ['source', 'range', name];
  const errors: FieldError[] = [];
  const placeholders = new Set([...url.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] ?? ''));
  const names = new Set(Object.keys(rest));
  for (const name of [...placeholders].filter((name) => !names.has(name)))
    errors.push(refusal(at(name), `a variable for {${name}} of the URL`, undefined));
  for (const name of [...names].filter((name) => !placeholders.has(name)))
    errors.push(refusal(at('url'), `a placeholder {${name}} for the variable ${name}`, url));
  if (names.size === 0 && placeholders.size === 0)
    errors.push(refusal(['source', 'range'], 'at least one variable', range));

  for (const [name, { from, to }] of Object.entries(rest).map(([name, value]) => [name, docOf(value)] as const))
    if (typeof from === 'number' && typeof to === 'number' && from > to)
      errors.push(refusal([...at(name), 'to'], `at least from (${String(from)})`, to));
  return errors.length > 0 ? errors : rangeUrlErrors(url, rest);
}

/** With its placeholders filled the URL must be one. */
function rangeUrlErrors(url: string, rest: Doc): FieldError[] {
  const path = ['source', 'range', 'url'];
  const firsts = Object.entries(rest).map(([name, value]): [string, RangeVariable] => {
    const from = Number(docOf(value).from);
    return [name, { from, to: from, step: 1, pad: 0 }];
  });
  const [first = url] = expandRange({ url, ...Object.fromEntries(firsts) });
  if (!isHttpUrl(first)) return [refusal(path, 'an absolute http or https URL with {placeholders}', url)];
  return holdsUserinfo(first) ? [{ path: formatPath(path), message: USERINFO.slice(1) }] : [];
}

function extractErrors(extract: unknown): FieldError[] {
  if (!isDoc(extract)) return [];
  const errors: FieldError[] = [];
  const fields = docOf(extract.fields);
  for (const [name, field] of Object.entries(fields))
    if (isDoc(field)) errors.push(...exactlyOne(['extract', 'fields', name], FIELD_ORIGINS, field));

  const given = Object.keys(fields).length > 0 || extract.each !== undefined || extract.key !== undefined;
  if (extract.format === 'none' && given)
    errors.push(refusal(['extract', 'format'], 'a format other than none when there is something to extract', 'none'));
  if (extract.format !== 'none' && Object.keys(fields).length === 0)
    errors.push(refusal(['extract', 'fields'], 'at least one field, or format: none', extract.fields));
  if (Array.isArray(extract.key))
    for (const [index, name] of (extract.key as unknown[]).entries())
      if (typeof name === 'string' && !Object.hasOwn(fields, name))
        errors.push(refusal(['extract', 'key', index], 'the name of one of extract.fields', name));
  return errors;
}

/** Header names are one whatever their case; two spellings would be two values for one header. */
function repeatedHeaders(path: string[], headers: unknown, others?: unknown): FieldError[] {
  const seen = new Set(Object.keys(docOf(others)).map((name) => name.toLowerCase()));
  return Object.keys(docOf(headers)).flatMap((name) => {
    const repeated = seen.has(name.toLowerCase());
    seen.add(name.toLowerCase());
    return repeated ? [{ path: formatPath([...path, name]), message: 'this header is given twice' }] : [];
  });
}
