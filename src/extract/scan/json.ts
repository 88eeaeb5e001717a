/** JSON scanned: paths of names, indices and wildcards as bits of one automaton. Whatever that cannot answer is left to the parser. */
import { EACH, stepsOf, type Step } from '../json-path.ts';
import type { MarkupBytes } from '../markup.ts';
import { asUtf8 } from '../utf8.ts';
import type { ReadWritten, WrittenField } from '../written.ts';
import { written } from './core.ts';
import {
  JSON_NEXT,
  JSON_RECORD,
  JSON_WHOLE,
  STEP_EACH,
  STEP_INDEX,
  STEP_NAME,
  STEP_NONE,
  STEPS_MAX,
} from './numbers.ts';
import { fieldsFault } from './tables.ts';
import { Unfollowed } from './unfollowed.ts';

/** A step of the automaton, by its bit. */
export interface JsonStep {
  kind: number;
  name: Buffer;
  index: number;
  /** The pick whose value it leads to, `JSON_NEXT` or `JSON_RECORD`; -1 = a step follows. */
  leadsTo: number;
  all: boolean;
}
/** Sets of bits. */
export interface JsonPaths {
  steps: JsonStep[];
  any: bigint;
  /** Where paths begin, and paths without steps: of the document, and of a record. */
  root: { steps: bigint; ends: bigint };
  record: { steps: bigint; ends: bigint };
  /** The last step of the path to records; 0 = the document is the only one. */
  toRecords: bigint;
}

/** Undefined: it needs the parser. */
export type JsonScan = (document: MarkupBytes, finalUrl: string) => ReadWritten | undefined;

/** @param paths by pick; without fields records are what is there. */
export interface JsonQuery {
  each: string | undefined;
  next: string | undefined;
  paths: readonly { path: string; all: boolean }[];
  fields: readonly WrittenField[];
}

/** Undefined when the paths need the parser. */
export function jsonScan(query: JsonQuery): JsonScan | undefined {
  const paths = compiledPaths(query);
  if (typeof paths === 'string') return undefined;
  const { fields } = query;
  const plan = { kind: 'json', paths, picks: query.paths.length, fields, isWhole: fields.length === 0 } as const;
  return (document, finalUrl) => {
    try {
      return written(plan, asUtf8(document), finalUrl);
    } catch (error) {
      if (error instanceof Unfollowed) return undefined;
      throw error;
    }
  };
}

/** Why JSON is parsed for this query, for people; undefined = it is scanned. */
export function parseReason(query: JsonQuery): string | undefined {
  const paths = compiledPaths(query);
  return typeof paths === 'string' ? paths : undefined;
}

/** The paths, or why they need the parser. */
function compiledPaths({ each, next, paths, fields }: JsonQuery): JsonPaths | string {
  const pages: Wanted[] = next === undefined ? [] : [{ path: next, leadsTo: JSON_NEXT, all: false, from: 'root' }];
  if (fields.length === 0) {
    return bitsOf([...pages, { path: each ?? '$', leadsTo: JSON_WHOLE, all: true, from: 'root' }]);
  }
  const records: Wanted[] = each === undefined ? [] : [{ path: each, leadsTo: JSON_RECORD, all: true, from: 'root' }];
  const from = each === undefined ? 'root' : 'record';
  const picks = paths.map(({ path, all }, leadsTo): Wanted => ({ path, leadsTo, all, from }));
  return fieldsFault(fields) ?? bitsOf([...pages, ...records, ...picks]);
}

interface Wanted {
  path: string;
  leadsTo: number;
  all: boolean;
  from: 'root' | 'record';
}
function bitsOf(wanted: Wanted[]): JsonPaths | string {
  const made: JsonPaths = {
    steps: [],
    any: 0n,
    root: { steps: 0n, ends: 0n },
    record: { steps: 0n, ends: 0n },
    toRecords: 0n,
  };
  for (const { path, leadsTo, all, from } of wanted) {
    const steps = stepsOf(path);
    if (steps === undefined) return `${path} has more than names, places and wildcards`;
    if (!steps.every(isFollowed)) return `${path} counts from the end`;
    const bit = 1n << BigInt(made.steps.length);
    if (steps.length === 0) {
      made[from].ends |= bit;
      made.steps.push({ kind: STEP_NONE, name: Buffer.alloc(0), index: 0, leadsTo, all });
    } else made[from].steps |= bit;
    for (const [i, step] of steps.entries()) {
      if (step === EACH) made.any |= 1n << BigInt(made.steps.length);
      made.steps.push(stepOf(step, i === steps.length - 1 ? leadsTo : -1, all));
    }
    if (leadsTo === JSON_RECORD) made.toRecords = 1n << BigInt(made.steps.length - 1);
  }
  return made.steps.length > STEPS_MAX ? `more than ${String(STEPS_MAX)} steps in all paths` : made;
}

/** Places from the end are known at the end alone. */
const isFollowed = (step: Step): boolean => typeof step !== 'number' || (step >= 0 && step < 2 ** 31);

function stepOf(step: Step, leadsTo: number, all: boolean): JsonStep {
  const of = { name: Buffer.alloc(0), index: 0, leadsTo, all };
  if (step === EACH) return { ...of, kind: STEP_EACH };
  return typeof step === 'number'
    ? { ...of, kind: STEP_INDEX, index: step }
    : { ...of, kind: STEP_NAME, name: Buffer.from(step) };
}
