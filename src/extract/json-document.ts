/** JSON text to a value, with a bound on nesting and, when it is malformed, the place where it stops being JSON. */
import type { Json } from '#core/json.ts';
import { JSON_DEPTH_MAX } from './scan/numbers.ts';

export type ParsedJson = { ok: true; value: Json } | { ok: false; detail: string };

/** Numbers are those of JavaScript: integers beyond 2⁵³−1 lose their last digits. */
export function parseJson(text: string): ParsedJson {
  if (depthOf(text) > JSON_DEPTH_MAX)
    return { ok: false, detail: `JSON is nested deeper than ${String(JSON_DEPTH_MAX)}` };
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = faultOf(text);
    const before = text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const found = at >= text.length ? 'end of input' : JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
    return {
      ok: false,
      detail: `malformed JSON: unexpected ${found} at line ${String(line)} column ${String(column)} (offset ${String(at)})`,
    };
  }
}

/** Deepest nesting, counted outside strings. Of malformed text it means nothing, and such text fails anyway. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at);
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

/** The place of the quote that closes the string opened at `from`, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Offset of the first token that cannot stand where it stands. V8 says so for some errors only. */
function faultOf(text: string): number {
  const open: string[] = [];
  let expected: 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd' = 'value';
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    const char = text.charAt(at);
    const closer = open.at(-1);
    if (closer === undefined && expected === 'commaOrEnd') return at;
    if (char === closer && (expected === 'commaOrEnd' || expected === 'valueOrEnd' || expected === 'keyOrEnd')) {
      open.pop();
      expected = 'commaOrEnd';
      at++;
    } else if (expected === 'commaOrEnd' || expected === 'colon') {
      if (char !== (expected === 'colon' ? ':' : ',')) return at;
      expected = expected === 'commaOrEnd' && closer === '}' ? 'key' : 'value';
      at++;
    } else if ((char === '{' || char === '[') && (expected === 'value' || expected === 'valueOrEnd')) {
      open.push(char === '{' ? '}' : ']');
      expected = char === '{' ? 'keyOrEnd' : 'valueOrEnd';
      at++;
    } else {
      const isKey: boolean = expected === 'key' || expected === 'keyOrEnd';
      SCALAR.lastIndex = at;
      if ((isKey && char !== '"') || !SCALAR.test(text)) return at;
      at = SCALAR.lastIndex;
      expected = isKey ? 'colon' : 'commaOrEnd';
    }
  }
}
