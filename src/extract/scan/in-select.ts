/** Tags in `<select>` and `<template>`, which hold only some kinds of elements or decide late what they hold. */
import { NONE_OPEN, type Builder } from './builder.ts';
import { endTemplate, startInBody, startTemplate } from './in-body.ts';
import { startInHead } from './in-head.ts';
import { isTablePart, startInColumns, startInRow, startInSection, startInTable } from './in-table.ts';
import { CONTENT, MODE } from './modes.ts';
import { TABLE_SCOPE, T } from './tags.ts';

function closeSelect(b: Builder): void {
  let at = b.top;
  while (at > 0 && b.keys[at] !== T.SELECT) at--;
  b.popTo(at);
}

/** Undefined = to be looked at again. */
export function startInSelect(b: Builder, key: number): number | undefined {
  const opens = key === T.OPTION || key === T.OPTGROUP || key === T.HR;
  if (opens && b.current === T.OPTION) b.pop();
  if (opens && key !== T.OPTION && b.current === T.OPTGROUP) b.pop();
  switch (key) {
    case T.HTML:
      b.rootAgain();
      break;
    case T.OPTION:
    case T.OPTGROUP:
      b.push(key);
      break;
    case T.HR:
      b.append(key);
      break;
    case T.SELECT:
      closeSelect(b);
      break;
    case T.INPUT:
    case T.KEYGEN:
    case T.TEXTAREA:
      closeSelect(b);
      return undefined;
    case T.SCRIPT:
      return startInBody(b, key);
    case T.TEMPLATE:
      startTemplate(b);
      break;
  }
  return CONTENT.MARKUP;
}

const endsSelect = (key: number): boolean =>
  (isTablePart(key) && key !== T.COL && key !== T.COLGROUP) || key === T.TABLE;

export function startInSelectInTable(b: Builder, key: number): number | undefined {
  if (!endsSelect(key)) return startInSelect(b, key);
  closeSelect(b);
  return undefined;
}

export function endInSelect(b: Builder, key: number): boolean {
  if (key === T.OPTGROUP) {
    if (b.current === T.OPTION && b.keys[b.top - 1] === T.OPTGROUP) b.pop();
    if (b.current === T.OPTGROUP) b.pop();
  } else if (key === T.OPTION) {
    if (b.current === T.OPTION) b.pop();
  } else if (key === T.SELECT) closeSelect(b);
  else if (key === T.TEMPLATE) endTemplate(b);
  return true;
}

/** False = to be looked at again. */
export function endInSelectInTable(b: Builder, key: number): boolean {
  if (!endsSelect(key)) return endInSelect(b, key);
  if (b.inScope(key, TABLE_SCOPE) === NONE_OPEN) return true;
  closeSelect(b);
  return false;
}

/** The first element that belongs to some place says what place the template's content stands for. */
export function startInTemplate(b: Builder, key: number): number | undefined {
  const decide = (mode: number) => (b.modes[b.top] = mode);
  switch (key) {
    case T.BASE:
    case T.BASEFONT:
    case T.BGSOUND:
    case T.LINK:
    case T.META:
    case T.NOFRAMES:
    case T.SCRIPT:
    case T.STYLE:
    case T.TEMPLATE:
    case T.TITLE:
      return startInHead(b, key);
    case T.COL:
      decide(MODE.COLUMNS);
      return startInColumns(b, key);
    case T.TR:
      decide(MODE.TABLE_BODY);
      return startInSection(b, key);
    case T.TD:
    case T.TH:
      decide(MODE.ROW);
      return startInRow(b, key);
    case T.CAPTION:
    case T.COLGROUP:
    case T.TBODY:
    case T.TFOOT:
    case T.THEAD:
      decide(MODE.TABLE);
      return startInTable(b, key);
    default:
      decide(MODE.BODY);
      return startInBody(b, key);
  }
}
