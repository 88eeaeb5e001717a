/** Tags by the rules of "in body": start tags first, then end tags. */
import {
  CONTENT_MARKUP,
  CONTENT_RAW,
  CONTENT_SCRIPT,
  CONTENT_TEXT,
  END_BLOCK,
  END_BREAK,
  END_FORM,
  END_FORMATTING,
  END_HEADING,
  END_LIST_ITEM,
  END_MARKED,
  END_PARAGRAPH,
  END_ROOT,
  END_TEMPLATE,
  FAULT_ANNOTATION,
  FAULT_FOREIGN_PARAGRAPH,
  FAULT_FRAMESET,
  FAULT_HTML_IN_FOREIGN,
  FAULT_OLD_TABLE,
  FAULT_OPEN_FORM,
  FAULT_OPEN_LINK,
  HEADING,
  IMPLIED_END,
  IMPLIED_END_THOROUGH,
  INTEGRATION,
  ITEM_BOUNDARY,
  LEAVES_FOREIGN,
  LIST_SCOPE,
  MATHML,
  MODE_CAPTION,
  MODE_CELL,
  MODE_SELECT,
  MODE_SELECT_IN_TABLE,
  MODE_TABLE,
  MODE_TEMPLATE,
  SCOPE,
  SPECIAL,
  START_ANCHOR,
  START_BLOCK,
  START_BUTTON,
  START_FOREIGN,
  START_FORM,
  START_FORMATTING,
  START_GENERIC,
  START_HEADING,
  START_HR,
  START_IMAGE,
  START_IN_SCRIPT,
  START_IN_TITLE,
  START_LIST_ITEM,
  START_MARKED,
  START_NOBR,
  START_OPTION,
  START_PRE,
  START_RAW,
  START_ROOT,
  START_RUBY_BASE,
  START_RUBY_TEXT,
  START_SELECT,
  START_TABLE,
  START_TEMPLATE,
  START_TEXTAREA,
  START_TO_TREE,
  START_VOID,
  START_VOID_PLAIN,
  START_XMP,
  SVG,
  T_A,
  T_ANNOTATION_XML,
  T_BODY,
  T_BR,
  T_DD,
  T_DT,
  T_FONT,
  T_FORM,
  T_IMG,
  T_LI,
  T_MALIGNMARK,
  T_MGLYPH,
  T_NOBR,
  T_OPTION,
  T_P,
  T_RTC,
  T_RUBY,
  T_SVG,
  T_TABLE,
  T_TEMPLATE,
} from '../numbers.ts';
import { adoptBlock } from './adoption.ts';
import { templates } from './automaton.ts';
import {
  NONE,
  QUIRKS_NO,
  QUIRKS_UNCLEAR,
  append,
  classInScope,
  classOf,
  clearToMarker,
  closeParagraph,
  current,
  dropLineFeed,
  endBody,
  entryOf,
  forgetForm,
  formIsKnown,
  formOpened,
  format,
  specialAbove,
  inScope,
  isInParagraph,
  isListed,
  keyAt,
  mark,
  mode,
  placeOf,
  pop,
  popImplied,
  popTo,
  push,
  pushAs,
  pushImplied,
  quirks,
  reconstruct,
  rootAgain,
  top,
  unlist,
  startRule,
  endRule,
} from './builder.ts';
import { fault, refused, unfollowed } from './fault.ts';
import { selfClosing, setAttributes } from './lexer.ts';

/** How the content of the element that was opened is read. */
export function startInBody(key: i32): i32 {
  switch (startRule(key)) {
    case START_BLOCK:
      closeParagraph();
      push(key);
      return CONTENT_MARKUP;
    case START_FORMATTING:
      reconstruct();
      push(key);
      format(key);
      return CONTENT_MARKUP;
    case START_ANCHOR:
      startAnchor();
      return CONTENT_MARKUP;
    case START_LIST_ITEM:
      startItem(key);
      return CONTENT_MARKUP;
    case START_HEADING:
      closeParagraph();
      if ((classOf(current) & HEADING) != 0) pop();
      push(key);
      return CONTENT_MARKUP;
    case START_VOID:
      reconstruct();
      append(key);
      return CONTENT_MARKUP;
    case START_VOID_PLAIN:
      append(key);
      return CONTENT_MARKUP;
    case START_RAW:
      push(key);
      return CONTENT_RAW;
    case START_IN_SCRIPT:
      push(key);
      return CONTENT_SCRIPT;
    case START_IN_TITLE:
      push(key);
      return CONTENT_TEXT;
    case START_GENERIC:
      reconstruct();
      push(key);
      return CONTENT_MARKUP;
    default:
      return startSeldom(key);
  }
}

function startSeldom(key: i32): i32 {
  switch (startRule(key)) {
    case START_HR:
      closeParagraph();
      append(key);
      break;
    case START_PRE:
      closeParagraph();
      push(key);
      dropLineFeed(true);
      break;
    case START_TABLE:
      startTable();
      break;
    case START_BUTTON:
      closeInScope(key, SCOPE);
      reconstruct();
      push(key);
      break;
    case START_OPTION:
      if (current == T_OPTION) pop();
      reconstruct();
      push(key);
      break;
    case START_SELECT:
      reconstruct();
      pushAs(key, mode == MODE_CELL || mode == MODE_CAPTION ? MODE_SELECT_IN_TABLE : MODE_SELECT);
      break;
    case START_FORM:
      startForm();
      break;
    case START_TEXTAREA:
      push(key);
      dropLineFeed(true);
      return CONTENT_TEXT;
    case START_XMP:
      closeParagraph();
      reconstruct();
      push(key);
      return CONTENT_RAW;
    case START_FOREIGN:
      reconstruct();
      openForeign(key + (key == T_SVG ? SVG : MATHML));
      break;
    case START_TEMPLATE:
      startTemplate();
      break;
    case START_MARKED:
      reconstruct();
      push(key);
      mark();
      break;
    case START_ROOT:
      rootAgain();
      break;
    case START_RUBY_BASE:
    case START_RUBY_TEXT:
      if (inScope(T_RUBY) != NONE) popImplied(startRule(key) == START_RUBY_TEXT ? T_RTC : 0, IMPLIED_END);
      push(key);
      break;
    case START_IMAGE:
      reconstruct();
      append(T_IMG);
      break;
    case START_NOBR:
      startNobr();
      break;
    case START_TO_TREE:
      return refused(FAULT_FRAMESET);
  }
  return CONTENT_MARKUP;
}

function startAnchor(): void {
  if (entryOf(T_A) != NONE) {
    adopt(T_A);
    if (entryOf(T_A) != NONE) return unfollowed(FAULT_OPEN_LINK);
  }
  reconstruct();
  push(T_A);
  format(T_A);
}

function startNobr(): void {
  reconstruct();
  if (inScope(T_NOBR) != NONE) {
    adopt(T_NOBR);
    reconstruct();
  }
  push(T_NOBR);
  format(T_NOBR);
}

function startItem(key: i32): void {
  const other = key == T_LI ? T_LI : key == T_DD ? T_DT : T_DD;
  for (let at = top; at >= 0; at--) {
    const open = keyAt(at);
    if (open == key || open == other) {
      popTo(at);
      break;
    }
    if ((classOf(open) & ITEM_BOUNDARY) != 0) break;
  }
  closeParagraph();
  push(key);
}

function startTable(): void {
  if (isInParagraph()) {
    if (quirks == QUIRKS_UNCLEAR) return unfollowed(FAULT_OLD_TABLE);
    if (quirks == QUIRKS_NO) closeParagraph();
  }
  pushAs(T_TABLE, MODE_TABLE);
}

function startForm(): void {
  const inTemplate = templates > 0;
  if (formIsKnown && !inTemplate) return;
  closeParagraph();
  push(T_FORM);
  if (!inTemplate) formOpened(top);
}

export function startTemplate(): void {
  pushAs(T_TEMPLATE, MODE_TEMPLATE);
  mark();
}

// ---------------------------------------------------------------- SVG and MathML

/** A start tag inside of SVG or MathML. */
export function startInForeign(key: i32): i32 {
  if ((classOf(key) & LEAVES_FOREIGN) != 0 || key == T_FONT) return refused(FAULT_HTML_IN_FOREIGN);
  openForeign(key + (current & ~(SVG - 1)));
  return CONTENT_MARKUP;
}

function openForeign(key: i32): void {
  if (key == MATHML + T_ANNOTATION_XML) return unfollowed(FAULT_ANNOTATION);
  if (selfClosing) append(key);
  else push(key);
}

/** True when the end tag is dealt with; otherwise the rules of HTML apply. */
export function endInForeign(key: i32): bool {
  if (key == T_P || key == T_BR) unfollowed(FAULT_FOREIGN_PARAGRAPH);
  for (let at = top; keyAt(at) >= SVG; at--) {
    if ((keyAt(at) & (SVG - 1)) == key) {
      popTo(at);
      return true;
    }
  }
  return false;
}

/** Names that belong to MathML even where the rules of HTML hold. */
export function isMathOnly(key: i32): bool {
  return (key == T_MGLYPH || key == T_MALIGNMARK) && (classOf(current) & INTEGRATION) != 0;
}

// ---------------------------------------------------------------- end tags

export function endInBody(key: i32): void {
  switch (endRule(key)) {
    case END_BLOCK:
      closeInScope(key, SCOPE);
      break;
    case END_FORMATTING:
      adopt(key);
      break;
    case END_PARAGRAPH:
      if (!isInParagraph()) pushImplied(T_P, mode);
      closeParagraph();
      break;
    case END_LIST_ITEM:
      closeInScope(key, key == T_LI ? LIST_SCOPE : SCOPE);
      break;
    case END_HEADING: {
      const at = classInScope(HEADING);
      if (at != NONE) popTo(at);
      break;
    }
    case END_ROOT:
      if (inScope(T_BODY) != NONE) endBody();
      break;
    case END_FORM:
      endForm();
      break;
    case END_MARKED:
      if (closeInScope(key, SCOPE)) clearToMarker();
      break;
    case END_TEMPLATE:
      endTemplate();
      break;
    case END_BREAK:
      reconstruct();
      setAttributes(0);
      append(T_BR);
      break;
    default:
      endGeneric(key);
  }
}

function closeInScope(key: i32, boundary: i32): bool {
  const at = inScope(key, boundary);
  if (at == NONE) return false;
  popTo(at);
  return true;
}

function endGeneric(key: i32): void {
  for (let at = top; at > 0; at--) {
    const open = keyAt(at);
    if (open == key) return popTo(at);
    if ((classOf(open) & SPECIAL) != 0) return;
  }
}

/** How often the adoption agency tries. */
const ADOPTIONS_MAX = 8;

function adopt(key: i32): void {
  if (current == key && !isListed(top)) return pop();
  for (let i = 0; i < ADOPTIONS_MAX && fault == 0; i++) {
    const entry = entryOf(key);
    if (entry == NONE) return endGeneric(key);
    const place = placeOf(entry);
    if (place == NONE) return unlist(entry);
    for (let at = top; at > place; at--) if ((classOf(keyAt(at)) & SCOPE) != 0) return;
    const block = specialAbove(place);
    if (block == NONE) {
      popTo(place);
      return unlist(entry);
    }
    adoptBlock(entry, place, block);
  }
}

function endForm(): void {
  if (templates > 0) {
    closeInScope(T_FORM, SCOPE);
    return;
  }
  const wasKnown = formIsKnown;
  const place = forgetForm();
  if (!wasKnown || inScope(T_FORM) == NONE) return;
  popImplied(0, IMPLIED_END);
  if (place == NONE) return;
  if (place != top) return unfollowed(FAULT_OPEN_FORM);
  pop();
}

export function endTemplate(): void {
  if (templates == 0) return;
  popImplied(0, IMPLIED_END_THOROUGH);
  let at = top;
  while (keyAt(at) != T_TEMPLATE) at--;
  popTo(at);
  clearToMarker();
}
