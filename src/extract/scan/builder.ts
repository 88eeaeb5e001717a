/**
 * HTML's stack of open elements and list of active formatting elements, without a tree: it knows what is open, not what
 * was. That is enough as long as the rules only ever append. Where they would move what is already there (adoption
 * agency with a block in between, foster parenting), it throws `Unfollowed`.
 */
import type { Lexer } from './lexer.ts';
import type { Matcher } from './matcher.ts';
import { MODE } from './modes.ts';
import type { Names } from './names.ts';
import { BUTTON_SCOPE, classes, IMPLIED_END, INTEGRATION, SCOPE, SPECIAL, SVG, T, TABLE_SCOPE } from './tags.ts';
import { Unfollowed } from './unfollowed.ts';

const MARKER = -1;
/** A formatting element that is no longer open and comes back where text goes on. */
const CLOSED = -1;
/** From so many formatting elements of one name on, HTML compares their attributes. */
const ALIKE_MAX = 3;
/** A short page can ask for millions of elements by formatting tags that it never closes; the tree has a bound for that. */
const REOPENED_MAX = 10_000;
/** No place: nothing of the kind is open. */
export const NONE_OPEN = -1;
const NONE = NONE_OPEN;

export class Builder {
  readonly lexer: Lexer;
  readonly names: Names;
  readonly matcher: Matcher;
  readonly #depthMax: number;

  /** Place of the current element; the root is 0. */
  top = NONE;
  readonly keys: Int32Array;
  readonly modes: Uint8Array;
  /** By place: its entry in the list of formatting elements. */
  readonly #entries: Int32Array;
  #paragraphs = 0;
  #reopened = 0;

  /** The list of active formatting elements: names (or a marker), places in the stack (or `CLOSED`), where their tags are. */
  #formatting = 0;
  readonly #names: number[] = [];
  readonly #places: number[] = [];
  readonly #tags: number[] = [];

  /** Undefined = not known before the first tag or text; then whether `<table>` may stand in a paragraph, or that nobody knows. */
  quirks: boolean | 'unclear' | undefined;
  /** Something was found that ends with `<head>`, so nothing can be added to it. */
  headIsRead = false;
  headIsOpenAgain = false;
  bodyHasEnded = false;
  form: number = NONE;
  #formIsKnown = false;
  /** A line feed right after this start tag is no text. */
  dropsLineFeed = false;

  /** A second `<html>` or `<body>` tag adds its attributes to the first. */
  readonly #readsRoot: boolean;

  constructor(
    lexer: Lexer,
    names: Names,
    matcher: Matcher,
    { depthMax, readsRoot }: { depthMax: number; readsRoot: boolean },
  ) {
    this.#readsRoot = readsRoot;
    this.lexer = lexer;
    this.names = names;
    this.matcher = matcher;
    this.#depthMax = depthMax;
    this.keys = new Int32Array(depthMax + 1);
    this.modes = new Uint8Array(depthMax + 1);
    this.#entries = new Int32Array(depthMax + 1);
  }

  begin(): void {
    this.top = NONE;
    this.#paragraphs = this.#formatting = this.#reopened = 0;
    this.quirks = undefined;
    this.headIsRead = this.headIsOpenAgain = this.bodyHasEnded = this.dropsLineFeed = false;
    this.#formIsKnown = false;
    this.form = NONE;
  }

  get mode(): number {
    return this.top < 0 ? MODE.BEFORE_HTML : this.modes[this.top]!;
  }
  /** The key of the current element; 0 above the root. */
  get current(): number {
    return this.top < 0 ? 0 : this.keys[this.top]!;
  }
  /** Tags and text follow the rules of SVG and MathML. */
  get isForeign(): boolean {
    const key = this.current;
    return key >= SVG && (classes[key]! & INTEGRATION) === 0;
  }

  // -------------------------------------------------------------- elements

  /** Opens the element whose tag the lexer holds. */
  push(key: number, mode: number = this.modes[this.top]!): boolean {
    const at = this.top + 1;
    if (at > this.#depthMax) throw new Unfollowed('deep nesting');
    const matched = this.matcher.open(at, key);
    this.top = at;
    this.keys[at] = key;
    this.modes[at] = mode;
    this.#entries[at] = NONE;
    if (key === T.P) this.#paragraphs++;
    else if (key === T.TEMPLATE) this.matcher.templates++;
    return matched;
  }

  /** An element that no tag has asked for. */
  pushImplied(key: number, mode: number): boolean {
    const { lexer } = this;
    const { attributes } = lexer;
    lexer.attributes = 0;
    const matched = this.push(key, mode);
    lexer.attributes = attributes;
    return matched;
  }

  /** An element without content. */
  append(key: number): void {
    const { matcher } = this;
    matcher.open(this.top + 1, key);
    if (matcher.watched === this.top + 1) matcher.close(this.top + 1);
  }

  pop(): void {
    const at = this.top--;
    const key = this.keys[at]!;
    const { matcher } = this;
    if (key === T.P) this.#paragraphs--;
    else if (key === T.TEMPLATE) matcher.templates--;
    const entry = this.#entries[at]!;
    if (entry !== NONE) this.#places[entry] = CLOSED;
    if (at === this.form) this.form = NONE;
    if (matcher.isWriting) matcher.endTag(this.names.nameOf(key));
    if (matcher.watched === at) matcher.close(at);
  }

  /** Something is open that a later tag could move: a table, a template, a formatting element, the head. */
  get isUnsettled(): boolean {
    if (this.#formatting > 0 || (this.headIsRead && this.mode >= MODE.BEFORE_HTML)) return true;
    for (let at = this.top; at > 0; at--) if (this.keys[at] === T.TABLE || this.keys[at] === T.TEMPLATE) return true;
    return false;
  }

  /** `<html>` or `<body>` again. */
  rootAgain(): void {
    if (this.#readsRoot && this.lexer.attributes > 0 && this.matcher.templates === 0) {
      throw new Unfollowed('attributes added to html or body');
    }
  }

  /** Closes elements until the one at `at` is closed. */
  popTo(at: number): void {
    while (this.top >= at) this.pop();
  }

  popImplied(except: number, bits: number = IMPLIED_END): void {
    for (let key = this.current; (classes[key]! & bits) !== 0 && key !== except; key = this.current) this.pop();
  }

  /** The place of the innermost open `key` that no boundary hides; -1 when there is none. */
  inScope(key: number, boundary: number = SCOPE): number {
    const { keys } = this;
    for (let at = this.top; at >= 0; at--) {
      const open = keys[at]!;
      if (open === key) return at;
      if ((classes[open]! & boundary) === 0) continue;
      // The tree's parser looks further, into the table around the template; HTML does not.
      if (open === T.TEMPLATE && boundary === TABLE_SCOPE)
        throw new Unfollowed('a part of a table that ends in a template');
      return NONE;
    }
    return NONE;
  }

  /** The place of the innermost open element of a class; -1 when a boundary comes first. */
  classInScope(bits: number, boundary: number = SCOPE): number {
    const { keys } = this;
    for (let at = this.top; at >= 0; at--) {
      const open = classes[keys[at]!]!;
      if ((open & bits) !== 0) return at;
      if ((open & boundary) !== 0) return NONE;
    }
    return NONE;
  }

  closeParagraph(): void {
    if (this.#paragraphs === 0) return;
    const at = this.inScope(T.P, BUTTON_SCOPE);
    if (at !== NONE) this.popTo(at);
  }

  get isInParagraph(): boolean {
    return this.#paragraphs > 0 && this.inScope(T.P, BUTTON_SCOPE) !== NONE;
  }

  hasSpecialAbove(place: number): boolean {
    for (let at = this.top; at > place; at--) if ((classes[this.keys[at]!]! & SPECIAL) !== 0) return true;
    return false;
  }

  /** Opens the closed head again for one more element. It is the same element: nothing begins. */
  reopenHead(): void {
    this.top++;
    this.matcher.unstash(this.top);
    this.keys[this.top] = T.HEAD;
    this.modes[this.top] = MODE.HEAD;
    this.#entries[this.top] = NONE;
    this.headIsOpenAgain = true;
  }
  leaveHeadAgain(): void {
    this.top--;
    this.headIsOpenAgain = false;
  }

  // -------------------------------------------------------------- forms

  /** A form was opened and neither closed by its tag nor forgotten: another one cannot begin. */
  get formIsKnown(): boolean {
    return this.#formIsKnown;
  }
  formOpened(at: number): void {
    this.form = at;
    this.#formIsKnown = true;
  }
  forgetForm(): number {
    const at = this.form;
    this.form = NONE;
    this.#formIsKnown = false;
    return at;
  }

  // -------------------------------------------------------------- formatting elements

  /** The current element becomes an active formatting element. */
  format(key: number): void {
    let alike = 0;
    for (let at = this.#formatting - 1; at >= 0 && this.#names[at] !== MARKER; at--) {
      if (this.#names[at] === key) alike++;
    }
    if (alike >= ALIKE_MAX) throw new Unfollowed('a formatting element inside of three of its kind');
    this.#list(key, this.top, this.lexer.nameFrom);
    this.#entries[this.top] = this.#formatting - 1;
  }

  #list(name: number, place: number, tag: number): void {
    const at = this.#formatting++;
    this.#names[at] = name;
    this.#places[at] = place;
    this.#tags[at] = tag;
  }

  mark(): void {
    this.#list(MARKER, NONE, 0);
  }

  /** Forgets the formatting elements since the last marker, and it. */
  clearToMarker(): void {
    while (this.#formatting > 0) {
      const at = --this.#formatting;
      if (this.#names[at] === MARKER) return;
      const place = this.#places[at]!;
      if (place !== CLOSED) this.#entries[place] = NONE;
    }
  }

  /** The last entry of a name since the last marker; -1 when there is none. */
  entryOf(key: number): number {
    for (let at = this.#formatting - 1; at >= 0; at--) {
      if (this.#names[at] === key) return at;
      if (this.#names[at] === MARKER) return NONE;
    }
    return NONE;
  }
  placeOf(entry: number): number {
    return this.#places[entry]!;
  }
  isListed(place: number): boolean {
    return this.#entries[place] !== NONE;
  }

  unlist(entry: number): void {
    const place = this.#places[entry]!;
    if (place !== CLOSED) this.#entries[place] = NONE;
    this.#formatting--;
    for (let at = entry; at < this.#formatting; at++) {
      this.#names[at] = this.#names[at + 1]!;
      this.#places[at] = this.#places[at + 1]!;
      this.#tags[at] = this.#tags[at + 1]!;
      if (this.#places[at] !== CLOSED) this.#entries[this.#places[at]!] = at;
    }
  }

  /** Opens again the formatting elements that something else has closed. Called before text and most start tags. */
  reconstruct(): void {
    if (this.isPending) this.#reopen(this.#formatting - 1);
  }

  /** Some formatting element would be opened again here. */
  get isPending(): boolean {
    const last = this.#formatting - 1;
    return last >= 0 && this.#places[last] === CLOSED && this.#names[last] !== MARKER;
  }

  #reopen(last: number): void {
    let first = last;
    while (first > 0 && this.#places[first - 1] === CLOSED && this.#names[first - 1] !== MARKER) first--;
    const { lexer } = this;
    const { nameFrom } = lexer;
    this.#reopened += last - first + 1;
    if (this.#reopened > REOPENED_MAX) throw new Unfollowed('formatting elements that multiply');
    for (let at = first; at <= last; at++) {
      lexer.readTag(this.#tags[at]!);
      this.push(this.#names[at]!);
      this.#places[at] = this.top;
      this.#entries[this.top] = at;
    }
    lexer.readTag(nameFrom);
  }
}
