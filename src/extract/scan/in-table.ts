/** Tags in tables: the parts of a table imply and close each other. What would be moved out of the table is for the tree. */
import { NONE_OPEN, type Builder } from './builder.ts';
import { endInBody, startInBody, startTemplate } from './in-body.ts';
import { CONTENT, MODE } from './modes.ts';
import { END, endRules, TABLE_SCOPE, T } from './tags.ts';
import { Unfollowed } from './unfollowed.ts';

const isCell = (key: number): boolean => key === T.TD || key === T.TH;
const isSection = (key: number): boolean => key === T.TBODY || key === T.TFOOT || key === T.THEAD;
/** Tags that end a cell or a caption. */
export const isTablePart = (key: number): boolean =>
  isCell(key) || isSection(key) || key === T.TR || key === T.CAPTION || key === T.COL || key === T.COLGROUP;

const inTable = (b: Builder, key: number): boolean => b.inScope(key, TABLE_SCOPE) !== NONE_OPEN;
const hasSection = (b: Builder): boolean => inTable(b, T.TBODY) || inTable(b, T.THEAD) || inTable(b, T.TFOOT);

/** Closes what is open inside of the table, the section or the row. */
function clearBack(b: Builder, isContext: (key: number) => boolean): void {
  for (let key = b.current; !isContext(key) && key !== T.TEMPLATE && key !== T.HTML; key = b.current) b.pop();
}
const clearToTable = (b: Builder): void => clearBack(b, (key) => key === T.TABLE);
const clearToSection = (b: Builder): void => clearBack(b, isSection);
const clearToRow = (b: Builder): void => clearBack(b, (key) => key === T.TR);

// ---------------------------------------------------------------- start tags

/** Undefined = to be looked at again. */
export function startInTable(b: Builder, key: number): number | undefined {
  if (isCell(key) || key === T.TR) {
    clearToTable(b);
    b.pushImplied(T.TBODY, MODE.TABLE_BODY);
    return startInSection(b, key);
  }
  if (isSection(key)) {
    clearToTable(b);
    b.push(key, MODE.TABLE_BODY);
    return CONTENT.MARKUP;
  }
  switch (key) {
    case T.CAPTION:
      clearToTable(b);
      b.mark();
      b.push(key, MODE.CAPTION);
      return CONTENT.MARKUP;
    case T.COLGROUP:
      clearToTable(b);
      b.push(key, MODE.COLUMNS);
      return CONTENT.MARKUP;
    case T.COL:
      clearToTable(b);
      b.pushImplied(T.COLGROUP, MODE.COLUMNS);
      b.append(key);
      return CONTENT.MARKUP;
    case T.TABLE: {
      const at = b.inScope(T.TABLE, TABLE_SCOPE);
      if (at === NONE_OPEN) return CONTENT.MARKUP;
      b.popTo(at);
      return undefined;
    }
    case T.STYLE:
    case T.SCRIPT:
      return startInBody(b, key);
    case T.TEMPLATE:
      startTemplate(b);
      return CONTENT.MARKUP;
    case T.INPUT:
      if (!isHidden(b)) break;
      b.append(key);
      return CONTENT.MARKUP;
    case T.FORM:
      if (b.formIsKnown || b.matcher.templates > 0) return CONTENT.MARKUP;
      b.push(key);
      b.formOpened(b.top);
      b.pop();
      return CONTENT.MARKUP;
  }
  throw new Unfollowed('an element that is moved out of a table');
}

const TYPE = Buffer.from('type');
function isHidden({ lexer }: Builder): boolean {
  const at = lexer.find(TYPE);
  return at !== -1 && lexer.value(at).toLowerCase() === 'hidden';
}

export function startInSection(b: Builder, key: number): number | undefined {
  if (key === T.TR) {
    clearToSection(b);
    b.push(key, MODE.ROW);
    return CONTENT.MARKUP;
  }
  if (isCell(key)) {
    clearToSection(b);
    b.pushImplied(T.TR, MODE.ROW);
    return startInRow(b, key);
  }
  if (!isTablePart(key)) return startInTable(b, key);
  if (!hasSection(b)) return CONTENT.MARKUP;
  clearToSection(b);
  b.pop();
  return startInTable(b, key);
}

export function startInRow(b: Builder, key: number): number | undefined {
  if (isCell(key)) {
    clearToRow(b);
    b.push(key, MODE.CELL);
    b.mark();
    return CONTENT.MARKUP;
  }
  if (!isTablePart(key)) return startInTable(b, key);
  return closeRow(b) ? startInSection(b, key) : CONTENT.MARKUP;
}

export function startInCell(b: Builder, key: number): number | undefined {
  if (!isTablePart(key)) return startInBody(b, key);
  return closeCell(b) ? startInRow(b, key) : CONTENT.MARKUP;
}

export function startInCaption(b: Builder, key: number): number | undefined {
  if (!isTablePart(key)) return startInBody(b, key);
  return closeCaption(b) ? startInTable(b, key) : CONTENT.MARKUP;
}

export function startInColumns(b: Builder, key: number): number | undefined {
  if (key === T.HTML) b.rootAgain();
  else if (key === T.COL) b.append(key);
  else if (key === T.TEMPLATE) startTemplate(b);
  else if (b.current === T.COLGROUP) {
    b.pop();
    return undefined;
  }
  return CONTENT.MARKUP;
}

function closeRow(b: Builder): boolean {
  if (!inTable(b, T.TR)) return false;
  clearToRow(b);
  b.pop();
  return true;
}

function closeCell(b: Builder): boolean {
  const at = Math.max(b.inScope(T.TD, TABLE_SCOPE), b.inScope(T.TH, TABLE_SCOPE));
  if (at === NONE_OPEN) return false;
  b.popTo(at);
  b.clearToMarker();
  return true;
}

function closeCaption(b: Builder): boolean {
  const at = b.inScope(T.CAPTION, TABLE_SCOPE);
  if (at === NONE_OPEN) return false;
  b.popTo(at);
  b.clearToMarker();
  return true;
}

// ---------------------------------------------------------------- end tags

/** True when the tag is dealt with; false = to be looked at again. */
export function endInTable(b: Builder, key: number): boolean {
  if (key === T.TABLE) {
    const at = b.inScope(T.TABLE, TABLE_SCOPE);
    if (at !== NONE_OPEN) b.popTo(at);
  } else if (!isTablePart(key) && key !== T.BODY && key !== T.HTML) {
    // In scope there is nothing but the table, so no rule of the body finds anything; two of them make an element.
    if (endRules[key] === END.PARAGRAPH || endRules[key] === END.BREAK) {
      throw new Unfollowed('an element that is moved out of a table');
    }
    endInBody(b, key);
  }
  return true;
}

export function endInSection(b: Builder, key: number): boolean {
  if (isSection(key)) {
    if (!inTable(b, key)) return true;
    clearToSection(b);
    b.pop();
    return true;
  }
  if (key === T.TABLE) {
    if (!hasSection(b)) return true;
    clearToSection(b);
    b.pop();
  }
  return endInTable(b, key);
}

export function endInRow(b: Builder, key: number): boolean {
  if (key === T.TR) {
    closeRow(b);
    return true;
  }
  if (key === T.TABLE) return closeRow(b) ? endInSection(b, key) : true;
  if (isSection(key)) {
    if (!inTable(b, key) || !closeRow(b)) return true;
    return endInSection(b, key);
  }
  return endInTable(b, key);
}

export function endInCell(b: Builder, key: number): boolean {
  if (isCell(key)) {
    const at = b.inScope(key, TABLE_SCOPE);
    if (at === NONE_OPEN) return true;
    b.popTo(at);
    b.clearToMarker();
    return true;
  }
  if (key === T.TABLE || key === T.TR || isSection(key)) {
    if (!inTable(b, key)) return true;
    return closeCell(b) ? endInRow(b, key) : true;
  }
  if (!isTablePart(key) && key !== T.BODY && key !== T.HTML) endInBody(b, key);
  return true;
}

export function endInCaption(b: Builder, key: number): boolean {
  if (key === T.CAPTION || key === T.TABLE) {
    if (closeCaption(b) && key === T.TABLE) return endInTable(b, key);
  } else if (!isTablePart(key) && key !== T.BODY && key !== T.HTML) endInBody(b, key);
  return true;
}

export function endInColumns(b: Builder, key: number): boolean {
  if (key === T.TEMPLATE) endInBody(b, key);
  else if (key !== T.COL && b.current === T.COLGROUP) {
    b.pop();
    return key === T.COLGROUP;
  }
  return true;
}
