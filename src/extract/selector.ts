/**
 * CSS selectors over a tree. Matching is that of `querySelectorAll`: the whole document counts for ancestors, only
 * descendants of the scope are found, classes and ids are case-sensitive. Beyond it: `.` and a subject with `:scope`
 * mean the scope itself, and a leading combinator (`> td`) starts at it.
 */
import { compile, type Options } from 'css-select';
import { isTraversal, parse, SelectorType, type Selector as Token } from 'css-what';
import { isTag, type Element, type AnyNode, type Document, type ParentNode } from 'domhandler';
import * as DomUtils from 'domutils';
import { attributeOf, textOf } from './element.ts';

export interface Selector {
  first(scope: Element | Document): Element | undefined;
  /** In document order. */
  all(scope: Element | Document): Element[];
  /** Whether it finds an element in the whole document; of a selector without `:scope`. */
  is(element: Element): boolean;
}

/** Throws where `selectorFault` finds a fault. */
export function compileSelector(kind: 'html' | 'xml', css: string): Selector {
  const tokens = readSelector(css);
  const scopeItself = tokens.some((compound) => subjectOf(compound).some(isScope));
  /** The scope of the search that is going on: one compilation serves every scope. */
  let current: AnyNode | undefined;
  const options = optionsFor(kind, !css.includes(':scope'));
  const pseudos = { [SCOPE]: (element: Element) => element === current };
  const test = compile<AnyNode, Element>(tokens.map(withOwnScope), { ...options, pseudos });
  const search = (scope: Element | Document, visit: (element: Element) => boolean): void => {
    const root = isTag(scope) ? scope : scope.children.find(isTag);
    if (root === undefined) return;
    current = root;
    // The root of a whole document is met on the walk.
    if (scopeItself && isTag(scope) && test(scope) && visit(scope)) return;
    walk(scope, (element) => test(element) && visit(element));
  };
  return {
    is: (element) => test(element),
    first(scope) {
      let found: Element | undefined;
      search(scope, (element) => {
        found = element;
        return true;
      });
      return found;
    },
    all(scope) {
      const found: Element[] = [];
      search(scope, (element) => {
        found.push(element);
        return false;
      });
      return found;
    },
  };
}

/** Elements below `scope` in document order, until `visit` says to stop. No recursion: pages nest as deep as they like. */
function walk(scope: ParentNode, visit: (element: Element) => boolean): void {
  let node: AnyNode | null = scope.firstChild;
  while (node !== null) {
    if (isTag(node)) {
      if (visit(node)) return;
      if (node.firstChild !== null) {
        node = node.firstChild;
        continue;
      }
    }
    while (node !== null && node.next === null) {
      const parent: ParentNode | null = node.parent;
      node = parent === scope ? null : parent;
    }
    node = node === null ? null : node.next;
  }
}

/** The library lets its own `:scope` stand for a descendant of the scope too (`:scope div` would find a `div` scope). */
const SCOPE = 'record-scope';
const withOwnScope = (compound: Token[]): Token[] =>
  compound.map((token) => {
    if (token.type !== SelectorType.Pseudo) return token;
    if (token.name === 'scope') return { ...token, name: SCOPE };
    return Array.isArray(token.data) ? { ...token, data: token.data.map(withOwnScope) } : token;
  });

const isScope = (token: Token): boolean => token.type === SelectorType.Pseudo && token.name === 'scope';
/** The last compound: what the selector finds. */
const subjectOf = (tokens: Token[]): Token[] => tokens.slice(tokens.findLastIndex(isTraversal) + 1);

/** The compounds of each alternative; `.` is `:scope`, and a leading combinator starts at it. */
export function readSelector(css: string): Token[][] {
  const tokens = parse(css.trim() === '.' ? ':scope' : css);
  const scope: Token = { type: SelectorType.Pseudo, name: 'scope', data: null };
  return tokens.map((compound) => {
    const [first] = compound;
    return first !== undefined && isTraversal(first) ? [scope, ...compound] : compound;
  });
}

function optionsFor(kind: 'html' | 'xml', cacheResults: boolean): Options<AnyNode, Element> {
  const common = { ...DomUtils, isTag, getText: textOf };
  // Results that depend on the scope must not be remembered from one scope to the next.
  if (kind === 'xml') return { xmlMode: true, cacheResults, relativeSelector: false, adapter: common };
  return {
    cacheResults,
    relativeSelector: false,
    adapter: {
      ...common,
      // Selectors come in lower case; SVG and MathML have names like linearGradient and viewBox.
      getName: (element) => element.name.toLowerCase(),
      hasAttrib: (element, name) => attributeOf('html', element, name) !== null,
      getAttributeValue: (element, name) => attributeOf('html', element, name) ?? undefined,
    },
  };
}

/** Why a selector cannot be used, for people; undefined when it can. */
export function selectorFault(kind: 'html' | 'xml', css: string): string | undefined {
  if (css.trim() === '') return 'it is empty';
  if (css.trim() === '.') return undefined;
  const pseudoElement = /::[\w-]+/.exec(withoutLiterals(css));
  if (pseudoElement) {
    return `${pseudoElement[0]} is a pseudo-element; select the element and take its text, or an attribute with attr`;
  }
  if (/[\w*]\|[\w*]/.test(withoutLiterals(css)))
    return 'namespaces are not known here; write a prefixed name as ns\\:tag';
  try {
    const tokens = readSelector(css);
    if (
      tokens.some(
        (compound) => compound.length === 0 || isTraversal(compound.at(-1) ?? { type: SelectorType.Descendant }),
      )
    ) {
      return 'it ends without an element';
    }
    compileSelector(kind, css);
  } catch (error) {
    // The library answers some arguments that are missing with an error of the language itself.
    return error instanceof Error && !(error instanceof TypeError)
      ? error.message
      : 'a pseudo-class lacks its argument';
  }
  return nameFault(css);
}

/** Escapes, strings, attribute tests and arguments that are no selectors, blanked: what is left has CSS's own grammar. */
function withoutLiterals(css: string): string {
  return css
    .replace(/\\(?:[0-9a-f]{1,6}\s?|[^])/gi, 'x')
    .replace(/"[^"]*"|'[^']*'/g, '""')
    .replace(/\[[^\]]*\]/g, '[]')
    .replace(/:(nth-[a-z-]+|lang|i?contains)\([^()]*\)/gi, ':$1');
}

/** css-what takes any run of characters for a name; CSS does not. */
function nameFault(css: string): string | undefined {
  const bare = withoutLiterals(css);
  const unnamed = /[.#](?!-?[_a-z\u0080-\uffff]|--).?/i.exec(bare);
  if (unnamed) return `"${unnamed[0]}" is not the start of a class or id name`;
  const odd = /[^\w\-\u0080-\uffff*.#:,>+~()"[\]\s]/.exec(bare);
  if (odd) return `unexpected "${odd[0]}"`;
  const digit = /(?:^|[\s>+~,(])(\d[\w-]*)/.exec(bare);
  return digit ? `"${digit[1] ?? ''}" is not an element name` : undefined;
}
