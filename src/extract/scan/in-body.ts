/** Tags by the rules of "in body": start tags first, then end tags. */
import { NONE_OPEN, type Builder } from './builder.ts';
import { CONTENT, MODE } from './modes.ts';
import {
  classes,
  END,
  endRules,
  HEADING,
  IMPLIED_END,
  IMPLIED_END_THOROUGH,
  INTEGRATION,
  ITEM_BOUNDARY,
  LEAVES_FOREIGN,
  LIST_SCOPE,
  MATHML,
  SCOPE,
  SPECIAL,
  START,
  startRules,
  SVG,
  T,
} from './tags.ts';
import { Unfollowed } from './unfollowed.ts';

/** How the content of the element that was opened is read. */
export function startInBody(b: Builder, key: number): number {
  switch (startRules[key]!) {
    case START.BLOCK:
      b.closeParagraph();
      b.push(key);
      return CONTENT.MARKUP;
    case START.FORMATTING:
      b.reconstruct();
      b.push(key);
      b.format(key);
      return CONTENT.MARKUP;
    case START.ANCHOR:
      startAnchor(b);
      return CONTENT.MARKUP;
    case START.LIST_ITEM:
      startItem(b, key);
      return CONTENT.MARKUP;
    case START.HEADING:
      b.closeParagraph();
      if ((classes[b.current]! & HEADING) !== 0) b.pop();
      b.push(key);
      return CONTENT.MARKUP;
    case START.VOID:
      b.reconstruct();
      b.append(key);
      return CONTENT.MARKUP;
    case START.VOID_PLAIN:
      b.append(key);
      return CONTENT.MARKUP;
    case START.RAW:
      b.push(key);
      return CONTENT.RAW;
    case START.IN_SCRIPT:
      b.push(key);
      return CONTENT.SCRIPT;
    case START.IN_TITLE:
      b.push(key);
      return CONTENT.TEXT;
    case START.GENERIC:
      b.reconstruct();
      b.push(key);
      return CONTENT.MARKUP;
    default:
      return startSeldom(b, key);
  }
}

function startSeldom(b: Builder, key: number): number {
  switch (startRules[key]!) {
    case START.HR:
      b.closeParagraph();
      b.append(key);
      break;
    case START.PRE:
      b.closeParagraph();
      b.push(key);
      b.dropsLineFeed = true;
      break;
    case START.TABLE:
      startTable(b);
      break;
    case START.BUTTON:
      closeInScope(b, key, SCOPE);
      b.reconstruct();
      b.push(key);
      break;
    case START.OPTION:
      if (b.current === T.OPTION) b.pop();
      b.reconstruct();
      b.push(key);
      break;
    case START.SELECT:
      b.reconstruct();
      b.push(key, b.mode === MODE.CELL || b.mode === MODE.CAPTION ? MODE.SELECT_IN_TABLE : MODE.SELECT);
      break;
    case START.FORM:
      startForm(b);
      break;
    case START.TEXTAREA:
      b.push(key);
      b.dropsLineFeed = true;
      return CONTENT.TEXT;
    case START.XMP:
      b.closeParagraph();
      b.reconstruct();
      b.push(key);
      return CONTENT.RAW;
    case START.FOREIGN:
      b.reconstruct();
      openForeign(b, key + (key === T.SVG ? SVG : MATHML));
      break;
    case START.TEMPLATE:
      startTemplate(b);
      break;
    case START.MARKED:
      b.reconstruct();
      b.push(key);
      b.mark();
      break;
    case START.ROOT:
      b.rootAgain();
      break;
    case START.RUBY_BASE:
    case START.RUBY_TEXT:
      if (b.inScope(T.RUBY) !== NONE_OPEN) b.popImplied(startRules[key] === START.RUBY_TEXT ? T.RTC : 0);
      b.push(key);
      break;
    case START.IMAGE:
      b.reconstruct();
      b.append(T.IMG);
      break;
    case START.NOBR:
      startNobr(b);
      break;
    case START.TO_TREE:
      throw new Unfollowed('frameset or plaintext');
  }
  return CONTENT.MARKUP;
}

function startAnchor(b: Builder): void {
  if (b.entryOf(T.A) !== NONE_OPEN) {
    adopt(b, T.A);
    if (b.entryOf(T.A) !== NONE_OPEN) throw new Unfollowed('a link in a link that stays open');
  }
  b.reconstruct();
  b.push(T.A);
  b.format(T.A);
}

function startNobr(b: Builder): void {
  b.reconstruct();
  if (b.inScope(T.NOBR) !== NONE_OPEN) {
    adopt(b, T.NOBR);
    b.reconstruct();
  }
  b.push(T.NOBR);
  b.format(T.NOBR);
}

function startItem(b: Builder, key: number): void {
  const other = key === T.LI ? T.LI : key === T.DD ? T.DT : T.DD;
  for (let at = b.top; at >= 0; at--) {
    const open = b.keys[at]!;
    if (open === key || open === other) {
      b.popTo(at);
      break;
    }
    if ((classes[open]! & ITEM_BOUNDARY) !== 0) break;
  }
  b.closeParagraph();
  b.push(key);
}

function startTable(b: Builder): void {
  if (b.isInParagraph) {
    if (b.quirks === 'unclear') throw new Unfollowed('a table in a paragraph, after an old doctype');
    if (b.quirks === false) b.closeParagraph();
  }
  b.push(T.TABLE, MODE.TABLE);
}

function startForm(b: Builder): void {
  const inTemplate = b.matcher.templates > 0;
  if (b.formIsKnown && !inTemplate) return;
  b.closeParagraph();
  b.push(T.FORM);
  if (!inTemplate) b.formOpened(b.top);
}

export function startTemplate(b: Builder): void {
  b.push(T.TEMPLATE, MODE.TEMPLATE);
  b.mark();
}

// ---------------------------------------------------------------- SVG and MathML

/** A start tag inside of SVG or MathML. */
export function startInForeign(b: Builder, key: number): number {
  if ((classes[key]! & LEAVES_FOREIGN) !== 0 || key === T.FONT)
    throw new Unfollowed('HTML directly inside of SVG or MathML');
  openForeign(b, key + (b.current & ~(SVG - 1)));
  return CONTENT.MARKUP;
}

function openForeign(b: Builder, key: number): void {
  if (key === MATHML + T.ANNOTATION_XML) throw new Unfollowed('annotation-xml');
  if (b.lexer.selfClosing) b.append(key);
  else b.push(key);
}

/** True when the end tag is dealt with; otherwise the rules of HTML apply. */
export function endInForeign(b: Builder, key: number): boolean {
  if (key === T.P || key === T.BR) throw new Unfollowed('a paragraph or break that ends inside of SVG or MathML');
  for (let at = b.top; b.keys[at]! >= SVG; at--) {
    if ((b.keys[at]! & (SVG - 1)) === key) {
      b.popTo(at);
      return true;
    }
  }
  return false;
}

/** Names that belong to MathML even where the rules of HTML hold. */
export function isMathOnly(b: Builder, key: number): boolean {
  return (key === T.MGLYPH || key === T.MALIGNMARK) && (classes[b.current]! & INTEGRATION) !== 0;
}

// ---------------------------------------------------------------- end tags

export function endInBody(b: Builder, key: number): void {
  switch (endRules[key]!) {
    case END.BLOCK:
      closeInScope(b, key, SCOPE);
      break;
    case END.FORMATTING:
      adopt(b, key);
      break;
    case END.PARAGRAPH:
      if (!b.isInParagraph) b.pushImplied(T.P, b.mode);
      b.closeParagraph();
      break;
    case END.LIST_ITEM:
      closeInScope(b, key, key === T.LI ? LIST_SCOPE : SCOPE);
      break;
    case END.HEADING: {
      const at = b.classInScope(HEADING);
      if (at !== NONE_OPEN) b.popTo(at);
      break;
    }
    case END.ROOT:
      if (b.inScope(T.BODY) !== NONE_OPEN) b.bodyHasEnded = true;
      break;
    case END.FORM:
      endForm(b);
      break;
    case END.MARKED:
      if (closeInScope(b, key, SCOPE)) b.clearToMarker();
      break;
    case END.TEMPLATE:
      endTemplate(b);
      break;
    case END.BREAK:
      b.reconstruct();
      b.lexer.attributes = 0;
      b.append(T.BR);
      break;
    default:
      endGeneric(b, key);
  }
}

function closeInScope(b: Builder, key: number, boundary: number): boolean {
  const at = b.inScope(key, boundary);
  if (at === NONE_OPEN) return false;
  b.popTo(at);
  return true;
}

function endGeneric(b: Builder, key: number): void {
  for (let at = b.top; at > 0; at--) {
    const open = b.keys[at]!;
    if (open === key) return b.popTo(at);
    if ((classes[open]! & SPECIAL) !== 0) return;
  }
}

/** The adoption agency, as far as it only closes. */
function adopt(b: Builder, key: number): void {
  if (b.current === key && !b.isListed(b.top)) return b.pop();
  const entry = b.entryOf(key);
  if (entry === NONE_OPEN) return endGeneric(b, key);
  const place = b.placeOf(entry);
  if (place === NONE_OPEN) return b.unlist(entry);
  for (let at = b.top; at > place; at--) if ((classes[b.keys[at]!]! & SCOPE) !== 0) return;
  if (b.hasSpecialAbove(place))
    throw new Unfollowed('a formatting element that ends outside of a block it began before');
  b.popTo(place);
  b.unlist(entry);
}

function endForm(b: Builder): void {
  if (b.matcher.templates > 0) {
    closeInScope(b, T.FORM, SCOPE);
    return;
  }
  const wasKnown = b.formIsKnown;
  const place = b.forgetForm();
  if (!wasKnown || b.inScope(T.FORM) === NONE_OPEN) return;
  b.popImplied(0, IMPLIED_END);
  if (place === NONE_OPEN) return;
  if (place !== b.top) throw new Unfollowed('a form that ends inside of an element it holds');
  b.pop();
}

export function endTemplate(b: Builder): void {
  if (b.matcher.templates === 0) return;
  b.popImplied(0, IMPLIED_END_THOROUGH);
  let at = b.top;
  while (b.keys[at] !== T.TEMPLATE) at--;
  b.popTo(at);
  b.clearToMarker();
}
