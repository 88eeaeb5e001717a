/** What is read of an element: its text and its attributes. */
import { isText, type AnyNode, type Element } from 'domhandler';
import { collapse } from './convert.ts';

const HTML = 'http://www.w3.org/1999/xhtml';

/** Text content as the DOM has it: text and CDATA in document order, script and style included, comments not. */
export function textOf(node: AnyNode): string {
  if (isText(node)) return node.data;
  if (!('children' in node)) return '';
  const [only, second] = node.children;
  if (only !== undefined && second === undefined && isText(only)) return only.data;
  let text = '';
  const waiting: AnyNode[] = node.children.toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (isText(next)) text += next.data;
    else if ('children' in next) {
      for (const child of next.children.toReversed()) waiting.push(child);
    }
  }
  return text;
}

export const collapsedTextOf = (element: Element): string => collapse(textOf(element));

/**
 * The value of an attribute, null when there is none. In html the name of an attribute is case-insensitive, and one
 * with a namespace (`xlink:href` in SVG) is found by its qualified name; in xml a name is what is written.
 */
export function attributeOf(kind: 'html' | 'xml', element: Element, name: string): string | null {
  const { attribs } = element;
  if (Object.hasOwn(attribs, name)) return attribs[name] ?? null;
  if (kind === 'xml') return null;
  const lower = name.toLowerCase();
  if (element.namespace === HTML) return Object.hasOwn(attribs, lower) ? (attribs[lower] ?? null) : null;
  return Object.entries(attribs).find(([qualified]) => qualified.toLowerCase() === lower)?.[1] ?? null;
}
