/** The encoding a document declares about itself, read from its first bytes before anything is decoded. */

/** The HTML standard lets a parser look this far for a declaration. */
const PRESCAN_BYTES = 1024;

const latin1 = new TextDecoder('latin1');
/** Bytes as characters, one each: declarations are ASCII, whatever else the document is. */
const headOf = (body: Uint8Array): string => latin1.decode(body.subarray(0, PRESCAN_BYTES));

/** The label in `<?xml … encoding="…"?>` at the very start, undefined when there is none. */
export function xmlDeclaredLabel(body: Uint8Array): string | undefined {
  return /^<\?xml[^>]*?\sencoding\s*=\s*(?:"([^">]*)"|'([^'>]*)')/
    .exec(headOf(body))
    ?.slice(1)
    .find((label) => label !== undefined);
}

/** Comment, meta, any other tag, and `<!`, `</`, `<?`: what the standard's prescan steps over or reads. */
const MARKUP = /<!--|<meta(?=[\s/])|<\/?[a-z]|<[!/?]/gi;
const ATTRIBUTE = /[\s/]*([^\s/>=][^\s/>=]*)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*|)))?/y;

/**
 * Labels that `<meta charset>` and `<meta http-equiv="content-type">` name, in order, by the HTML standard's prescan:
 * comments and the attributes of other tags are not mistaken for declarations.
 */
export function htmlDeclaredLabels(body: Uint8Array): string[] {
  const head = headOf(body);
  const labels: string[] = [];
  MARKUP.lastIndex = 0;
  for (let mark = MARKUP.exec(head); mark !== null; mark = MARKUP.exec(head)) {
    const found = mark[0].toLowerCase();
    if (found === '<!--') MARKUP.lastIndex = after(head, '-->', mark.index + 2);
    else if (/^<[!/?]$/.test(found)) MARKUP.lastIndex = after(head, '>', MARKUP.lastIndex);
    else {
      const nameEnd = found === '<meta' ? MARKUP.lastIndex : endOfName(head, MARKUP.lastIndex);
      const { attributes, end } = readAttributes(head, nameEnd);
      const label = found === '<meta' ? metaLabel(attributes) : undefined;
      if (label !== undefined) labels.push(label);
      MARKUP.lastIndex = end;
    }
  }
  return labels;
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at === -1 ? text.length : at + end.length;
}

function endOfName(text: string, from: number): number {
  let at = from;
  while (at < text.length && !/[\s/>]/.test(text.charAt(at))) at++;
  return at;
}

/** The first value of each attribute counts, as in a parser. */
function readAttributes(text: string, from: number): { attributes: Map<string, string>; end: number } {
  const attributes = new Map<string, string>();
  let end = from;
  for (;;) {
    ATTRIBUTE.lastIndex = end;
    const found = ATTRIBUTE.exec(text);
    if (found === null) return { attributes, end: after(text, '>', end) };
    const name = (found[1] ?? '').toLowerCase();
    if (!attributes.has(name)) attributes.set(name, found[2] ?? found[3] ?? found[4] ?? '');
    end = ATTRIBUTE.lastIndex;
  }
}

function metaLabel(attributes: Map<string, string>): string | undefined {
  const charset = attributes.get('charset');
  if (charset !== undefined) return charset;
  if (attributes.get('http-equiv')?.trim().toLowerCase() !== 'content-type') return undefined;
  const named = /charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"']+))/i.exec(attributes.get('content') ?? '');
  return named?.[1] ?? named?.[2] ?? named?.[3];
}
