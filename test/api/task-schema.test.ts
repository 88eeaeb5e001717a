import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { TaskSpec } from '#core/task.ts';
import type { taskSchema } from '#api/task-schema.ts';
import { parseTask } from '#api/task-schema.ts';
import { FULL, SOURCES } from './task-documents.ts';

/** Selectors have their own tests in the extract room. */
const options = { check: () => [] };
const errorsOf = (input: unknown): Record<string, string> => {
  const parsed = parseTask(input, options);
  return parsed.ok ? {} : Object.fromEntries(parsed.errors.map(({ path, message }) => [path, message]));
};
const from = (source: object): object => ({ name: 'small', source });

describe('a task document', () => {
  it('has the type of the core, both ways', () => {
    expectTypeOf<z.output<typeof taskSchema>>().toExtend<TaskSpec>();
    expectTypeOf<TaskSpec>().toExtend<z.output<typeof taskSchema>>();
  });

  it('is taken in full, and unchanged', () => {
    const parsed = parseTask(FULL, options);
    expect(parsed).toMatchObject({ ok: true, task: FULL });
  });

  it.each(Object.entries(SOURCES))('takes the source %s', (_, source) => {
    expect(errorsOf(from(source))).toEqual({});
  });

  it('gets its defaults', () => {
    const parsed = parseTask({ name: 'c', source: { crawl: { seeds: ['https://a.example/'] } } }, options);
    expect(parsed).toEqual({
      ok: true,
      given: [],
      warnings: [],
      task: {
        name: 'c',
        source: {
          crawl: { seeds: ['https://a.example/'], depth: 3, scope: 'host', links: 'a[href]', maxTargets: 10000 },
        },
        fetch: {
          headers: {},
          secretHeaders: {},
          timeoutSeconds: 30,
          maxBytes: 5242880,
          redirects: 5,
          robots: 'respect',
          cache: 'off',
        },
        extract: { format: 'none', fields: {}, keepBody: 'none' },
        pace: { requestsPerSecond: 5, concurrency: 8, adapt: true },
        retry: { attempts: 4, baseSeconds: 1, maxSeconds: 300 },
        limits: { maxTargets: 1000000, maxMinutes: 1440, maxRecords: null, maxCostUsd: null },
        output: { format: 'ndjson' },
        priority: 'normal',
      },
    });
  });

  it('names what this release does not act upon', () => {
    const parsed = parseTask(FULL, options);
    const named = parsed.ok ? parsed.warnings.map((warning) => warning.split(':')[0]) : [];
    expect(named).toEqual(['alerts.notify']);
  });
});

describe('refusals', () => {
  it('tells all errors at once, those of selectors among them', () => {
    const check = () => [
      { path: 'extract.fields.a', message: 'bad selector' },
      { path: 'source', message: 'said already' },
    ];
    const parsed = parseTask({ name: 'A', source: {}, extract: { fields: { a: '::' } }, x: 1 }, { check });
    expect(parsed.ok ? [] : parsed.errors.map((error) => error.path)).toEqual([
      'name',
      'x',
      'source',
      'extract.fields.a',
    ]);
  });

  it('judges the selectors of all parts that are sound', () => {
    const seen: unknown[] = [];
    const check = (spec: object, links?: string) => {
      seen.push(spec, links);
      return [];
    };
    const extract = {
      each: '.a',
      x: 1,
      keepBody: 'all',
      key: ['b'],
      fields: { a: 'h1', b: { css: 'h2', as: 'money' } },
    };
    parseTask({ source: { crawl: { seeds: ['https://a.example/'], links: 'area' } }, extract }, { check });
    expect(seen).toEqual([{ format: 'auto', each: '.a', fields: { a: 'h1' }, keepBody: 'none' }, 'area']);
  });

  it('bounds their number', () => {
    const parsed = parseTask(from({ urls: Array.from({ length: 500 }, (_, i) => `bad ${String(i)}`) }), options);
    expect(parsed.ok ? 0 : parsed.errors.length).toBe(101);
    expect(parsed.ok ? '' : parsed.errors.at(-1)?.message).toBe('and 400 more errors');
  });

  it('hands selectors to the extract room with the places they stand in', () => {
    const seen: unknown[] = [];
    const check = (...given: unknown[]) => {
      seen.push(given);
      return [];
    };
    parseTask(from({ crawl: { seeds: ['https://a.example/'], links: 'area' } }), { check });
    parseTask(from({ follow: { url: 'https://a.example/', next: { css: '.n' } } }), { check });
    const none = { format: 'none', fields: {}, keepBody: 'none' };
    expect(seen).toEqual([
      [none, 'area', undefined],
      [none, undefined, { css: '.n' }],
    ]);
  });

  it('leaves file: lists to the command line', () => {
    const parsed = parseTask(from({ list: 'file:urls.txt' }), { ...options, allowFileLists: true });
    expect(parsed).toMatchObject({ ok: true, task: { source: { list: 'file:urls.txt' } } });
  });
});

describe('any document at all', () => {
  it('may be endless or very deep and is refused', () => {
    const circular: unknown[] = [];
    circular.push(circular, circular);
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = { a: deep };
    for (const input of [circular, deep, { ...FULL, alerts: circular }])
      expect(parseTask(input, options)).toEqual({
        ok: false,
        errors: [{ path: '', message: 'expected at most 64 levels, got more' }],
      });
  });

  /** Mutations of good documents reach deeper than arbitrary ones. */
  const broken = fc
    .tuple(
      fc.constantFrom(...Object.values(SOURCES)),
      fc.jsonValue(),
      fc.constantFrom(...Object.keys(FULL)),
      fc.nat(50),
    )
    .map(([source, junk, section, pick]) => {
      const document = structuredClone({ ...FULL, source }) as Record<string, unknown>;
      const part = document[section];
      const names = typeof part === 'object' && part !== null ? Object.keys(part) : [];
      const name = names[pick % (names.length + 1)];
      if (name === undefined) document[section] = junk;
      else (part as Record<string, unknown>)[name] = junk;
      return document;
    });

  it('is judged without throwing, in our own words', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.anything(), broken), (input) => {
        const parsed = parseTask(input, options);
        if (parsed.ok) return;
        expect(parsed.errors.length).toBeGreaterThan(0);
        const rules = parsed.errors.map(({ message }) => message.split(', got ')[0] ?? '');
        for (const rule of rules) expect(rule).not.toMatch(/Invalid|Too (big|small)|Unrecognized|!/);
      }),
      { numRuns: 500 },
    );
  });

  it('parses to itself once it was parsed', () => {
    let taken = 0;
    fc.assert(
      fc.property(broken, (input) => {
        const first = parseTask(input, options);
        if (!first.ok) return;
        taken += 1;
        expect(parseTask(structuredClone(first.task), options)).toMatchObject({ ok: true, task: first.task });
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(0);
    for (const source of Object.values(SOURCES)) {
      const first = parseTask(from(source), options);
      const again = first.ok ? parseTask(first.task, options) : first;
      expect(again.ok && again.task).toEqual(first.ok && first.task);
    }
  });
});
