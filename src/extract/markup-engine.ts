/**
 * The engine for html and xml. HTML is scanned in one pass over its bytes where that can answer the query, XML is read record by
 * record; selectors that look at siblings or content, and documents whose shape no scan can follow, are read through a tree. All give
 * the same answer: `test/extract/differential.test.ts` and `xml-records.test.ts` hold them to it.
 */
import { baseUrl } from './convert.ts';
import type { MarkupBytes, MarkupEngine, MarkupProgram, MarkupQuery } from './markup.ts';
import { written } from './scan/core.ts';
import { compoundsOf, NeedsTree } from './scan/program.ts';
import { compileQuery, type Query } from './scan/query.ts';
import { fieldsFault } from './scan/tables.ts';
import { Unfollowed } from './scan/unfollowed.ts';
import { after, kept, type Soon } from './soon.ts';
import { asUtf8 } from './utf8.ts';
import type { ReadWritten, WrittenField } from './written.ts';

export const markupEngine: MarkupEngine = (kind, query, fields) => {
  if (kind === 'xml' && xmlTreeReason(query) === undefined)
    return import('./xml-records.ts').then(({ xmlRecords }) => xmlRecords(query, fields));
  const scan = kind === 'html' ? scanEngine(query, fields) : undefined;
  if (scan === undefined) return treeEngine(kind, query);
  let tree: Soon<MarkupProgram> | undefined;
  return (document, finalUrl) => {
    const scanned = scan(document, finalUrl);
    if (typeof scanned !== 'string') return scanned;
    tree ??= kept(treeEngine(kind, query), (loaded) => (tree = loaded));
    return after(tree, (program) => program(document, finalUrl));
  };
};

/** Trees and their parsers are several times as large as the scan, and many runs need none. */
async function treeEngine(kind: 'html' | 'xml', query: MarkupQuery): Promise<MarkupProgram> {
  const { domEngine } = await import('./dom-engine.ts');
  const program = domEngine(kind, query);
  return (document, finalUrl) => {
    const result = program(document);
    if (!result.ok) return result;
    const { rows, links, next, baseHref } = result.answer;
    return { ok: true, content: { rows }, links, next, base: baseUrl(baseHref, finalUrl) };
  };
}

/** What it says, or in what the document is beyond a scan. */
export type Scan = (document: MarkupBytes, finalUrl: string) => ReadWritten | string;

/** Undefined when the query needs a tree. */
export function scanEngine(query: MarkupQuery, fields: readonly WrittenField[]): Scan | undefined {
  const compiled = compiledFor(query, fields);
  if (!compiled.ok) return undefined;
  const plan = { kind: 'markup', query: compiled.query, fields } as const;
  return (document, finalUrl) => {
    try {
      return written(plan, asUtf8(document), finalUrl);
    } catch (error) {
      if (error instanceof Unfollowed) return error.message;
      throw error;
    }
  };
}

/** Why html is read through a tree for this query, for people; undefined = it is scanned. */
export function treeReason(query: MarkupQuery, fields: readonly WrittenField[]): string | undefined {
  const compiled = compiledFor(query, fields);
  return compiled.ok ? undefined : compiled.why;
}

/** Why xml is read through a tree for this query, for people; undefined = record by record, whatever its length. */
export function xmlTreeReason({ each, picks, links, next }: MarkupQuery): string | undefined {
  if (each === undefined) return 'without each the whole document is the record';
  const ofDocument = [each, links, next].filter((css) => css !== undefined);
  for (const css of [...ofDocument, ...picks.map((pick) => pick.css)]) {
    const why = unknownAtStart(css, !ofDocument.includes(css));
    if (why !== undefined) return `${JSON.stringify(css)} has ${why}`;
  }
  return undefined;
}

/** What cannot be told of an element when it begins, by itself and those around it. */
function unknownAtStart(css: string, isOfField: boolean): string | undefined {
  try {
    const hasScope = compoundsOf(css, 0).some(([first]) => first?.isScope === true);
    return hasScope && !isOfField ? ':scope outside of a field' : undefined;
  } catch (error) {
    if (error instanceof NeedsTree) return error.message;
    throw error;
  }
}

function compiledFor(
  query: MarkupQuery,
  fields: readonly WrittenField[],
): { ok: true; query: Query } | { ok: false; why: string } {
  const why = fieldsFault(fields);
  return why === undefined ? compileQuery(query) : { ok: false, why };
}
