/** A query's scanner: one pass over the bytes of a document, then the answer from what was found. */
import type { MarkupAnswer } from '../markup.ts';
import { Answers } from './answer.ts';
import { scanned } from './core.ts';
import type { Query } from './query.ts';

export class Scanner {
  readonly #query: Query;
  readonly #answers: Answers;

  constructor(query: Query) {
    this.#query = query;
    this.#answers = new Answers(query);
  }

  /** Throws `Unfollowed` on a document that only a tree can hold. */
  scan(utf8: Buffer): MarkupAnswer {
    return this.#answers.answer(scanned(this.#query, utf8));
  }
}
