/** The schema of the task document, as far as an editor needs it: which fields may stand where, and on which line a path is. Pure. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

export interface Schema {
  description?: string;
  properties?: { [name: string]: Schema };
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}
export interface Suggestion {
  name: string;
  about: string;
}

const variants = (schema: Schema): Schema[] => [
  schema,
  ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap(variants),
];

function below(schemas: Schema[], name: string): Schema[] {
  return schemas.flatMap(variants).flatMap((schema) => {
    const { properties, additionalProperties, items } = schema;
    const found = properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (found) return [found];
    return items ? below([items], name) : [];
  });
}

const KEY = /^(\s*(?:- +)*)([\w-]+):/;
/** The keys around a place, outermost first, by indentation: that works while the document is not valid yet. */
export function pathAt(text: string, offset: number): string[] {
  const lines = text.slice(0, offset).split('\n');
  let indent = (/^[\s-]*/.exec(lines.pop() ?? '')?.[0] ?? '').length;
  const path: string[] = [];
  for (const line of lines.reverse()) {
    const [, lead, key] = KEY.exec(line) ?? [];
    if (lead === undefined || key === undefined || lead.length >= indent) continue;
    path.unshift(key);
    indent = lead.length;
  }
  return path;
}

/** Fields that may stand at a place and begin with what was typed there. */
export function fieldsAt(schema: Schema | undefined, text: string, offset: number): Suggestion[] {
  if (schema === undefined) return [];
  const begun = /[\w-]*$/.exec(text.slice(0, offset))?.[0] ?? '';
  const at = pathAt(text, offset).reduce<Schema[]>(below, [schema]);
  const found = new Map<string, string>();
  for (const one of at.flatMap(variants).flatMap((each) => [each, ...(each.items ? variants(each.items) : [])]))
    for (const [name, { description = '' }] of Object.entries(one.properties ?? {}))
      if (name.startsWith(begun)) found.set(name, description);
  return [...found].map(([name, about]) => ({ name, about }));
}

export interface Read {
  value: unknown;
  errors: { line: number; message: string }[];
}
export function readYaml(text: string): Read {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const errors = document.errors.map(({ pos, message }) => ({
    line: counter.linePos(pos[0]).line,
    message: (message.split('\n')[0] ?? '').replace(/ at line \d+.*$/, ''),
  }));
  return { value: errors.length === 0 ? (document.toJS() as unknown) : undefined, errors };
}

/** The line (from 1) of `source.crawl.depth` or `source.urls[0]`, or of the nearest thing around it that is there. */
export function lineOf(text: string, path: string): number {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  let node: unknown = document.contents;
  let start = 0;
  for (const step of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined) break;
      if (isNode(pair.key) && pair.key.range) [start] = pair.key.range;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (!isNode(node)) break;
      if (node.range) [start] = node.range;
    } else break;
  }
  return counter.linePos(start).line;
}

/** The document with a field added to `extract.fields`, its comments and order kept. */
export function withField(text: string, name: string, field: unknown): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  const taken = document.getIn(['extract', 'fields']);
  const names = isMap(taken) ? taken.items.map(({ key }) => (isScalar(key) ? String(key.value) : '')) : [];
  let free = name;
  for (let i = 2; names.includes(free); i++) free = `${name}${String(i)}`;
  document.setIn(['extract', 'fields', free], document.createNode(field, { flow: true }));
  return document.toString({ lineWidth: 0 });
}
