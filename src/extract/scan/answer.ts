/** What the core found, made the answer to a query: the picks of each record, links, next page and base. */
import { escapeAttribute, escapeText } from 'entities/escape';
import { collapse } from '../convert.ts';
import type { MarkupAnswer } from '../markup.ts';
import { readsOf, type Found } from './core.ts';
import {
  EVENT_CLOSE,
  EVENT_COMMENT,
  EVENT_ELEMENT,
  EVENT_END_TAG,
  EVENT_MATCH,
  EVENT_OWN,
  EVENT_SCOPE,
  EVENT_START_TAG,
  EVENT_TEXT,
  NOT_VERBATIM,
  UNESCAPED,
} from './numbers.ts';
import type { Query } from './query.ts';
import { classes } from './tags.ts';

type Values = (string | null)[];
type Row = Values[];

/** Something that ends with an open element: a text, a piece of markup, or a record. */
interface Watch {
  depth: number;
  /** Where it begins in the text or the markup that is being collected. */
  from: number;
  reading: 'text' | 'html' | 'record';
  values: Values;
  at: number;
}

/** A pick and where its attribute stands among those that the core tells (-1 = it reads none). */
interface Reader {
  pick: number;
  attribute: number;
}

export class Answers {
  readonly #query: Query;
  /** By selector. */
  readonly #readers: Reader[][];
  readonly #attributes: number[];
  readonly #href: number[];
  readonly #src: number[];

  constructor(query: Query) {
    this.#query = query;
    const reads = query.picksOf.map((_, selector) => readsOf(query, selector));
    this.#attributes = reads.map(({ length }) => length);
    this.#href = reads.map((names) => names.indexOf('href'));
    this.#src = reads.map((names) => names.indexOf('src'));
    this.#readers = query.picksOf.map((picks, selector) =>
      picks.map((pick) => {
        const { reading } = query.readings[pick]!;
        return { pick, attribute: reading.as === 'attribute' ? reads[selector]!.indexOf(reading.name) : -1 };
      }),
    );
  }

  answer(found: Found): MarkupAnswer {
    return new Answer(this.#query, found, {
      readers: this.#readers,
      attributes: this.#attributes,
      href: this.#href,
      src: this.#src,
    }).read();
  }
}

interface Layout {
  readers: Reader[][];
  attributes: number[];
  href: number[];
  src: number[];
}

/** The reading of one document. */
class Answer {
  readonly #query: Query;
  readonly #found: Found;
  readonly #layout: Layout;
  readonly #rows: Row[] = [];
  readonly #open: Row[] = [];
  readonly #links: string[] = [];
  #next: string | undefined;
  #nextIsDecided = false;
  #base: string | undefined;
  readonly #watches: Watch[] = [];
  readonly #texts: string[] = [];
  #reading = 0;
  #markup = '';
  #writing = 0;
  #depth = 0;
  /** The start tag that was told last, and where it stands in the markup. */
  #tag = 0;
  #tagFrom = 0;

  constructor(query: Query, found: Found, layout: Layout) {
    this.#query = query;
    this.#found = found;
    this.#layout = layout;
    if (query.each) return;
    this.#rows.push(this.#emptyRow());
    this.#open.push(this.#rows[0]!);
  }

  #emptyRow(): Row {
    return this.#query.readings.map(() => []);
  }

  read(): MarkupAnswer {
    const { events, from, to } = this.#found;
    for (let at = from; at < to;) at = this.#event(events, at);
    return { rows: this.#rows, links: this.#links, next: this.#next, baseHref: this.#base };
  }

  /** Takes the event at a place; where the next one is. */
  #event(events: Int32Array, at: number): number {
    switch (events[at]!) {
      case EVENT_ELEMENT:
        this.#depth = events[at + 1]!;
        return at + 3;
      case EVENT_MATCH: {
        const selector = events[at + 1]!;
        this.#match(selector, at + 2);
        return at + 2 + 2 * this.#layout.attributes[selector]!;
      }
      case EVENT_TEXT:
        this.#text(events, at);
        return at + 6;
      case EVENT_CLOSE:
        this.#close(events[at + 1]!);
        return at + 2;
      case EVENT_SCOPE:
        if (this.#query.each) this.#record(events[at + 1]!);
        return at + 2;
      case EVENT_OWN: {
        const selector = events[at + 1]!;
        this.#readAll(this.#rows.at(-1), selector, at + 2);
        return at + 2 + 2 * this.#layout.attributes[selector]!;
      }
      case EVENT_START_TAG:
        this.#tag = at;
        if (this.#writing > 0) this.#startTag();
        return at + 3 + 4 * events[at + 2]!;
      case EVENT_END_TAG:
        if (this.#writing > 0) this.#markup += `</${this.#found.nameOf(events[at + 1]!)}>`;
        return at + 2;
      case EVENT_COMMENT:
        if (this.#writing > 0)
          this.#markup += `<!--${this.#found.text.lines(events[at + 1]!, events[at + 2]! | NOT_VERBATIM)}-->`;
        return at + 3;
      default:
        throw new Error(`the scanner tells something unknown: ${String(events[at])}`);
    }
  }

  // -------------------------------------------------------------- what a match means

  /** @param marks where the attributes that the selector reads are told. */
  #match(selector: number, marks: number): void {
    const { links, next, base } = this.#query;
    for (const row of this.#open) this.#readAll(row, selector, marks);
    if (selector === links) {
      const target =
        this.#attribute(marks, this.#layout.href[selector]!) ?? this.#attribute(marks, this.#layout.src[selector]!);
      if (target !== null) this.#links.push(target);
    }
    // The first match decides, also when it has no `href`.
    if (selector === next && !this.#nextIsDecided) {
      this.#nextIsDecided = true;
      this.#next = this.#attribute(marks, this.#layout.href[selector]!) ?? undefined;
    }
    if (selector === base) this.#base ??= this.#attribute(marks, this.#layout.href[selector]!) ?? undefined;
  }

  #attribute(marks: number, which: number): string | null {
    const { events, text } = this.#found;
    const from = events[marks + 2 * which]!;
    return from < 0 ? null : text.value(from, events[marks + 2 * which + 1]!);
  }

  #record(depth: number): void {
    const row = this.#emptyRow();
    this.#rows.push(row);
    this.#open.push(row);
    this.#watches.push({ depth, from: 0, reading: 'record', values: [], at: 0 });
  }

  #readAll(row: Row, selector: number, marks: number): void {
    for (const { pick, attribute } of this.#layout.readers[selector]!) this.#read(row, pick, marks, attribute);
  }

  #read(row: Row, pick: number, marks: number, attribute: number): void {
    const values = row[pick]!;
    const { all, reading } = this.#query.readings[pick]!;
    if (!all && values.length > 0) return;
    if (attribute >= 0) {
      values.push(this.#attribute(marks, attribute));
      return;
    }
    // The place is taken now: a match inside of this one comes after it.
    values.push('');
    const watch = { depth: this.#depth, values, at: values.length - 1 };
    if (reading.as === 'text') {
      this.#reading++;
      this.#watches.push({ ...watch, from: this.#texts.length, reading: 'text' });
      return;
    }
    if (this.#writing++ === 0) this.#startTag();
    this.#watches.push({ ...watch, from: this.#tagFrom, reading: 'html' });
  }

  // -------------------------------------------------------------- what stands inside

  #text(events: Int32Array, at: number): void {
    if (this.#reading + this.#writing === 0) return;
    const { text: document } = this.#found;
    const [from, to, parent] = [events[at + 1]!, events[at + 2]!, events[at + 3]!];
    const text = events[at + 4] === 1 ? document.text(from, to) : document.lines(from, to);
    if (this.#reading > 0 && events[at + 5] === 0) this.#texts.push(text);
    if (this.#writing > 0) this.#markup += (classes[parent]! & UNESCAPED) === 0 ? escapeText(text) : text;
  }

  #startTag(): void {
    const { events, text, nameOf } = this.#found;
    const at = this.#tag;
    this.#tagFrom = this.#markup.length;
    let tag = `<${nameOf(events[at + 1]!)}`;
    const seen = new Set<string>();
    for (let i = 0, mark = at + 3; i < events[at + 2]!; i++, mark += 4) {
      const name = text.name(events[mark]!, events[mark + 1]!);
      if (!seen.has(name))
        tag += ` ${name}="${escapeAttribute(text.value(events[mark + 2]!, events[mark + 3]! | NOT_VERBATIM))}"`;
      seen.add(name);
    }
    this.#markup += `${tag}>`;
  }

  /** The element at `depth` ends. */
  #close(depth: number): void {
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
      } else {
        watch.values[watch.at] = this.#markup.slice(watch.from);
        if (--this.#writing === 0) this.#markup = '';
      }
    }
  }

  #textSince(from: number): string {
    const texts = this.#texts;
    return collapse(texts.length - from === 1 ? texts[from]! : texts.slice(from).join(''));
  }
}
