/** What a page offers as fields: for who writes a task and looks at one page of it. Short selectors, each with what it gives there. */
import { isTag, type AnyNode, type Element } from 'domhandler';
import type { FieldCandidate } from '#core/operations.ts';
import type { Json } from '#core/json.ts';
import type { FetchedDocument } from '#core/ports.ts';
import { decodeText } from './charset.ts';
import { kindOfType, readContentType, sniffKind } from './content-type.ts';
import { collapsedTextOf } from './element.ts';
import { parseJson } from './json-document.ts';
import { parseMarkup } from './tree.ts';

export const CANDIDATES_MAX = 60;
const SAMPLE_CHARS_MAX = 160;
const JSON_DEPTH_MAX = 4;
/** Long texts are whole articles: a field of their own is seldom meant by a container of them. */
const TEXT_CHARS_MAX = 2_000;
const SIMPLE = /^[A-Za-z][\w-]{0,40}$/;
const TAGS = new Set(['title', 'h1', 'h2', 'h3', 'time', 'address', 'blockquote', 'figcaption']);

/** Of HTML and JSON; nothing of other kinds, and of documents that cannot be read. */
export function fieldCandidates({ headers, body }: FetchedDocument): FieldCandidate[] {
  const type = readContentType(headers['content-type']);
  const kind = type.essence === undefined ? sniffKind(body) : kindOfType(type.essence);
  if (kind !== 'html' && kind !== 'json') return [];
  const decoded = decodeText(body, type.charset, kind);
  if (!decoded.ok) return [];
  return kind === 'html' ? ofHtml(decoded.text) : ofJson(decoded.text);
}

const sampled = (text: string): string =>
  text.length > SAMPLE_CHARS_MAX ? `${text.slice(0, SAMPLE_CHARS_MAX)}…` : text;
const nameOf = (text: string): string => text.replace(/[\W_]+/g, '_').replace(/^_|_$/g, '') || 'field';

function ofHtml(text: string): FieldCandidate[] {
  const parsed = parseMarkup('html', text);
  if (!parsed.ok) return [];
  const found = new Map<string, FieldCandidate>();
  const add = (candidate: Omit<FieldCandidate, 'count'> & { css: string }): void => {
    const key = `${candidate.css} ${candidate.attr ?? ''}`;
    const known = found.get(key);
    if (known) found.set(key, { ...known, count: known.count + 1 });
    else if (found.size < CANDIDATES_MAX * 4)
      found.set(key, { ...candidate, sample: sampled(candidate.sample), count: 1 });
  };
  const queue: AnyNode[] = [...parsed.document.children];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    if (!isTag(node) || node.name === 'script' || node.name === 'style') continue;
    offer(node, add);
    queue.push(...node.children);
  }
  return [...found.values()].slice(0, CANDIDATES_MAX);
}

function offer(element: Element, add: (candidate: Omit<FieldCandidate, 'count'> & { css: string }) => void): void {
  const { name, attribs } = element;
  if (name === 'meta') {
    const key = attribs['name'] === undefined ? 'property' : 'name';
    const value = attribs[key];
    if (value !== undefined && /^[\w:.-]+$/.test(value) && attribs['content'] !== undefined)
      add({ name: nameOf(value), css: `meta[${key}="${value}"]`, attr: 'content', sample: attribs['content'] });
    return;
  }
  const css = selectorOf(element);
  if (css === undefined) return;
  if (name === 'img' && attribs['src'] !== undefined)
    add({ name: `${nameOf(css)}_src`, css, attr: 'src', sample: attribs['src'] });
  if (name === 'a' && attribs['href'] !== undefined)
    add({ name: `${nameOf(css)}_href`, css, attr: 'href', sample: attribs['href'] });
  const text = collapsedTextOf(element);
  if (text !== '' && text.length <= TEXT_CHARS_MAX) add({ name: nameOf(css), css, sample: text });
}

/** By id, microdata, class, or the few tags that mean something by themselves; undefined = nothing short names it. */
function selectorOf({ name, attribs }: Element): string | undefined {
  const { id, itemprop, class: classes = '' } = attribs;
  if (itemprop !== undefined && SIMPLE.test(itemprop)) return `[itemprop="${itemprop}"]`;
  if (id !== undefined && SIMPLE.test(id) && name !== 'body') return `#${id}`;
  const first = classes.split(/\s+/).find((one) => SIMPLE.test(one));
  if (first !== undefined && name !== 'body') return `.${first}`;
  return TAGS.has(name) ? name : undefined;
}

function ofJson(text: string): FieldCandidate[] {
  const parsed = parseJson(text);
  if (!parsed.ok) return [];
  const found: FieldCandidate[] = [];
  const walk = (value: Json, path: string, name: string, depth: number): void => {
    if (found.length >= CANDIDATES_MAX) return;
    if (Array.isArray(value)) {
      if (value[0] !== undefined && depth < JSON_DEPTH_MAX) walk(value[0], `${path}[0]`, name, depth + 1);
    } else if (typeof value === 'object' && value !== null) {
      if (depth >= JSON_DEPTH_MAX) return;
      for (const [key, below] of Object.entries(value))
        if (/^[A-Za-z_]\w*$/.test(key)) walk(below, `${path}.${key}`, key, depth + 1);
    } else if (path !== '$') found.push({ name, json: path, sample: sampled(String(value)), count: 1 });
  };
  walk(parsed.value, '$', 'value', 0);
  return found;
}
