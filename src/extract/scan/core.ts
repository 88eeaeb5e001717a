/**
 * The scanner's core: WebAssembly, compiled from `core/` by `npm run scanner`. It scans a document and writes its records as
 * JSON, all in its own memory; what it cannot do by itself it asks back. One instance serves all plans, one document at a
 * time; the tables of a plan are written into its memory when it is another one than before.
 */
import { decodeHTML, decodeHTMLAttribute } from 'entities/decode';
import { bytesOf, type Json } from '#core/json.ts';
import { baseUrl } from '../convert.ts';
import { kinds as urlKinds, partsOf, type BaseParts } from '../resolve.ts';
import { wholeFault, type ReadWritten } from '../written.ts';
import { CORE_BASE64 } from './core-bytes.ts';
import { markupOf, type Told } from './markup-text.ts';
import {
  BASE_BYTES,
  FIRST_FREE_TAG,
  GUARD_BYTES,
  LIST_BASE,
  LIST_LINKS,
  LIST_NEXT,
  NOT_VERBATIM,
  SVG,
} from './numbers.ts';
import { readsOf, Tables, type Plan } from './tables.ts';
import type { Opening, SlowTest } from './program.ts';
import { classes, endRules, startRules, tagName } from './tags.ts';
import { TextOf } from './text.ts';
import { FAULTS, Unfollowed } from './unfollowed.ts';

export interface Exports {
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
  configureValues(picks: number, hasRecords: number, links: number, next: number, base: number): void;
  configureRecords(fields: number, at: number): void;
  configureJson(
    any: bigint,
    rootSteps: bigint,
    rootEnds: bigint,
    recordSteps: bigint,
    recordEnds: bigint,
    record: bigint,
  ): void;
  setBase(origin: number, directories: number, whole: number): void;
  /** 0, or the number of a fault. */
  scan(at: number, length: number): number;
  scanJson(at: number, length: number): number;
  attributeCount(): number;
  /** The first value of a list (`LIST_`), and what follows a value: 0 = none. A value's places are those in the document. */
  listed(list: number): number;
  nextOf(value: number): number;
  fromOf(value: number): number;
  toOf(value: number): number;
  /** 0, or the number of a fault. */
  write(): number;
  writtenFrom(): number;
  writtenTo(): number;
  /** The field without which a record may not be, -1 = none; and the record's number. */
  lacking(): number;
  lackingIn(): number;
  /** Makes memory of so many bytes at a place. */
  room(at: number, bytes: number): void;
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
  'urlKinds',
  'base',
  'jsonSteps',
  'document',
] as const;
export type Addresses = Record<(typeof TABLES)[number], number>;

const PAGE_BYTES = 65_536;
/**
 * Memory never shrinks, and an instance that is given up is there until it is collected, beside its successor: only one whose
 * memory is larger than the largest documents need is.
 */
const KEPT_BYTES_MAX = 128 * 2 ** 20;
/** Up to here a text gets room for the worst case, three bytes for each character; of a longer one the bytes are counted. */
const SHORT_CHARS = 65_536;
const LF = 10;
/** Records up to an eighth of this share memory: to make some for each takes longer than to copy it. */
const SHARED_BYTES = 2 ** 18;

const NO_PARTS: BaseParts = { origin: '', directories: '', href: '' };

let compiled: WebAssembly.Module | undefined;
let current: Core | undefined;

/** Throws `Unfollowed`. */
export function written(plan: Plan, utf8: Buffer, finalUrl: string): ReadWritten {
  const core = (current ??= new Core());
  try {
    return core.written(plan, utf8, finalUrl);
  } finally {
    if (core.memoryBytes > KEPT_BYTES_MAX) current = undefined;
  }
}

class Core {
  readonly #exports: Exports;
  readonly #at: Addresses;
  #plan: Plan | undefined;
  #tests: SlowTest[] = [];
  #bytes: Uint8Array;
  #words: Int32Array;
  #text = new TextOf(Buffer.alloc(0));
  /** That the core resolves by. */
  #base = '';
  #shared = Buffer.alloc(0);
  #sharedTo = 0;

  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(CORE_BASE64, 'base64'));
    this.#exports = new WebAssembly.Instance(compiled, {
      automaton: { slowTest: this.#slowTest },
      references: { decode: this.#decode },
      records: { convert: this.#convert, markup: this.#markup },
    }).exports as unknown as Exports;
    const { memory, address } = this.#exports;
    this.#at = Object.fromEntries(TABLES.map((table, i) => [table, address(i)])) as Addresses;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#bytes.set(new Uint8Array(classes.buffer), this.#at.classes);
    this.#bytes.set(startRules, this.#at.startRules);
    this.#bytes.set(endRules, this.#at.endRules);
    this.#bytes.set(urlKinds, this.#at.urlKinds);
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  written(plan: Plan, utf8: Buffer, finalUrl: string): ReadWritten {
    const isJson = plan.kind === 'json';
    if (!isJson && utf8.includes(0)) throw new Unfollowed('a NUL');
    if (this.#plan !== plan) {
      this.#plan = undefined;
      this.#tests = new Tables(this.#exports, this.#at, this.#words, this.#bytes).put(plan);
      this.#plan = plan;
    }
    const at = this.#at.document;
    this.#reserve(at + utf8.length + 2 * GUARD_BYTES);
    this.#bytes.set(utf8, at);
    this.#text = new TextOf(utf8);
    this.#check(isJson ? this.#exports.scanJson(at, utf8.length) : this.#exports.scan(at, utf8.length));
    if (isJson && plan.isWhole) return this.#wholes(finalUrl);
    const base = isJson ? finalUrl : baseUrl(this.#listed(LIST_BASE)[0], finalUrl);
    this.#setBase(base);
    this.#check(this.#exports.write());
    const lacking = this.#exports.lacking();
    if (lacking >= 0) return { ok: false, detail: plan.fields[lacking]!.lacking(this.#exports.lackingIn()) };
    const areMany = isJson ? plan.paths.toRecords !== 0n : plan.query.each;
    return {
      ok: true,
      content: { written: this.#records(areMany) },
      links: this.#listed(LIST_LINKS),
      next: isJson ? this.#namedPage() : this.#listed(LIST_NEXT)[0],
      base,
    };
  }

  /** Objects as they are, each parsed by itself: JSON.stringify says how they are written. */
  #wholes(base: string): ReadWritten {
    const records: Uint8Array[] = [];
    for (const text of this.#texts(LIST_LINKS)) {
      const value = JSON.parse(text) as Json;
      const detail = wholeFault(value, records.length);
      if (detail !== undefined) return { ok: false, detail };
      records.push(bytesOf(value));
    }
    return { ok: true, content: { written: records }, links: [], next: this.#namedPage(), base };
  }

  /** The next page where JSON names it. */
  #namedPage(): string | undefined {
    const [text] = this.#listed(LIST_NEXT);
    const named = text === undefined ? undefined : (JSON.parse(text) as Json);
    return typeof named === 'string' && named !== '' ? named : undefined;
  }

  /** The core's memory may have grown. */
  #check(fault: number): void {
    if (fault !== 0) throw new Unfollowed(FAULTS[fault]);
    this.#refresh();
  }

  #listed(list: number): string[] {
    return [...this.#texts(list)];
  }

  /** One after the other: of JSON they may be the whole document. */
  *#texts(list: number): Generator<string, void, undefined> {
    const { listed, nextOf, fromOf, toOf } = this.#exports;
    const isJson = this.#plan?.kind === 'json';
    for (let value = listed(list); value !== 0; value = nextOf(value)) {
      const from = fromOf(value);
      if (from >= 0) yield isJson ? this.#text.utf8(from, toOf(value)) : this.#text.value(from, toOf(value));
    }
  }

  #setBase(base: string): void {
    if (base === this.#base) return;
    this.#base = base;
    const { origin, directories, href } = partsOf(base) ?? NO_PARTS;
    const text = origin + directories + href;
    // A URL as it is serialised is ASCII. One that JSON would have to escape is seldom, and left to the parser.
    const isPlain = text.length <= BASE_BYTES && !/["\\]/.test(text);
    if (isPlain) encoder.encodeInto(text, this.#bytes.subarray(this.#at.base));
    this.#exports.setBase(isPlain ? origin.length : 0, directories.length, href.length);
  }

  /** Copied: the next document is written in the same place. Of several, all but the last have a line feed behind them. */
  #records(areMany: boolean): Uint8Array[] {
    const from = this.#exports.writtenFrom();
    const to = this.#exports.writtenTo() - 1;
    if (to < from) return [];
    const all = this.#copy(from, to);
    if (!areMany) return [all];
    const records: Uint8Array[] = [];
    let at = 0;
    for (let end = all.indexOf(LF); end >= 0; end = all.indexOf(LF, at)) {
      records.push(all.subarray(at, end));
      at = end + 1;
    }
    return [...records, all.subarray(at)];
  }

  #copy(from: number, to: number): Buffer {
    const bytes = this.#bytes.subarray(from, to);
    if (bytes.length > SHARED_BYTES / 8) return Buffer.from(bytes);
    if (this.#sharedTo + bytes.length > this.#shared.length) {
      this.#shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
      this.#sharedTo = 0;
    }
    const at = this.#sharedTo;
    this.#sharedTo += bytes.length;
    this.#shared.set(bytes, at);
    return this.#shared.subarray(at, this.#sharedTo);
  }

  // -------------------------------------------------------------- memory

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

  #read(from: number, to: number): string {
    this.#refresh();
    return Buffer.from(this.#bytes.buffer, from, to - from).toString();
  }

  /** Writes a text at a place; where it ends. */
  #write(at: number, text: string): number {
    const bytes = text.length > SHORT_CHARS ? Buffer.byteLength(text) : 3 * text.length;
    this.#exports.room(at, bytes);
    this.#refresh();
    return at + encoder.encodeInto(text, this.#bytes.subarray(at, at + bytes)).written;
  }

  // -------------------------------------------------------------- asked back

  readonly #slowTest = (test: number, key: number): number =>
    this.#tests[test]?.(this.#opening(key)) === true ? 1 : 0;

  readonly #decode = (from: number, to: number, isAttribute: number, at: number): number => {
    const text = this.#read(from, to);
    return this.#write(at, isAttribute === 1 ? decodeHTMLAttribute(text) : decodeHTML(text));
  };

  readonly #convert = (field: number, from: number, to: number): number => {
    const raw = JSON.parse(this.#read(from, to)) as Json;
    return this.#write(from, JSON.stringify(this.#plan!.fields[field]!.convert(raw, this.#base)));
  };

  readonly #markup = (from: number, to: number, at: number): number => {
    this.#refresh();
    const plan = this.#plan!;
    const told: Told = {
      words: this.#words,
      text: this.#text,
      nameOf: this.#nameOf,
      attributesOf: (selector) => (plan.kind === 'markup' ? readsOf(plan.query, selector).length : 0),
    };
    return this.#write(at, JSON.stringify(markupOf(told, from >> 2, to >> 2)));
  };

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

const encoder = new TextEncoder();
