/**
 * Lines of an uploaded list: plain text (a URL a line), CSV (first column) or NDJSON (`{url, …}`). A line that names no
 * target is a value too: it ends in the ledger instead of vanishing.
 */
import { isPlainUrl, parseHttp } from './url.ts';
import type { RequestSpec } from './task.ts';

export type ListLine =
  { kind: 'target'; target: RequestSpec } | { kind: 'bad'; given: string; detail: string } | { kind: 'nothing' };

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const bad = (given: string, detail: string): ListLine => ({ kind: 'bad', given: given.slice(0, 500), detail });

export type ListKind = 'text' | 'csv';
/** Lines looked at before the kind is decided. */
export const LIST_SNIFF_LINES = 100;

/** So many lines must have equally many commas before they are taken for columns. */
const CSV_EVIDENCE_LINES = 3;

/**
 * Commas are legal in URLs (`/wiki/Paris,_Texas`), so a list is CSV only when it says so: a header that is no URL, a
 * quoted first cell, tabs, or several lines with equally many commas, none of them in a query. NDJSON lines are told by their brace in both kinds.
 */
export function sniffList(firstLines: string[]): ListKind {
  const lines = firstLines.map(clean).filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('{'));
  const [first] = lines;
  if (first === undefined) return 'text';
  if (first.startsWith('"') || first.includes('\t')) return 'csv';
  if (parseHttp(first) === undefined && lines.slice(1).some((line) => parseHttp(firstCell(line)) !== undefined))
    return 'csv';
  const commas = new Set(lines.map((line) => line.split(/[,;]/).length));
  const inQueries = lines.some((line) => /\?[^,;]*[,;]/.test(line));
  return lines.length >= CSV_EVIDENCE_LINES && commas.size === 1 && !commas.has(1) && !inQueries ? 'csv' : 'text';
}

/** @param index 0-based number of the line: the first line of a CSV list may be its header. */
export function parseListLine(line: string, index: number, kind: ListKind): ListLine {
  if (kind === 'text' && isPlainUrl(line)) return { kind: 'target', target: { url: line } };
  const text = clean(line);
  if (text === '' || text.startsWith('#')) return { kind: 'nothing' };
  if (text.startsWith('{')) return parseObject(text);
  const url = kind === 'csv' ? firstCell(text) : text;
  if (parseHttp(url) !== undefined) return { kind: 'target', target: { url } };
  return kind === 'csv' && index === 0 ? { kind: 'nothing' } : bad(text, 'not an http(s) URL');
}

const clean = (line: string): string => line.replace(/^\uFEFF/, '').trim();

function firstCell(text: string): string {
  const quoted = /^"((?:[^"]|"")*)"/.exec(text);
  if (quoted?.[1] !== undefined) return quoted[1].replaceAll('""', '"').trim();
  const cut = text.search(/[,;\t]/);
  return cut < 0 ? text : text.slice(0, cut).trim();
}

function parseObject(text: string): ListLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return bad(text, `not JSON: ${(error as Error).message}`);
  }
  const { url, method, headers, body } = value as { [key: string]: unknown };
  if (typeof url !== 'string' || parseHttp(url) === undefined) return bad(text, 'url: expected an http(s) URL');
  const target: RequestSpec = { url };
  if (method !== undefined) {
    if (typeof method !== 'string' || !METHODS.has(method.toUpperCase()))
      return bad(text, 'method: expected an HTTP method');
    target.method = method.toUpperCase();
  }
  if (headers !== undefined) {
    if (!isHeaders(headers)) return bad(text, 'headers: expected an object of strings');
    target.headers = headers;
  }
  if (body !== undefined) {
    if (typeof body !== 'string') return bad(text, 'body: expected a string');
    target.body = body;
  }
  return { kind: 'target', target };
}

const isHeaders = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(
    ([name, v]) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && typeof v === 'string' && !/[\r\n\0]/.test(v),
  );
