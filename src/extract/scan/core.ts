/**
 * The scanner's core: WebAssembly, compiled from `core/` by `npm run scanner`. One instance serves all queries, one document
 * at a time; the tables of a query are written into its memory when it is another one than before.
 */
import { CORE_BASE64 } from './core-bytes.ts';
import {
  CONFIG_BYTES,
  FIRST_FREE_TAG,
  GUARD_BYTES,
  NOT_VERBATIM,
  SVG,
  TEST_EQUALS,
  TEST_EXISTS,
  TEST_NONE,
  TEST_SLOW,
  TEST_WORD,
} from './numbers.ts';
import type { Opening, SlowTest, Test } from './program.ts';
import type { Query } from './query.ts';
import { classes, endRules, startRules, tagName, tagNames } from './tags.ts';
import { TextOf } from './text.ts';
import { FAULTS, Unfollowed } from './unfollowed.ts';

interface Exports {
  memory: WebAssembly.Memory;
  address(table: number): number;
  forgetNames(): void;
  addName(low: bigint, high: bigint, number: number, at: number, length: number): void;
  configure(
    words: number,
    selectors: number,
    usesScope: number,
    hasRecords: number,
    scopeHasChains: number,
    firstMatches: number,
    readsRoot: number,
    usesBase: number,
  ): void;
  /** 0, or the number of a fault. */
  scan(at: number, length: number): number;
  eventsFrom(): number;
  eventsEnd(): number;
  attributeCount(): number;
}

/** In the order of `address` in `core/memory.ts`. */
const TABLES = [
  'classes',
  'startRules',
  'endRules',
  'start',
  'descendant',
  'child',
  'subject',
  'scope',
  'byTag',
  'testsOf',
  'selectorOf',
  'selectors',
  'config',
  'names',
  'nameAt',
  'marks',
  'document',
] as const;
type Table = (typeof TABLES)[number];

const PAGE_BYTES = 65_536;
/** Memory never shrinks: an instance whose memory is larger than this is given up after the document. */
const KEPT_BYTES_MAX = 24 * 2 ** 20;

/** What a scan found: numbers that `answer.ts` reads, about the document that it was given. */
export interface Found {
  events: Int32Array;
  from: number;
  to: number;
  text: TextOf;
  nameOf(key: number): string;
}

let compiled: WebAssembly.Module | undefined;
let current: Core | undefined;

/** Throws `Unfollowed`. What is found holds until the next scan. */
export function scanned(query: Query, utf8: Buffer): Found {
  const core = (current ??= new Core());
  try {
    return core.scan(query, utf8);
  } finally {
    if (core.memoryBytes > KEPT_BYTES_MAX) current = undefined;
  }
}

class Core {
  readonly #exports: Exports;
  readonly #at: Record<Table, number>;
  #query: Query | undefined;
  #tests: SlowTest[] = [];
  #bytes: Uint8Array;
  #words: Int32Array;
  #text = new TextOf(Buffer.alloc(0));

  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(CORE_BASE64, 'base64'));
    const slowTest = (test = 0, key = 0): number => (this.#tests[test]?.(this.#opening(key)) === true ? 1 : 0);
    this.#exports = new WebAssembly.Instance(compiled, { automaton: { slowTest } }).exports as unknown as Exports;
    const { memory, address } = this.#exports;
    this.#at = Object.fromEntries(TABLES.map((table, i) => [table, address(i)])) as Record<Table, number>;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#bytes.set(new Uint8Array(classes.buffer), this.#at.classes);
    this.#bytes.set(startRules, this.#at.startRules);
    this.#bytes.set(endRules, this.#at.endRules);
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  scan(query: Query, utf8: Buffer): Found {
    if (utf8.includes(0)) throw new Unfollowed('a NUL');
    if (this.#query !== query) this.#take(query);
    const at = this.#at.document;
    this.#reserve(at + utf8.length + 2 * GUARD_BYTES);
    this.#bytes.set(utf8, at);
    this.#text = new TextOf(utf8);
    const fault = this.#exports.scan(at, utf8.length);
    if (fault !== 0) throw new Unfollowed(FAULTS[fault]);
    this.#refresh();
    return {
      events: this.#words,
      from: this.#exports.eventsFrom() >> 2,
      to: this.#exports.eventsEnd() >> 2,
      text: this.#text,
      nameOf: this.#nameOf,
    };
  }

  #reserve(bytes: number): void {
    const { memory } = this.#exports;
    if (bytes > memory.buffer.byteLength) memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES));
    this.#refresh();
  }

  /** A memory that has grown lies elsewhere. */
  #refresh(): void {
    const { buffer } = this.#exports.memory;
    if (this.#words.buffer === buffer) return;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
  }

  // -------------------------------------------------------------- the query's tables

  #take(query: Query): void {
    const { program } = query;
    const { words } = program;
    const at = this.#at;
    this.#query = query;
    this.#tests = [];
    const put = (table: Table, numbers: ArrayLike<number>): void => this.#words.set(numbers, at[table] >> 2);
    for (const table of ['start', 'descendant', 'child', 'subject', 'scope', 'byTag'] as const)
      put(table, program[table]);
    const config = new Config(this.#words, this.#bytes, at.config);
    put(
      'selectorOf',
      Array.from({ length: 32 * words }, (_, bit) => program.selectorOf[bit] ?? 0),
    );
    put(
      'testsOf',
      Array.from({ length: 32 * words }, (_, bit) => this.#testsAt(config, program.tests[bit])),
    );
    put(
      'selectors',
      query.picksOf.flatMap((_, selector) => selectorNumbers(query, selector, config)),
    );
    this.#exports.forgetNames();
    for (const [i, name] of tagNames.entries()) this.#addName(config, name, i + 1);
    for (const [name, number] of program.names) this.#addName(config, name, number);
    this.#exports.configure(
      words,
      query.picksOf.length,
      Number(query.usesScope),
      Number(query.each),
      Number(program.scopeHasChains),
      query.firstMatches,
      Number(program.readsRoot || query.writesMarkup),
      Number(query.usesBase),
    );
  }

  #addName(config: Config, name: string, number: number): void {
    const bytes = Buffer.alloc(16);
    bytes.write(name, 'latin1');
    const at = number < FIRST_FREE_TAG ? 0 : config.bytes(Buffer.from(name));
    this.#exports.addName(bytes.readBigInt64LE(0), bytes.readBigInt64LE(8), number, at, name.length);
  }

  #testsAt(config: Config, tests: Test[] | undefined): number {
    if (tests === undefined) return 0;
    const numbers = tests.flatMap((test) => {
      if (test.kind === 'slow') return [TEST_SLOW, this.#tests.push(test.slow) - 1];
      const name = [config.bytes(test.name), test.name.length];
      if (test.kind === 'exists') return [TEST_EXISTS, ...name];
      const kind = test.kind === 'word' ? TEST_WORD : TEST_EQUALS;
      return [kind, ...name, config.bytes(test.value), test.value.length, this.#tests.push(test.slow) - 1];
    });
    return config.numbers([...numbers, TEST_NONE]);
  }

  // -------------------------------------------------------------- asked back

  readonly #nameOf = (key: number): string => {
    const number = key & (SVG - 1);
    if (number < FIRST_FREE_TAG) return tagName(number);
    const entry = (this.#at.nameAt >> 2) + 2 * (number - FIRST_FREE_TAG);
    const [from = 0, length = 0] = this.#words.subarray(entry, entry + 2);
    return Buffer.from(this.#bytes.subarray(from, from + length))
      .toString('latin1')
      .toLowerCase();
  };

  /** The element that is being opened. */
  #opening(key: number): Opening {
    this.#refresh();
    const first = this.#at.marks >> 2;
    const document = this.#at.document;
    const marks = this.#words
      .subarray(first, first + 4 * this.#exports.attributeCount())
      .map((mark) => mark - document);
    return {
      name: () => this.#nameOf(key),
      attribute: (name) => {
        for (let i = 0; i < marks.length; i += 4)
          if (this.#text.name(marks[i]!, marks[i + 1]!) === name)
            return this.#text.value(marks[i + 2]!, marks[i + 3]! | NOT_VERBATIM);
        return undefined;
      },
    };
  }
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

/** What the core has to know about a selector (`core/automaton.ts`). */
function selectorNumbers(query: Query, selector: number, config: Config): number[] {
  const picks = query.picksOf[selector]!.map((pick) => query.readings[pick]!);
  const count = (as: string): number => picks.filter(({ reading }) => reading.as === as).length;
  const isEach = query.each && selector === 0;
  const once =
    selector !== query.links && !isEach && (query.each ? picks.length === 0 : picks.every(({ all }) => !all));
  const reads = readsOf(query, selector).map((name) => Buffer.from(name));
  const names = reads.flatMap((name) => [config.bytes(name), name.length]);
  const [texts, htmls] = [count('text'), count('html')];
  const atStart = count('attribute') + (selector === query.next ? 1 : 0);
  return [Number(once), texts, htmls, atStart, texts + htmls, reads.length, config.numbers(names), 0, 0];
}

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
