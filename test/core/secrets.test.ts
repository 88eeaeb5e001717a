import { beforeEach, describe, expect, it } from 'vitest';
import type { FetchRequest } from '#core/ports.ts';
import { readRun } from '#core/store.ts';
import type { TaskSpec } from '#core/task.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';

let world: MemoryWorld;
let sent: FetchRequest[];
beforeEach(async () => {
  world = await new MemoryWorld().open();
  sent = [];
  world.web = (request) => {
    sent.push(request);
    return { body: request.url.endsWith('/1') ? 'https://b.example/2 https://a.example/3' : 'x' };
  };
  await world.service.putSecret(caller, 'token', 'Bearer s3cret');
});
const withSecret = (change: Partial<TaskSpec> = {}): TaskSpec => {
  const spec = task(change);
  return { ...spec, fetch: { ...spec.fetch, secretHeaders: { Authorization: 'token' } } };
};
const carried = (): Record<string, boolean> =>
  Object.fromEntries(sent.map(({ url, secretHeaders }) => [url, secretHeaders.Authorization === 'Bearer s3cret']));

describe('secret headers', () => {
  it('go to every URL that the task itself names', async () => {
    const urls = ['https://a.example/1', 'https://b.example/2'];
    const runId = await world.startRun(withSecret({ source: { urls } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect(carried()).toEqual({ 'https://a.example/1': true, 'https://b.example/2': true });
  });

  it('of a crawl go to the origins of its seeds and to no other', async () => {
    const crawl = { seeds: ['https://a.example/1'], depth: 1, scope: 'any', links: 'a[href]', maxTargets: 10 } as const;
    const runId = await world.startRun(withSecret({ source: { crawl: { ...crawl, seeds: [...crawl.seeds] } } }));
    await world.play(runId);
    expect(carried()).toEqual({
      'https://a.example/1': true,
      'https://b.example/2': false,
      'https://a.example/3': true,
    });
  });

  it('that are missing refuse the task and the run, with the header that names them', async () => {
    const made = await world.service.createTask(caller, withSecret({ name: 'first' }));
    expect(made.ok).toBe(true);
    await world.service.deleteSecret(caller, 'token');
    const path = 'fetch.secretHeaders.Authorization';
    for (const refused of [
      await world.service.createTask(caller, withSecret({ name: 'second' })),
      await world.service.replaceTask(caller, 'first', withSecret({ name: 'first' })),
      await world.service.startRun(caller, 'first'),
      await world.service.startInline(caller, withSecret({ name: 'first' })),
    ])
      expect(refused).toMatchObject({ ok: false, refusal: { status: 422, errors: [{ path }] } });
    expect(sent).toEqual([]);
  });

  it('that go between start and plan end the run as FAILED before a request is sent', async () => {
    const runId = await world.startRun(withSecret());
    await world.service.deleteSecret(caller, 'token');
    expect(await world.play(runId)).toBe('FAILED');
    const run = await readRun(world.table, 'acme', runId);
    expect(run?.error).toEqual({ type: 'source', detail: 'fetch.secretHeaders: there is no secret "token"' });
    expect(sent).toEqual([]);
  });

  it('that go while a run is under way stop it with a reason, and no request is sent without them', async () => {
    const runId = await world.startRun(withSecret());
    const state = await world.play(runId, async () => {
      await world.service.deleteSecret(caller, 'token');
      await world.drain();
    });
    expect(state).toBe('STOPPED');
    expect((await readRun(world.table, 'acme', runId))?.stopReason).toBe('secretMissing');
    expect(sent).toEqual([]);
  });

  it('stand in no row and no line of the log', async () => {
    const rows: string[] = [];
    world.table.onWrite = ({ after }) => void rows.push(JSON.stringify(after ?? {}));
    await world.service.putSecret(caller, 'token', 'Bearer other-s3cret');
    await world.play(await world.startRun(withSecret()));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.join() + JSON.stringify(world.lines)).not.toMatch(/s3cret/);
  });
});
