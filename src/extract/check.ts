/**
 * What is wrong with the extraction part of a task, found before anything runs. Each message says what was expected and
 * what arrived; a task without faults compiles. This file loads the regular expression engine at once; the bundle of a
 * function that does not call `checkExtract` leaves the file out.
 */
import type { ExtractFormat, ExtractSpec, FieldSpec, NextRule } from '#core/task.ts';
import { longForm } from './field.ts';
import { jsonPathFault } from './json-path.ts';
import { compileRegex } from './regex/regex.ts';
import { selectorFault } from './selector.ts';

export interface Fault {
  /** Where in the task document, such as `extract.fields.price.css`. */
  path: string;
  message: string;
}

/** @param links CSS of a crawl; @param next rule of a `follow`. In the order of the document; empty = usable. */
export function checkExtract(spec: ExtractSpec, links?: string, next?: NextRule): Fault[] {
  const faults: Fault[] = [];
  const { format, each } = spec;
  if (each !== undefined) faults.push(...eachFaults(format, each));
  faults.push(...fieldCountFaults(spec));
  for (const [name, given] of Object.entries(spec.fields)) {
    faults.push(...fieldFaults(format, given, `extract.fields.${name}`));
  }
  for (const [at, name] of (spec.key ?? []).entries())
    faults.push(...keyFaults(spec, name, `extract.key.${String(at)}`));
  if (links !== undefined) faults.push(...cssFaults('html', links, 'source.crawl.links'));
  if (next !== undefined && 'css' in next) faults.push(...cssFaults('html', next.css, 'source.follow.next.css'));
  if (next !== undefined && 'json' in next) faults.push(...pathFaults(next.json, 'source.follow.next.json'));
  return faults;
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

function cssFaults(format: ExtractFormat, css: string, path: string): Fault[] {
  const fault = selectorFault(format === 'xml' ? 'xml' : 'html', css);
  return fault === undefined ? [] : [{ path, message: `expected a CSS selector, got ${show(css)}: ${fault}` }];
}

function pathFaults(json: string, path: string): Fault[] {
  const fault = jsonPathFault(json);
  return fault === undefined ? [] : [{ path, message: `expected a JSONPath (RFC 9535), got ${show(json)}: ${fault}` }];
}

function eachFaults(format: ExtractFormat, each: string): Fault[] {
  const path = 'extract.each';
  if (format === 'csv')
    return [{ path, message: `expected no each with format csv (every row is a record), got ${show(each)}` }];
  if (format === 'none') return [{ path, message: `expected no each with format none, got ${show(each)}` }];
  if (format === 'json' || (format === 'auto' && each.startsWith('$'))) return pathFaults(each, path);
  return cssFaults(format, each, path);
}

function fieldCountFaults({ format, fields }: ExtractSpec): Fault[] {
  const path = 'extract.fields';
  const names = Object.keys(fields);
  if (format === 'none' && names.length > 0) {
    return [{ path, message: `expected no fields with format none, got ${show(names)}` }];
  }
  if ((format === 'html' || format === 'xml') && names.length === 0) {
    return [{ path, message: `expected at least one field with format ${format}, got none` }];
  }
  return [];
}

/** Without fields a record's names are the document's own, so any key may stand. */
function keyFaults({ format, fields }: ExtractSpec, name: string, path: string): Fault[] {
  const names = Object.keys(fields);
  if (format === 'none') return [{ path, message: `expected no key with format none, got ${show(name)}` }];
  if (names.length === 0 || names.includes(name)) return [];
  return [{ path, message: `expected the name of a field (${names.join(', ')}), got ${show(name)}` }];
}

const SOURCES = ['css', 'json', 'column', 'const'] as const;
type SourceName = (typeof SOURCES)[number];
/** The formats a source can be used with; `auto` takes all, since the document decides. */
const FORMATS: Record<SourceName, ExtractFormat[]> = {
  css: ['auto', 'html', 'xml'],
  json: ['auto', 'json'],
  column: ['auto', 'csv'],
  const: ['auto', 'html', 'xml', 'json', 'csv'],
};
const WANTED: Partial<Record<ExtractFormat, string>> = {
  html: 'css (a CSS selector)',
  xml: 'css (a CSS selector)',
  json: 'json (a JSONPath that starts with $)',
  csv: 'column (a column name)',
};

function fieldFaults(format: ExtractFormat, given: string | FieldSpec, path: string): Fault[] {
  if (format === 'none') return [];
  const spec = longForm(given, format);
  const sources = SOURCES.filter((name) => spec[name] !== undefined);
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    const got = sources.length === 0 ? 'none of them' : sources.join(' and ');
    return [{ path, message: `expected exactly one of ${SOURCES.join(', ')}, got ${got}` }];
  }
  const at = typeof given === 'string' ? path : `${path}.${source}`;
  if (!FORMATS[source].includes(format)) {
    return [
      {
        path: at,
        message: `expected ${WANTED[format] ?? ''} with format ${format}, got ${source} ${show(spec[source])}`,
      },
    ];
  }
  const faults = source === 'css' && spec.css !== undefined ? cssFaults(format, spec.css, at) : [];
  if (source === 'json' && spec.json !== undefined) faults.push(...pathFaults(spec.json, at));
  if (source === 'column' && spec.column === '') faults.push({ path: at, message: 'expected a column name, got ""' });
  return [...faults, ...optionFaults(spec, source, path)];
}

function optionFaults(spec: FieldSpec, source: SourceName, path: string): Fault[] {
  const faults: Fault[] = [];
  const refuse = (option: keyof FieldSpec, expected: string) =>
    faults.push({ path: `${path}.${option}`, message: `expected ${expected}, got ${show(spec[option])}` });
  if (spec.attr !== undefined && source !== 'css')
    refuse('attr', `no attr with ${source}: only elements have attributes`);
  else if (spec.attr?.trim() === '') refuse('attr', 'the name of an attribute');
  if (source === 'const') {
    if (spec.as !== undefined) refuse('as', 'no as with const: its value stands as it is');
    if (spec.match !== undefined) refuse('match', 'no match with const: its value stands as it is');
  } else if (spec.as === 'html' && source !== 'css')
    refuse('as', `another type than html with ${source}: only elements are markup`);
  else if (spec.as === 'html' && spec.attr !== undefined)
    refuse('as', 'another type than html with attr: only elements are markup');
  if (spec.all === true && (source === 'const' || source === 'column'))
    refuse('all', `no all with ${source}: there is one value`);
  if (spec.match !== undefined && source !== 'const') faults.push(...patternFaults(spec.match, `${path}.match`));
  return faults;
}

function patternFaults(match: string, path: string): Fault[] {
  try {
    compileRegex(match);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      {
        path,
        message: `expected a regular expression (RE2: no look-around, no back-references), got ${show(match)}: ${why}`,
      },
    ];
  }
}
