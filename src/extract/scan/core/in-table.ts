/** Tags in tables: the parts of a table imply and close each other. What would be moved out of the table is for the tree. */
import {
  AGAIN,
  CONTENT_MARKUP,
  END_BREAK,
  END_PARAGRAPH,
  END_PART,
  FAULT_MOVED_ELEMENT,
  FAULT_ODD_INPUT,
  MODE_CAPTION,
  MODE_CELL,
  MODE_COLUMNS,
  MODE_ROW,
  MODE_TABLE_BODY,
  TABLE_SCOPE,
  T_BODY,
  T_CAPTION,
  T_COL,
  T_COLGROUP,
  T_FORM,
  T_HTML,
  T_INPUT,
  T_SCRIPT,
  T_STYLE,
  T_TABLE,
  T_TBODY,
  T_TD,
  T_TEMPLATE,
  T_TFOOT,
  T_TH,
  T_THEAD,
  T_TR,
} from '../numbers.ts';
import { templates } from './automaton.ts';
import {
  NONE,
  append,
  clearToMarker,
  current,
  formIsKnown,
  formOpened,
  inScope,
  mark,
  pop,
  popTo,
  push,
  pushAs,
  pushImplied,
  rootAgain,
  top,
  endRule,
} from './builder.ts';
import { refused, unfollowed } from './fault.ts';
import { endInBody, startInBody, startTemplate } from './in-body.ts';
import { findAttribute, isHidden, isPlainAscii, valueFrom, valueTo } from './lexer.ts';

function isCell(key: i32): bool {
  return key == T_TD || key == T_TH;
}
function isSection(key: i32): bool {
  return key == T_TBODY || key == T_TFOOT || key == T_THEAD;
}
/** Tags that end a cell or a caption. */
export function isTablePart(key: i32): bool {
  return endRule(key) == END_PART;
}

function inTable(key: i32): bool {
  return inScope(key, TABLE_SCOPE) != NONE;
}
function hasSection(): bool {
  return inTable(T_TBODY) || inTable(T_THEAD) || inTable(T_TFOOT);
}

/** Closes what is open inside of the table, the section or the row. */
function clearToTable(): void {
  while (current != T_TABLE && !isContext(current)) pop();
}
function clearToSection(): void {
  while (!isSection(current) && !isContext(current)) pop();
}
function clearToRow(): void {
  while (current != T_TR && !isContext(current)) pop();
}
function isContext(key: i32): bool {
  return key == T_TEMPLATE || key == T_HTML || key == 0;
}

// ---------------------------------------------------------------- start tags

/** AGAIN = to be looked at again. */
export function startInTable(key: i32): i32 {
  if (isCell(key) || key == T_TR) {
    clearToTable();
    pushImplied(T_TBODY, MODE_TABLE_BODY);
    return startInSection(key);
  }
  if (isSection(key)) {
    clearToTable();
    pushAs(key, MODE_TABLE_BODY);
    return CONTENT_MARKUP;
  }
  switch (key) {
    case T_CAPTION:
      clearToTable();
      mark();
      pushAs(key, MODE_CAPTION);
      return CONTENT_MARKUP;
    case T_COLGROUP:
      clearToTable();
      pushAs(key, MODE_COLUMNS);
      return CONTENT_MARKUP;
    case T_COL:
      clearToTable();
      pushImplied(T_COLGROUP, MODE_COLUMNS);
      append(key);
      return CONTENT_MARKUP;
    case T_TABLE: {
      const at = inScope(T_TABLE, TABLE_SCOPE);
      if (at == NONE) return CONTENT_MARKUP;
      popTo(at);
      return AGAIN;
    }
    case T_STYLE:
    case T_SCRIPT:
      return startInBody(key);
    case T_TEMPLATE:
      startTemplate();
      return CONTENT_MARKUP;
    case T_INPUT:
      if (!isHiddenInput()) break;
      append(key);
      return CONTENT_MARKUP;
    case T_FORM:
      if (formIsKnown || templates > 0) return CONTENT_MARKUP;
      push(key);
      formOpened(top);
      pop();
      return CONTENT_MARKUP;
  }
  return refused(FAULT_MOVED_ELEMENT);
}

const TYPE: usize = memory.data<u8>([0x74, 0x79, 0x70, 0x65]);
function isHiddenInput(): bool {
  const at = findAttribute(<i32>TYPE, 4);
  if (at < 0) return false;
  if (!isPlainAscii(valueFrom(at), valueTo(at))) unfollowed(FAULT_ODD_INPUT);
  return isHidden(valueFrom(at), valueTo(at));
}

export function startInSection(key: i32): i32 {
  if (key == T_TR) {
    clearToSection();
    pushAs(key, MODE_ROW);
    return CONTENT_MARKUP;
  }
  if (isCell(key)) {
    clearToSection();
    pushImplied(T_TR, MODE_ROW);
    return startInRow(key);
  }
  if (!isTablePart(key)) return startInTable(key);
  if (!hasSection()) return CONTENT_MARKUP;
  clearToSection();
  pop();
  return startInTable(key);
}

export function startInRow(key: i32): i32 {
  if (isCell(key)) {
    clearToRow();
    pushAs(key, MODE_CELL);
    mark();
    return CONTENT_MARKUP;
  }
  if (!isTablePart(key)) return startInTable(key);
  return closeRow() ? startInSection(key) : CONTENT_MARKUP;
}

export function startInCell(key: i32): i32 {
  if (!isTablePart(key)) return startInBody(key);
  return closeCell() ? startInRow(key) : CONTENT_MARKUP;
}

export function startInCaption(key: i32): i32 {
  if (!isTablePart(key)) return startInBody(key);
  return closeCaption() ? startInTable(key) : CONTENT_MARKUP;
}

export function startInColumns(key: i32): i32 {
  if (key == T_HTML) rootAgain();
  else if (key == T_COL) append(key);
  else if (key == T_TEMPLATE) startTemplate();
  else if (current == T_COLGROUP) {
    pop();
    return AGAIN;
  }
  return CONTENT_MARKUP;
}

function closeRow(): bool {
  if (!inTable(T_TR)) return false;
  clearToRow();
  pop();
  return true;
}

function closeCell(): bool {
  const at = max(inScope(T_TD, TABLE_SCOPE), inScope(T_TH, TABLE_SCOPE));
  if (at == NONE) return false;
  popTo(at);
  clearToMarker();
  return true;
}

function closeCaption(): bool {
  const at = inScope(T_CAPTION, TABLE_SCOPE);
  if (at == NONE) return false;
  popTo(at);
  clearToMarker();
  return true;
}

// ---------------------------------------------------------------- end tags

/** True when the tag is dealt with; false = to be looked at again. */
export function endInTable(key: i32): bool {
  if (key == T_TABLE) {
    const at = inScope(T_TABLE, TABLE_SCOPE);
    if (at != NONE) popTo(at);
  } else if (!isTablePart(key) && key != T_BODY && key != T_HTML) {
    // In scope there is nothing but the table, so no rule of the body finds anything; two of them make an element.
    if (endRule(key) == END_PARAGRAPH || endRule(key) == END_BREAK) {
      unfollowed(FAULT_MOVED_ELEMENT);
    } else endInBody(key);
  }
  return true;
}

export function endInSection(key: i32): bool {
  if (isSection(key)) {
    if (!inTable(key)) return true;
    clearToSection();
    pop();
    return true;
  }
  if (key == T_TABLE) {
    if (!hasSection()) return true;
    clearToSection();
    pop();
  }
  return endInTable(key);
}

export function endInRow(key: i32): bool {
  if (key == T_TR) {
    closeRow();
    return true;
  }
  if (key == T_TABLE) return closeRow() ? endInSection(key) : true;
  if (isSection(key)) {
    if (!inTable(key) || !closeRow()) return true;
    return endInSection(key);
  }
  return endInTable(key);
}

export function endInCell(key: i32): bool {
  if (isCell(key)) {
    const at = inScope(key, TABLE_SCOPE);
    if (at == NONE) return true;
    popTo(at);
    clearToMarker();
    return true;
  }
  if (key == T_TABLE || key == T_TR || isSection(key)) {
    if (!inTable(key)) return true;
    return closeCell() ? endInRow(key) : true;
  }
  if (!isTablePart(key) && key != T_BODY && key != T_HTML) endInBody(key);
  return true;
}

export function endInCaption(key: i32): bool {
  if (key == T_CAPTION || key == T_TABLE) {
    if (closeCaption() && key == T_TABLE) return endInTable(key);
  } else if (!isTablePart(key) && key != T_BODY && key != T_HTML) endInBody(key);
  return true;
}

export function endInColumns(key: i32): bool {
  if (key == T_TEMPLATE) endInBody(key);
  else if (key != T_COL && current == T_COLGROUP) {
    pop();
    return key == T_COLGROUP;
  }
  return true;
}
