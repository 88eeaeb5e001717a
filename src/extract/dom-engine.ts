/** The markup engine on a tree: parse once, then run the compiled selectors. */
import { type Document, type Element } from 'domhandler';
import { attributeOf, collapsedTextOf } from './element.ts';
import { decodeAs } from './legacy-decoder.ts';
import type { MarkupBytes, MarkupQuery, MarkupResult, Pick, Reading } from './markup.ts';
import { compileSelector, type Selector } from './selector.ts';
import { markupOf, parseMarkup } from './tree.ts';

export function domEngine(kind: 'html' | 'xml', query: MarkupQuery): (document: MarkupBytes) => MarkupResult {
  const compiled = (css: string | undefined): Selector | undefined =>
    css === undefined ? undefined : compileSelector(kind, css);
  const [each, links, next] = [compiled(query.each), compiled(query.links), compiled(query.next)];
  const base = kind === 'html' ? compileSelector('html', 'base[href]') : undefined;
  const rowOf = rowsOf(kind, query.picks);

  return ({ body, encoding }) => {
    const parsed = parseMarkup(kind, decodeAs(encoding, body));
    if (!parsed.ok) return parsed;
    const { document } = parsed;
    const baseElement = base?.first(document);
    const nextElement = next?.first(document);
    return {
      ok: true,
      answer: {
        rows: (each === undefined ? [document] : each.all(document)).map(rowOf),
        links: links === undefined ? [] : links.all(document).flatMap((element) => targetOf(kind, element) ?? []),
        next: nextElement === undefined ? undefined : (attributeOf(kind, nextElement, 'href') ?? undefined),
        baseHref: baseElement === undefined ? undefined : (attributeOf(kind, baseElement, 'href') ?? undefined),
      },
    };
  };
}

/** What the picks read in a record: its element, or the whole document. */
export function rowsOf(
  kind: 'html' | 'xml',
  given: readonly Pick[],
): (scope: Element | Document) => (string | null)[][] {
  const picks = given.map((pick) => ({
    selector: compileSelector(kind, pick.css),
    read: reader(kind, pick.reading),
    all: pick.all,
  }));
  return (scope) =>
    picks.map(({ selector, read, all }) => {
      if (all) return selector.all(scope).map(read);
      const first = selector.first(scope);
      return first === undefined ? [] : [read(first)];
    });
}

function reader(kind: 'html' | 'xml', reading: Reading): (element: Element) => string | null {
  if (reading.as === 'text') return collapsedTextOf;
  if (reading.as === 'html') return (element) => markupOf(kind, element);
  return (element) => attributeOf(kind, element, reading.name);
}

export const targetOf = (kind: 'html' | 'xml', element: Element): string | null =>
  attributeOf(kind, element, 'href') ?? attributeOf(kind, element, 'src');
