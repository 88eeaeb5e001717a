/**
 * Text to a tree. HTML by the standard's parser with scripting off, so what stands in `<noscript>` is elements, as it is
 * for a client that runs no scripts; the content of a `<template>` is kept beside the tree, out of reach of selectors
 * and text, as in the DOM. XML leniently: unknown entities stay as they are, a missing end tag ends with its parent.
 */
import { DomHandler, Element, isTag, type Document } from 'domhandler';
import render from 'dom-serializer';
import { Parser as XmlParser } from 'htmlparser2';
import { Parser as HtmlParser, serializeOuter } from 'parse5';
import { adapter, type Htmlparser2TreeAdapterMap } from 'parse5-htmlparser2-tree-adapter';
import { BoundPassed } from './bound-passed.ts';
import { DEPTH_MAX } from './scan/numbers.ts';

/** Elements of a document: about 1 KB of memory each, and a short page can ask for millions by formatting tags that it never closes. */
export const ELEMENTS_MAX = 300_000;

export interface Bounds {
  elements: number;
  depth: number;
}

/** A document beyond the bounds, and XML without any element, are refused; html of any other shape is a tree. */
export function parseMarkup(
  kind: 'html' | 'xml',
  text: string,
  bounds?: Bounds,
): { ok: true; document: Document } | { ok: false; detail: string } {
  const check = boundsCheck('the document', bounds);
  try {
    const document = kind === 'html' ? parseHtml(text, check) : parseXml(text, check);
    if (kind === 'xml' && !document.children.some(isTag)) {
      return { ok: false, detail: NO_ELEMENT };
    }
    return { ok: true, document };
  } catch (error) {
    if (error instanceof BoundPassed) return { ok: false, detail: error.message };
    throw error;
  }
}

export const NO_ELEMENT = 'malformed XML: the document has no element';

/** Called for each element that is made: how many there are, and how deep this one is. */
export type Check = (elements: number, depth: number) => void;

/** @param whole what has the elements, for a sentence. Throws `BoundPassed`. */
export function boundsCheck(
  whole: string,
  { elements: most, depth: deepest }: Bounds = { elements: ELEMENTS_MAX, depth: DEPTH_MAX },
): Check {
  return (elements, depth) => {
    if (elements > most) throw new BoundPassed(`${whole} has more than ${String(most)} elements`);
    if (depth > deepest) throw new BoundPassed(`elements are nested deeper than ${String(deepest)}`);
  };
}

const templateContents = new WeakMap<Element, Document>();

/** A name that an object would move before all others. */
const INDEX = /^\d+$/;
/** The attributes of an element as the document has them, where an object cannot say so. */
const orders = new WeakMap<Element, string[]>();

/** Attributes go by their qualified names: `xlink:href` is not `href`, and the two may stand together. */
const withQualifiedNames: typeof adapter = {
  ...adapter,
  createElement(name, namespace, attributes) {
    const names = attributes.map(({ prefix, name: local }) => (prefix ? `${prefix}:${local}` : local));
    const attribs: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [at, { value }] of attributes.entries()) attribs[names[at] ?? ''] = value;
    const element = new Element(name, attribs);
    element.namespace = namespace;
    if (names.some((one) => INDEX.test(one))) orders.set(element, names);
    return element;
  },
  adoptAttributes(element, attributes) {
    const { attribs } = element;
    const names = [
      ...new Set([...(orders.get(element) ?? Object.keys(attribs)), ...attributes.map(({ name }) => name)]),
    ];
    for (const { name, value } of attributes) attribs[name] ??= value;
    orders.set(element, names);
  },
  getAttrList: (element) =>
    (orders.get(element) ?? Object.keys(element.attribs)).map((name) => ({ name, value: element.attribs[name] ?? '' })),
};

const detachedTemplates: typeof adapter = {
  ...withQualifiedNames,
  setTemplateContent: (template, content) => void templateContents.set(template, content),
  getTemplateContent: (template) => templateContents.get(template) ?? adapter.createDocumentFragment(),
};

function parseHtml(text: string, check: Check): Document {
  let elements = 0;
  const bounded: typeof adapter = {
    ...detachedTemplates,
    createElement: (...made) => {
      check(++elements, parser.openElements.depth);
      return withQualifiedNames.createElement(...made);
    },
  };
  const parser = new HtmlParser<Htmlparser2TreeAdapterMap>({ treeAdapter: bounded, scriptingEnabled: false });
  parser.tokenizer.write(text, true);
  return parser.document;
}

class BoundedHandler extends DomHandler {
  private elements = 0;
  private readonly check: Check;

  constructor(check: Check) {
    super(null, { xmlMode: true });
    this.check = check;
  }

  override onopentag(name: string, attributes: Record<string, string>): void {
    this.check(++this.elements, this.tagStack.length);
    super.onopentag(name, attributes);
  }
}

function parseXml(text: string, check: Check): Document {
  const handler = new BoundedHandler(check);
  new XmlParser(handler, { xmlMode: true }).end(text);
  return handler.root;
}

/** An element as markup, its own tag included. */
export function markupOf(kind: 'html' | 'xml', element: Element): string {
  if (kind === 'xml') return render(element, { xmlMode: true });
  return serializeOuter<Htmlparser2TreeAdapterMap>(element, {
    treeAdapter: detachedTemplates,
    scriptingEnabled: false,
  });
}
