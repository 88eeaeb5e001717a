/** Tags in `<select>` and `<template>`, which hold only some kinds of elements or decide late what they hold. */
import {
  AGAIN,
  CONTENT_MARKUP,
  MODE_BODY,
  MODE_COLUMNS,
  MODE_ROW,
  MODE_TABLE,
  MODE_TABLE_BODY,
  TABLE_SCOPE,
  T_BASE,
  T_BASEFONT,
  T_BGSOUND,
  T_CAPTION,
  T_COL,
  T_COLGROUP,
  T_HR,
  T_HTML,
  T_INPUT,
  T_KEYGEN,
  T_LINK,
  T_META,
  T_NOFRAMES,
  T_OPTGROUP,
  T_OPTION,
  T_SCRIPT,
  T_SELECT,
  T_STYLE,
  T_TABLE,
  T_TBODY,
  T_TD,
  T_TEMPLATE,
  T_TEXTAREA,
  T_TFOOT,
  T_TH,
  T_THEAD,
  T_TITLE,
  T_TR,
} from '../numbers.ts';
import { NONE, append, current, inScope, keyAt, pop, popTo, push, rootAgain, setMode, top } from './builder.ts';
import { endTemplate, startInBody, startTemplate } from './in-body.ts';
import { startInHead } from './in-head.ts';
import { isTablePart, startInColumns, startInRow, startInSection, startInTable } from './in-table.ts';

function closeSelect(): void {
  let at = top;
  while (at > 0 && keyAt(at) != T_SELECT) at--;
  popTo(at);
}

/** AGAIN = to be looked at again. */
export function startInSelect(key: i32): i32 {
  const opens = key == T_OPTION || key == T_OPTGROUP || key == T_HR;
  if (opens && current == T_OPTION) pop();
  if (opens && key != T_OPTION && current == T_OPTGROUP) pop();
  switch (key) {
    case T_HTML:
      rootAgain();
      break;
    case T_OPTION:
    case T_OPTGROUP:
      push(key);
      break;
    case T_HR:
      append(key);
      break;
    case T_SELECT:
      closeSelect();
      break;
    case T_INPUT:
    case T_KEYGEN:
    case T_TEXTAREA:
      closeSelect();
      return AGAIN;
    case T_SCRIPT:
      return startInBody(key);
    case T_TEMPLATE:
      startTemplate();
      break;
  }
  return CONTENT_MARKUP;
}

function endsSelect(key: i32): bool {
  return (isTablePart(key) && key != T_COL && key != T_COLGROUP) || key == T_TABLE;
}

export function startInSelectInTable(key: i32): i32 {
  if (!endsSelect(key)) return startInSelect(key);
  closeSelect();
  return AGAIN;
}

export function endInSelect(key: i32): bool {
  if (key == T_OPTGROUP) {
    if (current == T_OPTION && keyAt(top - 1) == T_OPTGROUP) pop();
    if (current == T_OPTGROUP) pop();
  } else if (key == T_OPTION) {
    if (current == T_OPTION) pop();
  } else if (key == T_SELECT) closeSelect();
  else if (key == T_TEMPLATE) endTemplate();
  return true;
}

/** False = to be looked at again. */
export function endInSelectInTable(key: i32): bool {
  if (!endsSelect(key)) return endInSelect(key);
  if (inScope(key, TABLE_SCOPE) == NONE) return true;
  closeSelect();
  return false;
}

/** The first element that belongs to some place says what place the template's content stands for. */
export function startInTemplate(key: i32): i32 {
  switch (key) {
    case T_BASE:
    case T_BASEFONT:
    case T_BGSOUND:
    case T_LINK:
    case T_META:
    case T_NOFRAMES:
    case T_SCRIPT:
    case T_STYLE:
    case T_TEMPLATE:
    case T_TITLE:
      return startInHead(key);
    case T_COL:
      setMode(MODE_COLUMNS);
      return startInColumns(key);
    case T_TR:
      setMode(MODE_TABLE_BODY);
      return startInSection(key);
    case T_TD:
    case T_TH:
      setMode(MODE_ROW);
      return startInRow(key);
    case T_CAPTION:
    case T_COLGROUP:
    case T_TBODY:
    case T_TFOOT:
    case T_THEAD:
      setMode(MODE_TABLE);
      return startInTable(key);
    default:
      setMode(MODE_BODY);
      return startInBody(key);
  }
}
