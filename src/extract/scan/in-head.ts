/** Tags before the body: implied `<html>`, `<head>` and `<body>`, and what the head holds. */
import type { Builder } from './builder.ts';
import { endTemplate, startInBody, startTemplate } from './in-body.ts';
import { CONTENT, MODE } from './modes.ts';
import { T } from './tags.ts';
import { Unfollowed } from './unfollowed.ts';

/** Undefined = the element before the body has ended or begun by it, and the tag is to be looked at again. */
export function startBeforeBody(b: Builder, key: number): number | undefined {
  switch (b.mode) {
    case MODE.BEFORE_HTML:
      return startBeforeHtml(b, key);
    case MODE.BEFORE_HEAD:
      return startBeforeHead(b, key);
    case MODE.HEAD:
      return startInHead(b, key);
    case MODE.HEAD_NOSCRIPT:
      return startInNoscript(b, key);
    default:
      return startAfterHead(b, key);
  }
}

function startBeforeHtml(b: Builder, key: number): number | undefined {
  b.quirks ??= true;
  if (key !== T.HTML) return openHtml(b);
  b.push(T.HTML, MODE.BEFORE_HEAD);
  return CONTENT.MARKUP;
}

export function openHtml(b: Builder): undefined {
  b.quirks ??= true;
  b.pushImplied(T.HTML, MODE.BEFORE_HEAD);
}

function startBeforeHead(b: Builder, key: number): number | undefined {
  if (key === T.HTML) b.rootAgain();
  else if (key === T.HEAD) {
    b.modes[b.top] = MODE.AFTER_HEAD;
    b.headIsRead = b.push(T.HEAD, MODE.HEAD);
  } else return openHead(b);
  return CONTENT.MARKUP;
}

export function openHead(b: Builder): undefined {
  b.modes[b.top] = MODE.AFTER_HEAD;
  b.headIsRead = b.pushImplied(T.HEAD, MODE.HEAD);
}

export function closeHead(b: Builder): undefined {
  b.matcher.stash(b.top);
  b.pop();
}

export function openBody(b: Builder): undefined {
  b.pushImplied(T.BODY, MODE.BODY);
}

/** Also what "in table" and templates take over from the head. */
export function startInHead(b: Builder, key: number): number | undefined {
  switch (key) {
    case T.HTML:
      b.rootAgain();
      return CONTENT.MARKUP;
    case T.BASE:
    case T.BASEFONT:
    case T.BGSOUND:
    case T.LINK:
    case T.META:
    case T.TITLE:
    case T.NOFRAMES:
    case T.STYLE:
    case T.SCRIPT:
      return startInBody(b, key);
    case T.NOSCRIPT:
      b.push(T.NOSCRIPT, MODE.HEAD_NOSCRIPT);
      return CONTENT.MARKUP;
    case T.TEMPLATE:
      startTemplate(b);
      return CONTENT.MARKUP;
    case T.HEAD:
      return CONTENT.MARKUP;
    default:
      return closeHead(b);
  }
}

function startInNoscript(b: Builder, key: number): number | undefined {
  switch (key) {
    case T.HTML:
      b.rootAgain();
      return CONTENT.MARKUP;
    case T.BASEFONT:
    case T.BGSOUND:
    case T.LINK:
    case T.META:
    case T.NOFRAMES:
    case T.STYLE:
      return startInBody(b, key);
    case T.HEAD:
    case T.NOSCRIPT:
      return CONTENT.MARKUP;
    default:
      b.pop();
      return undefined;
  }
}

function startAfterHead(b: Builder, key: number): number | undefined {
  switch (key) {
    case T.HTML:
      b.rootAgain();
      return CONTENT.MARKUP;
    case T.BODY:
      b.push(T.BODY, MODE.BODY);
      return CONTENT.MARKUP;
    case T.HEAD:
      return CONTENT.MARKUP;
    case T.FRAMESET:
    case T.TEMPLATE:
      throw new Unfollowed('a frameset, or a template between head and body');
    case T.BASE:
    case T.BASEFONT:
    case T.BGSOUND:
    case T.LINK:
    case T.META:
    case T.NOFRAMES:
    case T.SCRIPT:
    case T.STYLE:
    case T.TITLE:
      return startInHeadAgain(b, key);
    default:
      return openBody(b);
  }
}

/** What belongs into the head and comes after its end is put into it all the same. */
function startInHeadAgain(b: Builder, key: number): number {
  if (b.headIsRead || b.matcher.isReading) throw new Unfollowed('a head that goes on after its end');
  b.reopenHead();
  const content = startInBody(b, key);
  if (content === CONTENT.MARKUP) b.leaveHeadAgain();
  return content;
}

/** Undefined = to be looked at again. */
export function endBeforeBody(b: Builder, key: number): true | undefined {
  const { mode } = b;
  if (mode === MODE.BEFORE_HTML) b.quirks ??= true;
  const goesOn = key === T.BODY || key === T.HTML || key === T.BR;
  if (mode === MODE.BEFORE_HTML) return goesOn || key === T.HEAD ? openHtml(b) : true;
  if (mode === MODE.BEFORE_HEAD) return goesOn || key === T.HEAD ? openHead(b) : true;
  if (mode === MODE.HEAD_NOSCRIPT) {
    if (key !== T.NOSCRIPT && key !== T.BR) return true;
    b.pop();
    return key === T.NOSCRIPT ? true : undefined;
  }
  if (mode === MODE.HEAD && key === T.HEAD) closeHead(b);
  else if (goesOn) return mode === MODE.HEAD ? closeHead(b) : openBody(b);
  else if (key === T.TEMPLATE) endTemplate(b);
  return true;
}
