/**
 * One pass over a document: finds its tags and text and hands them to the rules of the place where they stand. It stops
 * where the document ends, or as soon as nothing that follows can change the answer.
 */
import type { MarkupAnswer } from '../markup.ts';
import { Builder } from './builder.ts';
import { endInBody, endInForeign, endTemplate, isMathOnly, startInBody, startInForeign } from './in-body.ts';
import { closeHead, endBeforeBody, openBody, openHead, openHtml, startBeforeBody } from './in-head.ts';
import * as select from './in-select.ts';
import * as table from './in-table.ts';
import { Lexer, MARK } from './lexer.ts';
import { Matcher } from './matcher.ts';
import { CONTENT, MODE } from './modes.ts';
import { Names } from './names.ts';
import type { Query } from './query.ts';
import { classes, endRules, END, SVG, TABLE_PART } from './tags.ts';
import { Unfollowed } from './unfollowed.ts';

export class Scanner {
  readonly #lexer = new Lexer();
  readonly #names: Names;
  readonly #matcher: Matcher;
  readonly #builder: Builder;
  /** Tags that change what was before them. */
  readonly #reachesBack: RegExp;
  #mayStop = true;

  constructor(query: Query, depthMax: number) {
    this.#names = new Names(query.program.names, this.#lexer);
    this.#matcher = new Matcher(query, this.#lexer, this.#names, depthMax);
    const readsRoot = query.program.readsRoot || query.writesMarkup;
    this.#builder = new Builder(this.#lexer, this.#names, this.#matcher, { depthMax, readsRoot });
    this.#reachesBack = new RegExp(
      `<(?:frameset${query.usesBase ? '|base' : ''}${readsRoot ? '|html|body' : ''})`,
      'i',
    );
  }

  /** Throws `Unfollowed` on a document that only a tree can hold. */
  scan(utf8: Buffer, isAscii: boolean): MarkupAnswer {
    if (!this.#lexer.load(utf8, isAscii)) throw new Unfollowed('a NUL');
    this.#names.begin();
    this.#matcher.begin();
    this.#builder.begin();
    this.#mayStop = true;
    try {
      this.#run();
      return this.#matcher.answer();
    } finally {
      this.#lexer.release();
    }
  }

  #run(): void {
    const lexer = this.#lexer;
    const { end } = lexer;
    for (let at = 0; at < end;) {
      const mark = lexer.nextMarkup(at);
      if (mark > at) this.#text(at, mark);
      if (mark >= end) break;
      at = this.#markup(mark);
      if (at < 0 || (this.#matcher.missing === 0 && this.#mayStop && this.#isOver(at))) break;
    }
    this.#finish();
  }

  /** The place after the markup at `at`; -1 when the document ends in it. */
  #markup(at: number): number {
    const lexer = this.#lexer;
    switch (lexer.markAt(at)) {
      case MARK.START: {
        const after = lexer.readTag(at + 1);
        return after < 0 ? -1 : this.#startTag(after);
      }
      case MARK.END: {
        const after = lexer.readTag(at + 2);
        if (after >= 0) this.#endTag();
        return after;
      }
      case MARK.DECLARATION:
        return this.#declaration(at);
      default:
        return this.#bogus(at);
    }
  }

  // -------------------------------------------------------------- tags

  #startTag(after: number): number {
    const b = this.#builder;
    const key = this.#names.read();
    b.dropsLineFeed = false;
    let content: number | undefined;
    if (b.isForeign) content = startInForeign(b, key);
    else if (isMathOnly(b, key)) throw new Unfollowed('mglyph or malignmark');
    else while ((content = this.#start(key)) === undefined);
    return content === CONTENT.MARKUP ? after : this.#content(content, after);
  }

  #start(key: number): number | undefined {
    const b = this.#builder;
    switch (b.mode) {
      case MODE.BODY:
        return startInBody(b, key);
      case MODE.CELL:
        return table.startInCell(b, key);
      case MODE.CAPTION:
        return table.startInCaption(b, key);
      case MODE.TABLE:
        return table.startInTable(b, key);
      case MODE.TABLE_BODY:
        return table.startInSection(b, key);
      case MODE.ROW:
        return table.startInRow(b, key);
      case MODE.COLUMNS:
        return table.startInColumns(b, key);
      case MODE.SELECT:
        return select.startInSelect(b, key);
      case MODE.SELECT_IN_TABLE:
        return select.startInSelectInTable(b, key);
      case MODE.TEMPLATE:
        return select.startInTemplate(b, key);
      default:
        return startBeforeBody(b, key);
    }
  }

  #endTag(): void {
    const b = this.#builder;
    const key = this.#names.read();
    b.dropsLineFeed = false;
    // Nearly always the tag ends the element it stands in, and nothing else happens.
    if (key === b.current && endsAlone(key) && b.mode <= MODE.CAPTION && !b.isListed(b.top)) return b.pop();
    if (b.current >= SVG && endInForeign(b, key)) return;
    while (!this.#end(key));
  }

  #end(key: number): boolean {
    const b = this.#builder;
    switch (b.mode) {
      case MODE.BODY:
        endInBody(b, key);
        return true;
      case MODE.CELL:
        return table.endInCell(b, key);
      case MODE.CAPTION:
        return table.endInCaption(b, key);
      case MODE.TABLE:
        return table.endInTable(b, key);
      case MODE.TABLE_BODY:
        return table.endInSection(b, key);
      case MODE.ROW:
        return table.endInRow(b, key);
      case MODE.COLUMNS:
        return table.endInColumns(b, key);
      case MODE.SELECT:
        return select.endInSelect(b, key);
      case MODE.SELECT_IN_TABLE:
        return select.endInSelectInTable(b, key);
      case MODE.TEMPLATE:
        if (endRules[key] === END.TEMPLATE) endTemplate(b);
        return true;
      default:
        return endBeforeBody(b, key) === true;
    }
  }

  /** Reads an element that holds text alone up to its end tag, and closes it. */
  #content(content: number, from: number): number {
    const lexer = this.#lexer;
    const b = this.#builder;
    const name = this.#names.nameOf(b.current);
    const to = content === CONTENT.SCRIPT ? lexer.scriptEnd(from) : lexer.rawEnd(from, name);
    if (to > from && this.#matcher.isReading) {
      const text = content === CONTENT.TEXT ? lexer.text(from, to) : lexer.lines(from, to);
      this.#matcher.text(b.dropsLineFeed && text.startsWith('\n') ? text.slice(1) : text, b.current);
    }
    b.dropsLineFeed = false;
    const after = to >= lexer.end ? -1 : lexer.readTag(to + 2);
    b.pop();
    if (b.headIsOpenAgain) b.leaveHeadAgain();
    return after;
  }

  // -------------------------------------------------------------- text

  #text(from: number, to: number): void {
    const b = this.#builder;
    if (b.mode === MODE.BODY && !b.isPending && !this.#matcher.isReading && !b.dropsLineFeed) return;
    if (b.dropsLineFeed) return this.#afterLineFeed(from, to);
    if (b.isForeign) return this.#insert(from, to);
    const { mode } = b;
    if (mode === MODE.BODY || mode === MODE.CELL || mode === MODE.CAPTION || mode === MODE.TEMPLATE) {
      b.reconstruct();
      this.#insert(from, to);
    } else if (mode === MODE.SELECT || mode === MODE.SELECT_IN_TABLE) this.#insert(from, to);
    else this.#textByMode(from, to);
  }

  #insert(from: number, to: number): void {
    if (from < to && this.#matcher.isReading) this.#matcher.text(this.#lexer.text(from, to), this.#builder.current);
  }

  /** The first text of a `<pre>`. */
  #afterLineFeed(from: number, to: number): void {
    const b = this.#builder;
    b.dropsLineFeed = false;
    const text = this.#lexer.text(from, to);
    const rest = text.startsWith('\n') ? text.slice(1) : text;
    if (rest === '') return;
    b.reconstruct();
    if (this.#matcher.isReading) this.#matcher.text(rest, b.current);
  }

  /** Where white space is one thing and other text another. */
  #textByMode(from: number, to: number): void {
    const b = this.#builder;
    const lexer = this.#lexer;
    for (let at = from; at < to;) {
      const rest = lexer.skipSpace(at, to);
      if (b.mode < MODE.BEFORE_HTML && b.mode !== MODE.COLUMNS) {
        const moves = rest < to || (classes[b.current]! & TABLE_PART) === 0;
        if (moves) throw new Unfollowed('text that is moved out of a table');
        return this.#insert(at, to);
      }
      if (b.mode !== MODE.BEFORE_HTML && b.mode !== MODE.BEFORE_HEAD) this.#insert(at, rest);
      if (rest === to) return;
      if (lexer.bytes[rest] === AMPERSAND) throw new Unfollowed('a reference that may be white space');
      at = rest;
      this.#leaveFor(b);
      if (b.mode === MODE.BODY) return this.#text(at, to);
    }
  }

  /** Text that is no white space ends what cannot hold it. */
  #leaveFor(b: Builder): void {
    switch (b.mode) {
      case MODE.BEFORE_HTML:
        return openHtml(b);
      case MODE.BEFORE_HEAD:
        return openHead(b);
      case MODE.HEAD:
        return closeHead(b);
      case MODE.HEAD_NOSCRIPT:
        return b.pop();
      case MODE.AFTER_HEAD:
        return openBody(b);
      default:
        throw new Unfollowed('text that is moved out of a table');
    }
  }

  // -------------------------------------------------------------- the rest

  #declaration(at: number): number {
    const lexer = this.#lexer;
    const b = this.#builder;
    b.dropsLineFeed = false;
    if (lexer.isComment(at)) {
      const to = lexer.commentEnd(at);
      if (to < 0) {
        if (this.#matcher.isWriting) throw new Unfollowed('a comment that does not end');
        return -1;
      }
      this.#comment(at + 4, to);
      return lexer.afterGt(to);
    }
    if (lexer.isAt(at + 2, 'doctype')) {
      const after = lexer.afterGt(at);
      if (b.mode === MODE.BEFORE_HTML) b.quirks ??= this.#isPlainDoctype(at, after) ? false : 'unclear';
      return after;
    }
    if (b.isForeign && lexer.bytes.toString('latin1', at, at + 9) === '<![CDATA[') return this.#cdata(at + 9);
    this.#comment(at + 2, this.#bogusEnd(at));
    return lexer.afterGt(at);
  }

  #isPlainDoctype(at: number, after: number): boolean {
    return /^<!doctype[ \t\n\f\r]+html[ \t\n\f\r]*>$/i.test(this.#lexer.slice(at, after));
  }

  #cdata(from: number): number {
    const lexer = this.#lexer;
    const found = lexer.bytes.indexOf(']]>', from);
    const to = found === -1 ? lexer.end : found;
    if (to > from && this.#matcher.isReading) this.#matcher.text(lexer.lines(from, to), this.#builder.current);
    return found === -1 ? -1 : found + 3;
  }

  /** `<?…>`, `</…>` with something that is no name, `<!…>` with something unknown. */
  #bogus(at: number): number {
    const lexer = this.#lexer;
    if (lexer.isAt(at, '</>')) return at + 3;
    this.#builder.dropsLineFeed = false;
    this.#comment(lexer.isAt(at, '</') ? at + 2 : at + 1, this.#bogusEnd(at));
    return lexer.afterGt(at);
  }

  #bogusEnd(at: number): number {
    const after = this.#lexer.afterGt(at);
    return this.#lexer.bytes[after - 1] === GT ? after - 1 : after;
  }

  #comment(from: number, to: number): void {
    if (!this.#matcher.isWriting) return;
    if (this.#builder.bodyHasEnded) throw new Unfollowed('a comment after the body, as markup');
    this.#matcher.comment(this.#lexer.lines(from, Math.max(from, to)));
  }

  /** Can the rest of the document change nothing? What is open may still be moved, and a few tags reach back. */
  #isOver(at: number): boolean {
    const b = this.#builder;
    if (b.isUnsettled) return false;
    if (!this.#reachesBack.test(this.#lexer.bytes.toString('latin1', at))) return true;
    this.#mayStop = false;
    return false;
  }

  #finish(): void {
    const b = this.#builder;
    while (this.#matcher.templates > 0) endTemplate(b);
    for (let { mode } = b; mode >= MODE.BEFORE_HTML; { mode } = b) this.#leaveFor(b);
    b.popTo(0);
  }
}

/** End tags whose rule, when their own element is the current one, is to close it. */
const endsAlone = (key: number): boolean => key < SVG && endRules[key]! <= END.HEADING && !table.isTablePart(key);

const AMPERSAND = 0x26;
const GT = 0x3e;
