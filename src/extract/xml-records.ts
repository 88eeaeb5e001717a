/**
 * XML of any length, record by record: as a tree stands only what is inside of the record at hand, below the tags that are open around it.
 * For selectors that look at nothing else; others need the whole document (`tree.ts`), which gives the same records.
 */
import { DomHandler, isTag, type Element } from 'domhandler';
import { Parser } from 'htmlparser2';
import { bytesOf } from '#core/json.ts';
import { BoundPassed } from './bound-passed.ts';
import { targetOf, rowsOf } from './dom-engine.ts';
import { attributeOf } from './element.ts';
import { recordOf } from './field.ts';
import { decodePieces } from './legacy-decoder.ts';
import type { MarkupProgram, MarkupQuery } from './markup.ts';
import { compileSelector, type Selector } from './selector.ts';
import { boundsCheck, NO_ELEMENT, type Check } from './tree.ts';
import type { WrittenField } from './written.ts';

/** @param query for which `xmlTreeReason` knows none. */
export function xmlRecords(query: MarkupQuery, fields: readonly WrittenField[]): MarkupProgram {
  const { each = '', links, next } = query;
  const compiled = (css: string | undefined): Selector | undefined =>
    css === undefined ? undefined : compileSelector('xml', css);
  const [record, link, page] = [compiled(each), compiled(links), compiled(next)];
  const rowOf = rowsOf('xml', query.picks);
  return ({ body, encoding }, base) => {
    const written: Uint8Array[] = [];
    const found: string[] = [];
    let nextPage: Element | undefined;
    const handler = new RecordHandler(boundsCheck('a record'), {
      opened: (element) => {
        const target = link?.is(element) === true ? targetOf('xml', element) : null;
        if (target !== null) found.push(target);
        if (nextPage === undefined && page?.is(element) === true) nextPage = element;
        return record?.is(element) === true;
      },
      records: (elements) => {
        for (const element of elements) {
          const row = rowOf(element);
          const made = recordOf(
            fields,
            fields.map(({ pick }) => row[pick] ?? []),
            base,
            written.length,
          );
          if (typeof made === 'string') throw new Lacking(made);
          written.push(bytesOf(made));
        }
      },
    });
    try {
      const parser = new Parser(handler, { xmlMode: true });
      for (const piece of decodePieces(encoding, body)) parser.write(piece);
      parser.end();
    } catch (error) {
      if (error instanceof BoundPassed || error instanceof Lacking) return { ok: false, detail: error.message };
      throw error;
    }
    if (!handler.hasElement) return { ok: false, detail: NO_ELEMENT };
    const named = nextPage === undefined ? null : attributeOf('xml', nextPage, 'href');
    return { ok: true, content: { written }, links: found, next: named ?? undefined, base };
  };
}

/** A record lacks a required field. */
class Lacking extends Error {
  override readonly name = 'Lacking';
}

interface Records {
  /** An element begins; whether a record does. */
  opened(element: Element): boolean;
  /** Of a record that has ended, with those inside of it, in document order. */
  records(elements: Element[]): void;
}

class RecordHandler extends DomHandler {
  hasElement = false;
  private readonly check: Check;
  private readonly records: Records;
  /** Records that are open, and those that ended inside of the outermost of them, which is the first. */
  private open: Element[] = [];
  private elements = 0;

  constructor(check: Check, records: Records) {
    super(null, { xmlMode: true });
    this.check = check;
    this.records = records;
  }

  override onopentag(name: string, attributes: Record<string, string>): void {
    this.check(++this.elements, this.tagStack.length);
    super.onopentag(name, attributes);
    const element = this.tagStack.at(-1);
    if (element === undefined || !isTag(element)) return;
    this.hasElement = true;
    if (this.records.opened(element)) this.open.push(element);
  }

  override onclosetag(): void {
    const element = this.tagStack.at(-1);
    super.onclosetag();
    if (element === this.open[0]) {
      this.records.records(this.open);
      this.open = [];
    }
    if (this.open.length > 0) return;
    // What has ended outside of records is not asked about any more.
    this.elements = this.tagStack.length - 1;
    element?.parent?.children.pop();
  }

  override ontext(data: string): void {
    if (this.open.length > 0) super.ontext(data);
  }
  override oncomment(data: string): void {
    if (this.open.length > 0) super.oncomment(data);
  }
  override oncdatastart(): void {
    if (this.open.length > 0) super.oncdatastart();
  }
  override onprocessinginstruction(name: string, data: string): void {
    if (this.open.length > 0) super.onprocessinginstruction(name, data);
  }
}
