/**
 * JSON read strictly and with positions. `JSON.parse` keeps the last of two equal keys in silence, names no position for
 * some errors and repeats the text in its messages; a task document may hold secrets and must not be ambiguous.
 */
export type JsonText = { ok: true; value: unknown } | { ok: false; message: string; offset: number };

/** Deeper nesting than any document this API takes; bounds whoever walks the value recursively. */
export const JSON_DEPTH_MAX = 100;

const SPACE = /[ \t\n\r]*/y;
const TOKEN =
  /("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

interface Open {
  closes: '}' | ']';
  keys: Set<string>;
}
type Next = Wanted | { error: string } | undefined;
type Wanted = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma' | 'end';

const WANTED: Record<Wanted, string> = {
  value: 'a value',
  'value or ]': 'a value or ]',
  key: 'a string as key',
  'key or }': 'a string as key or }',
  colon: 'a colon',
  comma: 'a comma or the end of the list or object',
  end: 'nothing more',
};

/** @returns the value, or what was expected at which offset; the text itself is never repeated. */
export function parseJson(text: string): JsonText {
  const open: Open[] = [];
  let wanted: Wanted = 'value';
  for (let offset = skipSpace(text, 0); offset < text.length; offset = skipSpace(text, TOKEN.lastIndex)) {
    TOKEN.lastIndex = offset;
    const match = TOKEN.exec(text);
    const next: Next = match === null ? undefined : step(wanted, match[0], match[1] !== undefined, open);
    if (next === undefined) return { ok: false, message: `expected ${WANTED[wanted]}`, offset };
    if (typeof next === 'object') return { ok: false, message: next.error, offset };
    wanted = next;
  }
  if (wanted !== 'end') return { ok: false, message: `the text ends, expected ${WANTED[wanted]}`, offset: text.length };
  return { ok: true, value: JSON.parse(text) as unknown };
}

function skipSpace(text: string, offset: number): number {
  SPACE.lastIndex = offset;
  SPACE.exec(text);
  return SPACE.lastIndex;
}

/** What may follow `token`; undefined when it may not stand here. */
function step(wanted: Wanted, token: string, isString: boolean, open: Open[]): Next {
  const top = open.at(-1);
  if (wanted === 'colon') return token === ':' ? 'value' : undefined;
  if (wanted === 'end') return undefined;
  if (wanted === 'comma' && token === ',') return top?.closes === '}' ? 'key' : 'value';
  if (wanted === 'comma' || token === '}' || token === ']') {
    const mayClose = wanted === 'comma' || wanted === 'value or ]' || wanted === 'key or }';
    if (!mayClose || token !== top?.closes) return undefined;
    open.pop();
    return open.length === 0 ? 'end' : 'comma';
  }
  if (wanted === 'key' || wanted === 'key or }') {
    if (!isString || top === undefined) return undefined;
    const key = JSON.parse(token) as string;
    if (top.keys.has(key)) return { error: 'the object has this key twice' };
    top.keys.add(key);
    return 'colon';
  }
  if (token === ',' || token === ':') return undefined;
  if (token !== '{' && token !== '[') return open.length === 0 ? 'end' : 'comma';
  open.push({ closes: token === '{' ? '}' : ']', keys: new Set() });
  if (open.length > JSON_DEPTH_MAX) return { error: `nested deeper than ${String(JSON_DEPTH_MAX)} levels` };
  return token === '{' ? 'key or }' : 'value or ]';
}
