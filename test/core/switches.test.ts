/** The operator's switches: what is one, who asks for them how often, and what becomes of runs; in virtual time. */
import { describe, expect, it } from 'vitest';
import { SWITCH_POLL_MS, SWITCH_READ_MS, SWITCH_TAKEOVER_MS } from '#core/limits.ts';
import { SWITCHES_KEY } from '#core/names.ts';
import { SourceFailure, type ReadSitemap } from '#core/context.ts';
import { finish } from '#core/steps/finish.ts';
import { plan } from '#core/steps/plan.ts';
import { sweep } from '#core/steps/sweep.ts';
import { readRun } from '#core/store.ts';
import { NO_SWITCHES, parseSwitches, switchBoard, SWITCHES_SCHEMA, type OperatorConfig } from '#core/switches.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';
import { ok, urls } from '#support/run-outcome.ts';

describe('a document', () => {
  it.each([
    ['{}', NO_SWITCHES],
    ['{"pauseNewRuns":true}', { ...NO_SWITCHES, pauseNewRuns: true }],
    ['{"pauseTenants":["acme"],"pauseHosts":["a.example:8080"]}', { ...NO_SWITCHES, pauseTenants: ['acme'], pauseHosts: ['a.example:8080'] }],
    ['{"pauseNewRuns":1}', undefined],
    ['{"pauseTenants":"acme"}', undefined],
    ['{"pauseTenants":["Acme"]}', undefined],
    ['{"pause":true}', undefined],
    ['[]', undefined],
    ['', undefined],
  ])('%s', (text, switches) => {
    expect(parseSwitches(text)).toEqual(switches);
  }); // prettier-ignore
  it('has the fields that its validator knows', () => {
    expect(Object.keys(SWITCHES_SCHEMA.properties).sort()).toEqual(Object.keys(NO_SWITCHES).sort());
  });
});

/** AppConfig, and two sandboxes that ask it. */
async function rig() {
  const world = await new MemoryWorld().open();
  const config = { text: '{}', isDown: false, asked: [0, 0] };
  const operator = (who: 0 | 1): OperatorConfig => ({
    get isOpen() {
      return (config.asked[who] ?? 0) > 0;
    },
    latest() {
      config.asked[who] = (config.asked[who] ?? 0) + 1;
      return config.isDown ? Promise.reject(new Error('out of reach')) : Promise.resolve(config.text);
    },
  });
  const { table, clock, log } = world;
  const boards = [0, 1].map((who) => switchBoard({ table, clock, log, operator: operator(who as 0 | 1) }));
  const now = (who: number) => world.until((boards[who] ?? boards[0])?.now() ?? Promise.reject(new Error('no board')));
  const later = (ms: number): void => world.clock.moveTo(world.clock.now() + ms);
  return { world, config, now, later };
}

describe('the board', () => {
  it('is asked for by one sandbox and read by all, within the time that is promised', async () => {
    const { config, now, later } = await rig();
    expect(await now(0)).toEqual(NO_SWITCHES);
    expect(await now(1)).toEqual(NO_SWITCHES);
    config.text = '{"pauseNewRuns":true}';
    for (let passed = 0; passed <= SWITCH_TAKEOVER_MS + SWITCH_READ_MS; passed += SWITCH_READ_MS) {
      later(SWITCH_READ_MS);
      await now(1);
      await now(0);
    }
    expect([await now(0), await now(1)]).toEqual(Array(2).fill({ ...NO_SWITCHES, pauseNewRuns: true }));
    // The second one never needed to ask.
    expect(config.asked[1]).toBe(0);
    expect(SWITCH_TAKEOVER_MS + SWITCH_READ_MS).toBeLessThan(60_000);
  });

  it('is taken over when whoever asked is gone', async () => {
    const { config, now, later } = await rig();
    await now(0);
    config.text = '{"cacheOnly":true}';
    later(SWITCH_POLL_MS + 1);
    expect((await now(1)).cacheOnly).toBe(false);
    later(SWITCH_TAKEOVER_MS);
    expect((await now(1)).cacheOnly).toBe(true);
  });

  it('keeps what was known when AppConfig is out of reach, and when it tells nonsense', async () => {
    const { world, config, now, later } = await rig();
    config.text = '{"pauseTenants":["acme"]}';
    expect((await now(0)).pauseTenants).toEqual(['acme']);
    config.isDown = true;
    later(SWITCH_TAKEOVER_MS);
    expect((await now(0)).pauseTenants).toEqual(['acme']);
    Object.assign(config, { isDown: false, text: '{"pauseTenant":[]}' });
    later(SWITCH_TAKEOVER_MS);
    expect((await now(0)).pauseTenants).toEqual(['acme']);
    expect(world.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
    // A sandbox that starts now knows it too, from the row.
    later(SWITCH_READ_MS);
    expect((await now(1)).pauseTenants).toEqual(['acme']);
    await world.table.put({ ...SWITCHES_KEY, kind: 'switches', askedAt: world.clock.now(), text: 'nonsense' });
    later(SWITCH_READ_MS);
    expect((await now(1)).pauseTenants).toEqual(['acme']);
  });
});

describe('runs', () => {
  const minutePasses = async (world: MemoryWorld): Promise<void> => {
    world.clock.moveTo(world.clock.now() + 61_000);
    await world.until(sweep(world.ports));
  };

  it.each([{ pauseNewRuns: true }, { pauseTenants: ['acme'] }, { cacheOnly: true }])('that are new wait under %j, and go when it is lifted', async (off) => {
    const world = await new MemoryWorld().open();
    world.switches = { ...NO_SWITCHES, ...off };
    const runId = await world.startRun(task({ source: { urls: urls(3) } }));
    expect(ok(await world.service.getRun(caller, runId))).toMatchObject({ state: 'QUEUED', heldBy: 'operator' });
    await minutePasses(world);
    expect(world.executions.has(runId)).toBe(false);
    const before = await readRun(world.table, 'acme', runId);
    world.switches = NO_SWITCHES;
    await minutePasses(world);
    expect(world.executions.get(runId)).toMatchObject({ attempt: 0 });
    const after = await readRun(world.table, 'acme', runId);
    expect(after).not.toHaveProperty('heldBy');
    // Its time begins when it may start.
    expect(after?.deadlineAt).toBeGreaterThan((before?.deadlineAt ?? 0) + 120_000);
    expect(await world.play(runId)).toBe('SUCCEEDED');
  }); // prettier-ignore

  it('that wait can be stopped, and their targets have an end', async () => {
    const world = await new MemoryWorld().open();
    world.switches = { ...NO_SWITCHES, pauseNewRuns: true };
    const runId = await world.startRun(task({ source: { urls: urls(3) } }));
    ok(await world.service.stopRun(caller, runId));
    expect(world.executions.has(runId)).toBe(true);
    expect(await world.play(runId)).toBe('STOPPED');
  });

  it.each([{ pauseTenants: ['acme'] }, { cacheOnly: true }])(
    'under %j rest without a request, keep their time, and go on to the end',
    async (off) => {
      const world = await new MemoryWorld().open();
      const runId = await world.startRun(task({ source: { urls: urls(40) }, pace: { requestsPerSecond: 10, concurrency: 4, adapt: false } })); // prettier-ignore
      world.web = () => {
        if (world.requests.length >= 10) world.switches = { ...NO_SWITCHES, ...off };
        return {};
      };
      let at = 0;
      const state = await world.play(runId, async () => {
        await world.drain(1, undefined, 1);
        at = world.requests.length;
        expect(at).toBeLessThan(40);
        await minutePasses(world);
        await world.drain();
        const held = ok(await world.service.getRun(caller, runId));
        expect(held).toMatchObject({ state: 'PAUSED', heldBy: 'operator' });
        await minutePasses(world);
        await world.drain();
        expect(world.requests).toHaveLength(at);
        Object.assign(world, { web: () => ({}), switches: NO_SWITCHES });
        await minutePasses(world);
        await world.drain();
      });
      expect(state).toBe('SUCCEEDED');
      expect(ok(await world.service.getRun(caller, runId)).progress).toMatchObject({ discovered: 40, collected: 40 });
    },
  );

  it('that are reading their source when nothing may leave go back into the queue, and are planned when it is lifted', async () => {
    const world = await new MemoryWorld().open();
    const say = (text: string) =>
      world.table.put({ ...SWITCHES_KEY, kind: 'switches', askedAt: world.clock.now(), text });
    const spec = task({ source: { sitemap: 'https://a.example/sitemap.xml' } });
    const runId = await world.startRun(spec);
    const readSitemap: ReadSitemap = async function* (_, fetch) {
      const index = await fetch('https://a.example/sitemap.xml');
      if (!index.ok) throw new SourceFailure('no sitemap');
      world.switches = { ...NO_SWITCHES, cacheOnly: true };
      if (world.requests.length === 1) await say('{"cacheOnly":true}');
      await fetch('https://a.example/second.xml');
      yield { kind: 'url', url: 'https://a.example/1' };
    };
    const planned = (attempt: number) =>
      world.until(plan({ ...world.ports, readSitemap }, { tenant: 'acme', runId, attempt, round: 0 }));
    expect(await planned(0)).toMatchObject({ proceed: false, grace: false });
    // The execution that goes to its end now ends nothing.
    await world.until(finish(world.ports, { tenant: 'acme', runId, attempt: 0 }));
    const asked = world.requests.length;
    expect(ok(await world.service.getRun(caller, runId))).toMatchObject({ state: 'QUEUED', heldBy: 'operator' });
    await minutePasses(world);
    expect([world.executions.get(runId), world.requests.length]).toEqual([{ attempt: 0 }, asked]);
    await say('{}');
    world.switches = NO_SWITCHES;
    await minutePasses(world);
    expect(world.executions.get(runId)).toEqual({ attempt: 1 });
    expect(await planned(1)).toMatchObject({ proceed: true, shards: 1 });
  });

  it.each([
    ['fails when its host stays paused', false],
    ['goes on when its host is let go', true],
  ])('whose plan reads a sitemap asks a paused host for nothing, and %s', async (_, isLetGo) => {
    const world = await new MemoryWorld().open();
    const say = (text: string) =>
      world.table.put({ ...SWITCHES_KEY, kind: 'switches', askedAt: world.clock.now(), text });
    await say('{"pauseHosts":["a.example"]}');
    const runId = await world.startRun(task({ source: { sitemap: 'https://a.example/sitemap.xml' } }));
    const readSitemap: ReadSitemap = async function* (_, fetch) {
      if (isLetGo) world.clock.at(world.clock.now() + 100, () => void say('{}'));
      const index = await fetch('https://a.example/sitemap.xml');
      if (!index.ok) throw new SourceFailure(index.detail);
      yield { kind: 'url', url: 'https://a.example/1' };
    };
    const planned = await world.until(
      plan({ ...world.ports, readSitemap }, { tenant: 'acme', runId, attempt: 0, round: 0 }),
    );
    expect(planned.proceed).toBe(isLetGo);
    expect(world.requests).toHaveLength(isLetGo ? 1 : 0);
    await world.until(finish(world.ports, { tenant: 'acme', runId, attempt: 0 }));
    if (!isLetGo) expect(ok(await world.service.getRun(caller, runId)).state).toBe('FAILED');
  });

  it('are not tried on a page while nothing may leave to it', async () => {
    const world = await new MemoryWorld().open();
    for (const off of [{ cacheOnly: true }, { pauseTenants: ['acme'] }, { pauseHosts: ['a.example'] }]) {
      world.switches = { ...NO_SWITCHES, ...off };
      const refused = await world.service.preview(caller, task(), 'https://a.example/1');
      expect(refused).toMatchObject({ ok: false, refusal: { status: 409 } });
    }
    expect(world.requests).toEqual([]);
  });

  it('ask a paused host nothing, and the others go on', async () => {
    const world = await new MemoryWorld().open();
    world.switches = { ...NO_SWITCHES, pauseHosts: ['a.example'] };
    const both = [...urls(3), 'https://other.example/1', 'https://other.example/2'];
    const runId = await world.startRun(task({ source: { urls: both } }));
    const hosts = (): string[] => [...new Set(world.requests.map(({ url }) => new URL(url).host))];
    const state = await world.play(runId, async () => {
      await world.drain(1, undefined, 3);
      expect(hosts()).toEqual(['other.example']);
      world.switches = NO_SWITCHES;
      await world.drain();
    });
    expect(state).toBe('SUCCEEDED');
    expect(ok(await world.service.getRun(caller, runId)).progress.collected).toBe(5);
  });
});
