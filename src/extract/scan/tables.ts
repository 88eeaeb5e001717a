/** A plan's tables, as the core reads them. */
import type { WrittenField } from '../written.ts';
import type { Addresses, Exports } from './core.ts';
import type { JsonPaths } from './json.ts';
import {
  CONFIG_BYTES,
  FIELD_CONSTANT,
  FIELD_CONVERTED,
  FIELD_URL,
  FIELD_VERBATIM,
  FIRST_FREE_TAG,
  READS_MARKUP,
  READS_TEXT,
  STEP_NAME,
  TEST_EQUALS,
  TEST_EXISTS,
  TEST_NONE,
  TEST_SLOW,
  TEST_WORD,
} from './numbers.ts';
import type { SlowTest, Test } from './program.ts';
import type { ByteReading, Query } from './query.ts';
import { tagNames } from './tags.ts';
import { Unfollowed } from './unfollowed.ts';

/** What is asked of documents, and the fields that are made of the answers. */
export type Plan =
  | { kind: 'markup'; query: Query; fields: readonly WrittenField[] }
  | { kind: 'json'; paths: JsonPaths; picks: number; fields: readonly WrittenField[]; isWhole: boolean };

const MADE = { constant: FIELD_CONSTANT, verbatim: FIELD_VERBATIM, url: FIELD_URL, converted: FIELD_CONVERTED };

/** Why fields are beyond what the core has room for. Selectors may take the other half of it. */
export function fieldsFault(fields: readonly WrittenField[]): string | undefined {
  const bytes = fields.reduce((sum, { name, missing }) => sum + 128 + 3 * name.length + JSON.stringify(missing ?? null).length * 3, 0); // prettier-ignore
  return bytes > CONFIG_BYTES / 2 ? 'names and defaults of fields of more than 32 KB' : undefined;
}

export class Tables {
  readonly #exports: Exports;
  readonly #at: Addresses;
  readonly #words: Int32Array;
  readonly #config: Config;
  readonly #tests: SlowTest[] = [];

  constructor(exports: Exports, at: Addresses, words: Int32Array, bytes: Uint8Array) {
    this.#exports = exports;
    this.#at = at;
    this.#words = words;
    this.#config = new Config(words, bytes, at.config);
  }

  /** The tests that the core asks back for, by number. Throws `Unfollowed` where there is no room. */
  put(plan: Plan): SlowTest[] {
    if (plan.kind === 'markup') this.#putQuery(plan.query);
    else this.#putPaths(plan.paths, plan.picks);
    const numbers = plan.fields.flatMap((field, i) => this.#field(field, i));
    this.#exports.configureRecords(plan.fields.length, this.#config.numbers(numbers));
    return this.#tests;
  }

  /** In the order of `core/json.ts`. */
  #putPaths({ steps, any, root, record, toRecords }: JsonPaths, picks: number): void {
    const numbers = steps.flatMap(({ kind, name, index, leadsTo, all }) =>
      kind === STEP_NAME
        ? [kind, this.#config.bytes(name), name.length, leadsTo, Number(all)]
        : [kind, index, 0, leadsTo, Number(all)],
    );
    this.#put('jsonSteps', numbers);
    this.#exports.configureJson(any, root.steps, root.ends, record.steps, record.ends, toRecords);
    this.#exports.configureValues(picks, Number(toRecords !== 0n), -1, -1, -1);
  }

  #putQuery(query: Query): void {
    const { program, picksOf } = query;
    const { words } = program;
    for (const table of ['start', 'descendant', 'child', 'subject', 'scope', 'byTag'] as const)
      this.#put(table, program[table]);
    const bits = Array.from({ length: 32 * words }, (_, bit) => bit);
    const selectors = picksOf.map((_, selector) => selector);
    this.#put('selectorOf', bits.map((bit) => program.selectorOf[bit] ?? 0)); // prettier-ignore
    this.#put('testsOf', bits.map((bit) => this.#testsAt(program.tests[bit]))); // prettier-ignore
    this.#put('selectors', selectors.flatMap((selector) => this.#selector(query, selector))); // prettier-ignore
    this.#exports.forgetNames();
    for (const [i, name] of tagNames.entries()) this.#addName(name, i + 1);
    for (const [name, number] of program.names) this.#addName(name, number);
    this.#exports.configure(
      words,
      picksOf.length,
      Number(query.usesScope),
      Number(query.each),
      Number(program.scopeHasChains),
      query.firstMatches,
      Number(program.readsRoot || query.writesMarkup),
      Number(query.usesBase),
    );
    this.#exports.configureValues(query.readings.length, Number(query.each), query.links, query.next, query.base);
  }

  #put(table: keyof Addresses, numbers: ArrayLike<number>): void {
    this.#words.set(numbers, this.#at[table] >> 2);
  }

  #addName(name: string, number: number): void {
    const bytes = Buffer.alloc(16);
    bytes.write(name, 'latin1');
    const at = number < FIRST_FREE_TAG ? 0 : this.#config.bytes(Buffer.from(name));
    this.#exports.addName(bytes.readBigInt64LE(0), bytes.readBigInt64LE(8), number, at, name.length);
  }

  #testsAt(tests: Test[] | undefined): number {
    if (tests === undefined) return 0;
    const config = this.#config;
    const numbers = tests.flatMap((test) => {
      if (test.kind === 'slow') return [TEST_SLOW, this.#tests.push(test.slow) - 1];
      const name = [config.bytes(test.name), test.name.length];
      if (test.kind === 'exists') return [TEST_EXISTS, ...name];
      const kind = test.kind === 'word' ? TEST_WORD : TEST_EQUALS;
      return [kind, ...name, config.bytes(test.value), test.value.length, this.#tests.push(test.slow) - 1];
    });
    return config.numbers([...numbers, TEST_NONE]);
  }

  /** In the order of `core/automaton.ts`. */
  #selector(query: Query, selector: number): number[] {
    const config = this.#config;
    const picks = query.picksOf[selector]!;
    const readings = picks.map((pick) => query.readings[pick]!);
    const count = (as: string): number => readings.filter(({ reading }) => reading.as === as).length;
    const isEach = query.each && selector === 0;
    const once =
      selector !== query.links && !isEach && (query.each ? picks.length === 0 : readings.every(({ all }) => !all));
    const reads = readsOf(query, selector);
    const names = reads.map((name) => Buffer.from(name)).flatMap((name) => [config.bytes(name), name.length]);
    const [texts, htmls] = [count('text'), count('html')];
    const atStart = count('attribute') + (selector === query.next ? 1 : 0);
    const readers = picks.flatMap((pick, i) => [pick, Number(readings[i]!.all), readAs(readings[i]!, reads)]);
    return [
      Number(once),
      texts,
      htmls,
      atStart,
      texts + htmls,
      reads.length,
      config.numbers(names),
      0,
      0,
      picks.length,
      config.numbers(readers),
      reads.indexOf('href'),
      reads.indexOf('src'),
    ];
  }

  /** In the order of `core/records.ts`. */
  #field({ name, pick, all, made, missing, isRequired, missingIsEmpty }: WrittenField, number: number): number[] {
    const key = Buffer.from(`${number === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    const fallback = missing === undefined ? undefined : Buffer.from(JSON.stringify(missing));
    return [
      MADE[made],
      pick,
      Number(all),
      this.#config.bytes(key),
      key.length,
      fallback === undefined ? 0 : this.#config.bytes(fallback),
      fallback?.length ?? 0,
      Number(isRequired),
      Number(missingIsEmpty),
    ];
  }
}

const readAs = ({ reading }: ByteReading, reads: string[]): number =>
  reading.as === 'text' ? READS_TEXT : reading.as === 'html' ? READS_MARKUP : reads.indexOf(reading.name);

/** The attributes that are read of what a selector finds, each once, in the order in which the core tells them. */
export function readsOf({ picksOf, readings, links, next, base }: Query, selector: number): string[] {
  const names = picksOf[selector]!.flatMap((pick) => {
    const { reading } = readings[pick]!;
    return reading.as === 'attribute' ? [reading.name] : [];
  });
  if (selector === links || selector === next || selector === base) names.push('href');
  if (selector === links) names.push('src');
  return [...new Set(names)];
}

/** Numbers and bytes that the tables point to. */
class Config {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #next: number;

  constructor(words: Int32Array, bytes: Uint8Array, at: number) {
    this.#words = words;
    this.#bytes = bytes;
    this.#next = at;
    this.#end = at + CONFIG_BYTES;
  }

  /** Their address. */
  bytes(bytes: Uint8Array): number {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return at;
  }
  numbers(numbers: number[]): number {
    const at = this.#room(4 * numbers.length);
    this.#words.set(numbers, at >> 2);
    return at;
  }

  #room(bytes: number): number {
    const at = this.#next;
    this.#next = (at + bytes + 3) & ~3;
    if (this.#next > this.#end) throw new Unfollowed('a query that is too large');
    return at;
  }
}
