/** The Link header (RFC 8288): as much of it as paging needs. */

const TARGET = /[\s,]*<([^>]*)>/y;
const PARAMETER = /\s*;\s*([!#$&+.^_`|~0-9a-z-]+)\*?(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/iy;

/**
 * The target of the first link with the relation `next`, as written. Links with an `anchor` speak of another document
 * and are passed over. What is not a link by the grammar ends the reading.
 */
export function nextLink(header: string): string | undefined {
  let at = 0;
  for (;;) {
    TARGET.lastIndex = at;
    const target = TARGET.exec(header);
    if (target === null) return undefined;
    const { parameters, end } = readParameters(header, TARGET.lastIndex);
    const relations = (parameters.get('rel') ?? '').toLowerCase().split(/\s+/);
    if (relations.includes('next') && !parameters.has('anchor')) return target[1];
    const comma = /\s*,/y;
    comma.lastIndex = end;
    if (!comma.test(header)) return undefined;
    at = comma.lastIndex;
  }
}

/** Only the first `rel` counts (§3.3); the same is done for every parameter. */
function readParameters(header: string, from: number): { parameters: Map<string, string>; end: number } {
  const parameters = new Map<string, string>();
  let end = from;
  for (;;) {
    PARAMETER.lastIndex = end;
    const found = PARAMETER.exec(header);
    if (found === null) {
      // An empty parameter (`;;`) is harmless.
      const empty = /\s*;/y;
      empty.lastIndex = end;
      if (!empty.test(header)) return { parameters, end };
      end = empty.lastIndex;
      continue;
    }
    const name = (found[1] ?? '').toLowerCase();
    if (!parameters.has(name)) parameters.set(name, found[2]?.replace(/\\(.)/g, '$1') ?? found[3] ?? '');
    end = PARAMETER.lastIndex;
  }
}
