/**
 * Runs the automaton over the elements that the builder opens and closes, and collects what the picks read. It keeps
 * two words of state for each open element and the text of what is being read: nothing of the document besides.
 */
import { escapeAttribute, escapeText } from 'entities/escape';
import { collapse } from '../convert.ts';
import type { MarkupAnswer } from '../markup.ts';
import { Unfollowed } from './unfollowed.ts';
import type { Lexer } from './lexer.ts';
import type { Opening, Program } from './program.ts';
import { EACH, type Query } from './query.ts';
import type { Names } from './names.ts';
import { classes, SVG, UNESCAPED } from './tags.ts';

type Values = (string | null)[];
type Row = Values[];

/** Something that ends with an open element: a text, a piece of markup, or a record (`values` undefined). */
interface Watch {
  depth: number;
  /** Where it begins in the text or the markup that is being collected. */
  from: number;
  reading: 'text' | 'html' | 'record';
  values: Values;
  at: number;
}

const HREF = Buffer.from('href');
const SRC = Buffer.from('src');
const NO_ELEMENT = -1;

export class Matcher implements Opening {
  readonly lexer: Lexer;
  readonly #names: Names;
  readonly #query: Query;
  readonly #program: Program;
  /** By depth and word: what the element matched, and what it or an ancestor did. */
  readonly #own: Int32Array;
  readonly #above: Int32Array;
  readonly #words: number;
  #key = 0;
  #rows: Row[] = [];
  #open: { row: Row; depth: number }[] = [];
  #links: string[] = [];
  #next: string | undefined;
  #base: string | undefined;
  #watches: Watch[] = [];
  #texts: string[] = [];
  #reading = 0;
  #markup = '';
  #writing = 0;
  #hits: number[] = [];
  /** Elements inside of a template are in no tree: nothing matches there. */
  templates = 0;
  /** Depth of the innermost element that something ends with. */
  watched = NO_ELEMENT;
  /** First matches still to come; 0 = nothing more is wanted. Never 0 for a query that wants every match. */
  missing = 0;

  constructor(query: Query, lexer: Lexer, names: Names, depthMax: number) {
    this.lexer = lexer;
    this.#names = names;
    this.#query = query;
    this.#program = query.program;
    this.#words = query.program.words;
    // Entry 0 stands for the document, above the root.
    this.#own = new Int32Array((depthMax + 2) * query.program.words);
    this.#above = new Int32Array((depthMax + 2) * query.program.words);
  }

  begin(): void {
    const first: Row | undefined = this.#query.each ? undefined : this.#emptyRow();
    this.#rows = first ? [first] : [];
    this.#open = first ? [{ row: first, depth: NO_ELEMENT }] : [];
    this.#links = [];
    this.#next = this.#base = undefined;
    this.#watches = [];
    this.#texts = [];
    this.#markup = '';
    this.#reading = this.#writing = this.templates = 0;
    this.watched = NO_ELEMENT;
    this.missing = this.#query.firstMatches;
  }

  #emptyRow(): Row {
    return this.#query.readings.map(() => []);
  }

  get isReading(): boolean {
    return this.#reading + this.#writing > 0;
  }
  get isWriting(): boolean {
    return this.#writing > 0;
  }

  /** The name of the element that is being opened. */
  name(): string {
    return this.#names.nameOf(this.#key);
  }

  /** An element begins at `depth` (the root: 0) with the attributes that the lexer holds. True when something matched it. */
  open(depth: number, key: number): boolean {
    const words = this.#words;
    const own = this.#own;
    const above = this.#above;
    const program = this.#program;
    this.#key = key;
    if (this.#writing > 0) this.#startTag(key);
    let hit = 0;
    for (let word = 0; word < words; word++) {
      const parent = depth * words + word;
      const at = parent + words;
      const inherited = above[parent]!;
      // Most elements have a name that no selector asks for.
      let matched = program.byTag[key * words + word]!;
      if (matched === 0) {
        own[at] = 0;
        above[at] = inherited;
        continue;
      }
      matched &=
        program.start[word]! |
        ((inherited << 1) & program.descendant[word]!) |
        ((own[parent]! << 1) & program.child[word]!);
      if (this.templates > 0) matched = 0;
      else if (matched !== 0) matched = this.#tested(word, matched);
      own[at] = matched;
      above[at] = inherited | matched;
      hit |= matched & program.subject[word]!;
    }
    if (hit === 0 && !(depth === 0 && this.#query.usesScope)) return false;
    this.#take(depth);
    return true;
  }

  /** The state of the element at `depth`, kept for when it is opened again without being a new element. */
  stash(depth: number): void {
    const { words } = this.#program;
    this.#stashed = [this.#own, this.#above].map((table) => table.slice((depth + 1) * words, (depth + 2) * words));
  }
  unstash(depth: number): void {
    const { words } = this.#program;
    const [own, above] = this.#stashed;
    if (own) this.#own.set(own, (depth + 1) * words);
    if (above) this.#above.set(above, (depth + 1) * words);
  }
  #stashed: Int32Array[] = [];

  /** Those of the compounds in a word whose tests the element passes. */
  #tested(word: number, compounds: number): number {
    const { tests } = this.#program;
    let passed = 0;
    for (let rest = compounds; rest !== 0;) {
      const bit = 31 - Math.clz32(rest);
      rest &= ~(1 << bit);
      const all = tests[word * 32 + bit];
      if (all === undefined || this.#passes(all)) passed |= 1 << bit;
    }
    return passed;
  }

  #passes(tests: ((opening: Opening) => boolean)[]): boolean {
    for (const test of tests) if (!test(this)) return false;
    return true;
  }

  // -------------------------------------------------------------- what a match means

  #take(depth: number): void {
    const { each, picksOf, links, next, base } = this.#query;
    const hits = this.#subjects(depth);
    for (const selector of hits) {
      for (const pick of picksOf[selector]!) for (const { row } of this.#open) this.#read(row, pick, depth);
      if (selector === links) this.#link();
      if (selector === next && this.#next === undefined) this.#nextPage();
      if (selector === base) this.#base ??= this.#attribute(HREF) ?? undefined;
    }
    if (each ? hits.includes(EACH) : depth === 0) this.#scope(depth, each);
  }

  /** The selectors whose subject the element at `depth` is, each once. */
  #subjects(depth: number, only?: Int32Array): number[] {
    const { words, subject, selectorOf } = this.#program;
    const hits = only ? [] : this.#hits;
    hits.length = 0;
    for (let word = 0; word < words; word++) {
      let rest = this.#own[(depth + 1) * words + word]! & subject[word]! & (only ? only[word]! : -1);
      while (rest !== 0) {
        const bit = 31 - Math.clz32(rest);
        rest &= ~(1 << bit);
        const selector = selectorOf[word * 32 + bit]!;
        if (!hits.includes(selector)) hits.push(selector);
      }
    }
    return hits;
  }

  /** The element is the scope: of a new record, or of the only one. */
  #scope(depth: number, isRecord: boolean): void {
    const { words, scope, byTag, scopeHasChains } = this.#program;
    if (isRecord && scopeHasChains && this.#open.length > 0) throw new Unfollowed('records inside each other');
    const row = isRecord ? this.#emptyRow() : this.#rows[0]!;
    for (let word = 0; word < words; word++) {
      const at = (depth + 1) * words + word;
      const candidates = scope[word]! & byTag[this.#key * words + word]!;
      const matched = candidates === 0 ? 0 : this.#tested(word, candidates);
      this.#own[at]! |= matched;
      this.#above[at]! |= matched;
    }
    for (const selector of this.#subjects(depth, scope)) {
      for (const pick of this.#query.picksOf[selector]!) this.#read(row, pick, depth);
    }
    if (!isRecord) return;
    this.#rows.push(row);
    this.#open.push({ row, depth });
    this.#watch({ depth, from: 0, reading: 'record', values: [], at: 0 });
  }

  #read(row: Row, pick: number, depth: number): void {
    const values = row[pick]!;
    const { all, reading } = this.#query.readings[pick]!;
    if (!all && values.length > 0) return;
    if (reading.as === 'attribute') {
      values.push(this.#attribute(reading.name));
      if (!all) this.missing--;
      return;
    }
    // The place is taken now: a match inside of this one comes after it.
    values.push('');
    if (reading.as === 'text') {
      this.#reading++;
      this.#watch({ depth, from: this.#texts.length, reading: 'text', values, at: values.length - 1 });
      return;
    }
    if (this.#writing++ === 0) this.#startTag(this.#key);
    this.#watch({ depth, from: this.#lastTagFrom, reading: 'html', values, at: values.length - 1 });
  }

  #watch(watch: Watch): void {
    this.#watches.push(watch);
    this.watched = watch.depth;
  }

  #link(): void {
    const target = this.#attribute(HREF) ?? this.#attribute(SRC);
    if (target !== null) this.#links.push(target);
  }

  /** The first match decides, also when it has no `href`. */
  #nextPage(): void {
    this.#next = this.#attribute(HREF) ?? '';
    if (this.lexer.find(HREF) === -1) this.#next = NO_PAGE;
    this.missing--;
  }

  #attribute(name: Uint8Array): string | null {
    const at = this.lexer.find(name);
    return at === -1 ? null : this.lexer.value(at);
  }

  // -------------------------------------------------------------- what stands inside

  text(text: string, parent: number): void {
    if (this.#reading > 0 && this.templates === 0) this.#texts.push(text);
    if (this.#writing > 0) this.#markup += (classes[parent]! & UNESCAPED) === 0 ? escapeText(text) : text;
  }

  comment(text: string): void {
    if (this.#writing > 0) this.#markup += `<!--${text}-->`;
  }

  #lastTagFrom = 0;
  #startTag(key: number): void {
    if (key >= SVG) throw new Unfollowed('SVG or MathML as markup');
    const { lexer } = this;
    this.#lastTagFrom = this.#markup.length;
    let tag = `<${this.name()}`;
    const seen = new Set<string>();
    for (let i = 0; i < lexer.attributes; i++) {
      const name = lexer.attributeName(i);
      if (!seen.has(name)) tag += ` ${name}="${escapeAttribute(lexer.value(i))}"`;
      seen.add(name);
    }
    this.#markup += `${tag}>`;
  }

  endTag(name: string): void {
    this.#markup += `</${name}>`;
  }

  /** The element at `depth` ends; called when `watched` says so. */
  close(depth: number): void {
    let text: string | undefined;
    let textFrom = -1;
    for (let watch = this.#watches.at(-1); watch?.depth === depth; watch = this.#watches.at(-1)) {
      this.#watches.pop();
      if (watch.reading === 'record') this.#open.pop();
      else if (watch.reading === 'text') {
        if (textFrom !== watch.from || text === undefined) text = this.#textSince(watch.from);
        textFrom = watch.from;
        watch.values[watch.at] = text;
        if (--this.#reading === 0) this.#texts.length = 0;
        this.missing--;
      } else {
        watch.values[watch.at] = this.#markup.slice(watch.from);
        if (--this.#writing === 0) this.#markup = '';
        this.missing--;
      }
    }
    this.watched = this.#watches.at(-1)?.depth ?? NO_ELEMENT;
  }

  #textSince(from: number): string {
    const texts = this.#texts;
    return collapse(texts.length - from === 1 ? texts[from]! : texts.slice(from).join(''));
  }

  answer(): MarkupAnswer {
    const next = this.#next === NO_PAGE ? undefined : this.#next;
    return { rows: this.#rows, links: this.#links, next, baseHref: this.#base };
  }
}

/** No URL has a NUL in it, and no document that is scanned. */
const NO_PAGE = '\0';
