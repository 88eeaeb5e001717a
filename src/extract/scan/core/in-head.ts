/** Tags before the body: implied `<html>`, `<head>` and `<body>`, and what the head holds. */
import {
  AGAIN,
  CONTENT_MARKUP,
  FAULT_FRAMES_AFTER_HEAD,
  FAULT_HEAD_AGAIN,
  MODE_AFTER_HEAD,
  MODE_BEFORE_HEAD,
  MODE_BEFORE_HTML,
  MODE_BODY,
  MODE_HEAD,
  MODE_HEAD_NOSCRIPT,
  T_BASE,
  T_BASEFONT,
  T_BGSOUND,
  T_BODY,
  T_BR,
  T_FRAMESET,
  T_HEAD,
  T_HTML,
  T_LINK,
  T_META,
  T_NOFRAMES,
  T_NOSCRIPT,
  T_SCRIPT,
  T_STYLE,
  T_TEMPLATE,
  T_TITLE,
} from '../numbers.ts';
import { isReading, stash } from './automaton.ts';
import {
  QUIRKS_YES,
  headIsRead,
  leaveHeadAgain,
  mode,
  pop,
  pushAs,
  pushImplied,
  readHead,
  reopenHead,
  rootAgain,
  setMode,
  settleQuirks,
  top,
} from './builder.ts';
import { refused } from './fault.ts';
import { endTemplate, startInBody, startTemplate } from './in-body.ts';

/** AGAIN = the element before the body has ended or begun by it, and the tag is to be looked at again. */
export function startBeforeBody(key: i32): i32 {
  switch (mode) {
    case MODE_BEFORE_HTML:
      return startBeforeHtml(key);
    case MODE_BEFORE_HEAD:
      return startBeforeHead(key);
    case MODE_HEAD:
      return startInHead(key);
    case MODE_HEAD_NOSCRIPT:
      return startInNoscript(key);
    default:
      return startAfterHead(key);
  }
}

function startBeforeHtml(key: i32): i32 {
  settleQuirks(QUIRKS_YES);
  if (key != T_HTML) return openHtml();
  pushAs(T_HTML, MODE_BEFORE_HEAD);
  return CONTENT_MARKUP;
}

export function openHtml(): i32 {
  settleQuirks(QUIRKS_YES);
  pushImplied(T_HTML, MODE_BEFORE_HEAD);
  return AGAIN;
}

function startBeforeHead(key: i32): i32 {
  if (key == T_HTML) rootAgain();
  else if (key == T_HEAD) {
    setMode(MODE_AFTER_HEAD);
    readHead(pushAs(T_HEAD, MODE_HEAD));
  } else return openHead();
  return CONTENT_MARKUP;
}

export function openHead(): i32 {
  setMode(MODE_AFTER_HEAD);
  readHead(pushImplied(T_HEAD, MODE_HEAD));
  return AGAIN;
}

export function closeHead(): i32 {
  stash(top);
  pop();
  return AGAIN;
}

export function openBody(): i32 {
  pushImplied(T_BODY, MODE_BODY);
  return AGAIN;
}

/** Also what "in table" and templates take over from the head. */
export function startInHead(key: i32): i32 {
  switch (key) {
    case T_HTML:
      rootAgain();
      return CONTENT_MARKUP;
    case T_BASE:
    case T_BASEFONT:
    case T_BGSOUND:
    case T_LINK:
    case T_META:
    case T_TITLE:
    case T_NOFRAMES:
    case T_STYLE:
    case T_SCRIPT:
      return startInBody(key);
    case T_NOSCRIPT:
      pushAs(T_NOSCRIPT, MODE_HEAD_NOSCRIPT);
      return CONTENT_MARKUP;
    case T_TEMPLATE:
      startTemplate();
      return CONTENT_MARKUP;
    case T_HEAD:
      return CONTENT_MARKUP;
    default:
      return closeHead();
  }
}

function startInNoscript(key: i32): i32 {
  switch (key) {
    case T_HTML:
      rootAgain();
      return CONTENT_MARKUP;
    case T_BASEFONT:
    case T_BGSOUND:
    case T_LINK:
    case T_META:
    case T_NOFRAMES:
    case T_STYLE:
      return startInBody(key);
    case T_HEAD:
    case T_NOSCRIPT:
      return CONTENT_MARKUP;
    default:
      pop();
      return AGAIN;
  }
}

function startAfterHead(key: i32): i32 {
  switch (key) {
    case T_HTML:
      rootAgain();
      return CONTENT_MARKUP;
    case T_BODY:
      pushAs(T_BODY, MODE_BODY);
      return CONTENT_MARKUP;
    case T_HEAD:
      return CONTENT_MARKUP;
    case T_FRAMESET:
    case T_TEMPLATE:
      return refused(FAULT_FRAMES_AFTER_HEAD);
    case T_BASE:
    case T_BASEFONT:
    case T_BGSOUND:
    case T_LINK:
    case T_META:
    case T_NOFRAMES:
    case T_SCRIPT:
    case T_STYLE:
    case T_TITLE:
      return startInHeadAgain(key);
    default:
      return openBody();
  }
}

/** What belongs into the head and comes after its end is put into it all the same. */
function startInHeadAgain(key: i32): i32 {
  if (headIsRead || isReading()) return refused(FAULT_HEAD_AGAIN);
  reopenHead();
  const content = startInBody(key);
  if (content == CONTENT_MARKUP) leaveHeadAgain();
  return content;
}

/** False = to be looked at again. */
export function endBeforeBody(key: i32): bool {
  if (mode == MODE_BEFORE_HTML) settleQuirks(QUIRKS_YES);
  const goesOn = key == T_BODY || key == T_HTML || key == T_BR;
  if (mode == MODE_BEFORE_HTML) {
    if (!goesOn && key != T_HEAD) return true;
    openHtml();
    return false;
  }
  if (mode == MODE_BEFORE_HEAD) {
    if (!goesOn && key != T_HEAD) return true;
    openHead();
    return false;
  }
  if (mode == MODE_HEAD_NOSCRIPT) {
    if (key != T_NOSCRIPT && key != T_BR) return true;
    pop();
    return key == T_NOSCRIPT;
  }
  if (mode == MODE_HEAD && key == T_HEAD) closeHead();
  else if (goesOn) {
    if (mode == MODE_HEAD) closeHead();
    else openBody();
    return false;
  } else if (key == T_TEMPLATE) endTemplate();
  return true;
}
