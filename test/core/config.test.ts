/** A tenant's defaults: what they fill, what they leave alone, and that a run means the same for ever. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTask } from '#api/task-schema.ts';
import { checkExtract } from '#extract/check.ts';
import { configSchema } from '#api/config-schema.ts';
import { differences, givenOf, withDefaults, type Defaults } from '#core/defaults.ts';
import { configKey, configVersionKey } from '#core/names.ts';
import { readRun, taskOfRun } from '#core/store.ts';
import type { Once } from '#core/operations.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';
import { ok } from '#support/run-outcome.ts';

const SOURCE = { urls: ['https://a.example/'] };
const judging = { check: checkExtract };
const parsed = (document: object) => {
  const result = parseTask({ name: 'small', source: SOURCE, ...document }, judging);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
};
const under = (document: object, defaults: Defaults) => {
  const { task: spec, given } = parsed(document);
  return withDefaults(spec, given, defaults);
};

describe('defaults', () => {
  it('fill what the document does not name, and nothing else', () => {
    const defaults: Defaults = {
      fetch: { timeoutSeconds: 7, headers: { 'X-Team': 'ours', Accept: 'text/html' } },
      pace: { requestsPerSecond: 1, concurrency: 2 },
      limits: { maxMinutes: 5 },
      priority: 'low',
    };
    const filled = under({ fetch: { headers: { accept: 'text/plain' } }, pace: { concurrency: 9 } }, defaults);
    expect(filled.fetch).toMatchObject({ timeoutSeconds: 7, maxBytes: 5 * 1024 * 1024 });
    expect(filled.fetch.headers).toEqual({ 'X-Team': 'ours', accept: 'text/plain' });
    expect(filled.pace).toMatchObject({ requestsPerSecond: 1, concurrency: 9 });
    expect(filled).toMatchObject({ limits: { maxMinutes: 5, maxTargets: 1_000_000 }, priority: 'low' });
    expect(under({ priority: 'normal' }, defaults).priority).toBe('normal');
  });

  it('bring alerts to tasks that have none, and what is missing to those that have some', () => {
    const defaults: Defaults = { alerts: { errorRate: 0.1, notify: [{ email: 'a@b.example' }] } };
    expect(under({}, defaults).alerts).toEqual({ errorRate: 0.1, notify: [{ email: 'a@b.example' }] });
    expect(under({ alerts: { errorRate: 0.5 } }, defaults).alerts).toEqual({ errorRate: 0.5, notify: [{ email: 'a@b.example' }] }); // prettier-ignore
    expect(under({ alerts: { notify: [] } }, { alerts: { minRecords: 3 } }).alerts).toEqual({ minRecords: 3, notify: [] }); // prettier-ignore
  });

  it('leave a document that names everything, and one from before, as it is', () => {
    const { task: spec, given } = parsed({});
    expect(withDefaults(spec, undefined, { pace: { concurrency: 1 } })).toBe(spec);
    // Sent back as it was read, a task names all its fields.
    expect(withDefaults(spec, givenOf(spec), { pace: { concurrency: 1 }, priority: 'high' })).toEqual(spec);
    expect(withDefaults(spec, given, {})).toEqual(spec);
  });

  it('give a task that is a task: what the schema takes stays so', () => {
    const defaults = fc.record(
      {
        pace: fc.record({ requestsPerSecond: fc.integer({ min: 1, max: 9 }), concurrency: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }), // prettier-ignore
        retry: fc.record({ attempts: fc.integer({ min: 1, max: 10 }) }, { requiredKeys: [] }),
        limits: fc.record({ maxRecords: fc.option(fc.integer({ min: 1, max: 9 })), maxCostUsd: fc.constant(0.5) }, { requiredKeys: [] }), // prettier-ignore
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(defaults, defaults, (document, config) => {
        expect(configSchema.safeParse(config).success).toBe(true);
        const filled = under(document, config);
        expect(parseTask(filled, judging)).toMatchObject({ ok: true, task: filled });
        expect(filled).toMatchObject(document);
      }),
    );
  });

  it.each([
    [{ source: SOURCE }],
    [{ pace: { requestsPerSecond: 0 } }],
    [{ fetch: { timeout: 3 } }],
    [{ alerts: { notify: [{ webhook: 'http://plain.example/' }] } }],
    [[]],
  ])('are judged by the rules of the task: %j is none', (config) => {
    expect(configSchema.safeParse(config).success).toBe(false);
  });

  it('tell what changed', () => {
    expect(differences({ pace: { concurrency: 1, adapt: true } }, { pace: { concurrency: 2 }, priority: 'low' })).toEqual([
      { path: 'pace.adapt', from: true },
      { path: 'pace.concurrency', from: 1, to: 2 },
      { path: 'priority', to: 'low' },
    ]); // prettier-ignore
  });
});

describe('versions', () => {
  it('are made, listed with their changes, compared, and rolled back', async () => {
    const { service } = await new MemoryWorld().open();
    expect(ok(await service.getConfig(caller))).toEqual({ version: 0, etag: '"c0"', config: {} });
    const first = ok(await service.putConfig(caller, { pace: { concurrency: 2 } }, '"c0"'));
    expect(first).toMatchObject({ version: 1, etag: '"c1"', updatedBy: caller.keyId });
    ok(await service.putConfig(caller, { pace: { concurrency: 3 }, priority: 'low' }));
    expect(await service.putConfig(caller, {}, '"c1"')).toMatchObject({ ok: false, refusal: { status: 412 } });
    const once: Once = { seed: 'a'.repeat(64), at: 0 };
    const back = ok(await service.rollbackConfig(caller, 1, once));
    expect(back).toMatchObject({ version: 3, config: { pace: { concurrency: 2 } } });
    expect(ok(await service.rollbackConfig(caller, 1, once)).version).toBe(3); // the answer was lost
    expect(await service.rollbackConfig(caller, 9)).toMatchObject({ ok: false, refusal: { status: 404 } });
    const page = ok(await service.listConfigVersions(caller, { limit: 2 }));
    expect(page.items.map(({ version, changes }) => [version, changes.map(({ path }) => path)])).toEqual([
      [3, ['pace.concurrency', 'priority']],
      [2, ['pace.concurrency', 'priority']],
    ]);
    const rest = ok(await service.listConfigVersions(caller, { limit: 2, cursor: page.nextCursor ?? '' }));
    expect(rest.items).toMatchObject([{ version: 1, changes: [{ path: 'pace.concurrency', to: 2 }] }]);
    expect(ok(await service.getConfig({ ...caller, tenant: 'other' })).version).toBe(0);
  });

  it('cannot ignore robots.txt without the permission to', async () => {
    const { service } = await new MemoryWorld().open();
    const refused = await service.putConfig(caller, { fetch: { robots: 'ignore' } });
    expect(refused).toMatchObject({ ok: false, refusal: { status: 403 } });
  });
});

describe('a run', () => {
  it('keeps the defaults it started with, whatever becomes of them', async () => {
    const world = await new MemoryWorld().open();
    const spec = task({ source: SOURCE });
    ok(await world.service.createTask(caller, spec, undefined, []));
    ok(await world.service.putConfig(caller, { limits: { maxMinutes: 5 }, retry: { attempts: 2 } }));
    const { id, configVersion } = ok(await world.service.startRun(caller, spec.name));
    expect(configVersion).toBe(1);
    ok(await world.service.putConfig(caller, { retry: { attempts: 9 } }));
    const run = await readRun(world.table, 'acme', id);
    if (run === undefined) throw new Error('no run');
    expect(run.deadlineAt).toBe(run.createdAt + 5 * 60_000);
    const does = await taskOfRun(world.table, run);
    expect([does.limits.maxMinutes, does.retry.attempts]).toEqual([5, 2]);
    expect(await world.play(id)).toBe('SUCCEEDED');
  });

  it('finds its version in the head while the history does not have it yet', async () => {
    const world = await new MemoryWorld().open();
    const spec = task({ source: SOURCE });
    ok(await world.service.createTask(caller, spec, undefined, []));
    ok(await world.service.putConfig(caller, { retry: { attempts: 2 } }));
    await world.table.delete(configVersionKey('acme', 1)); // the writer died before this
    const { id } = ok(await world.service.startRun(caller, spec.name));
    const run = await readRun(world.table, 'acme', id);
    if (run === undefined) throw new Error('no run');
    expect((await taskOfRun(world.table, run)).retry.attempts).toBe(2);
    ok(await world.service.putConfig(caller, {}));
    expect((await taskOfRun(world.table, run)).retry.attempts).toBe(2);
    expect(await world.table.get(configKey('acme'))).toMatchObject({ version: 2 });
  });
});
