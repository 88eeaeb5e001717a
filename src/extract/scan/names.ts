/** Element names to numbers and back, for one document: those of the rules, of the selectors, and what the page brings. */
import { asciiLower, type Lexer } from './lexer.ts';
import { FIRST_FREE_TAG, SVG, tagName } from './tags.ts';
import { Unfollowed } from './unfollowed.ts';

export class Names {
  readonly #ofSelectors: Map<string, number>;
  readonly #lexer: Lexer;
  #numbers: Map<string, number>;
  #names: string[] = [];

  constructor(ofSelectors: Map<string, number>, lexer: Lexer) {
    this.#ofSelectors = ofSelectors;
    this.#lexer = lexer;
    this.#numbers = ofSelectors;
    this.begin();
  }

  begin(): void {
    this.#numbers = this.#ofSelectors;
    this.#names = [...this.#ofSelectors.keys()];
  }

  /** The number of the tag that the lexer has read. */
  read(): number {
    const { tag } = this.#lexer;
    return tag === 0 ? this.#unruled() : tag;
  }

  #unruled(): number {
    const { nameFrom, nameTo, oddName } = this.#lexer;
    if (oddName) throw new Unfollowed('a name beyond ASCII');
    const name = asciiLower(this.#lexer.slice(nameFrom, nameTo));
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = FIRST_FREE_TAG + this.#names.length;
    if (number >= SVG) throw new Unfollowed('too many different names');
    if (this.#numbers === this.#ofSelectors) this.#numbers = new Map(this.#ofSelectors);
    this.#numbers.set(name, number);
    this.#names.push(name);
    return number;
  }

  /** The name of a number or of a key, in lower case. */
  nameOf(key: number): string {
    const number = key & (SVG - 1);
    return number < FIRST_FREE_TAG ? tagName(number) : (this.#names[number - FIRST_FREE_TAG] ?? '');
  }
}
