/** Targets that kill their workers, and messages that nobody can handle. */
import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '#core/limits.ts';
import { sweep } from '#core/steps/sweep.ts';
import { work } from '#core/steps/work.ts';
import { MemoryWorld, caller, compileWords, task } from '#support/memory-world.ts';
import { ok, outcome, urls } from '#support/run-outcome.ts';

type Ports = MemoryWorld['ports'];

/** Ports that stop answering for good: a worker that holds them is as dead as one whose process is gone. */
function mortal(ports: Ports, isPoison: (url: string) => boolean): Ports {
  let dead = false;
  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown =>
          dead ? Promise.reject(new Error('the worker is dead')) : (member.apply(target, args) as unknown);
      },
    });
  return {
    ...ports,
    table: guard(ports.table),
    objects: guard(ports.objects),
    queue: guard(ports.queue),
    pace: guard(ports.pace),
    compileExtractor: async (plan) => {
      const extractor = await compileWords(plan);
      return {
        extract: (document) => {
          if (isPoison(document.url)) dead = true;
          return extractor.extract(document);
        },
      };
    },
  };
}

/** Works at whatever is queued, with one mortal worker after the other; sweeps find what they leave. */
async function drainMortally(world: MemoryWorld, isPoison: (url: string) => boolean): Promise<{ deaths: number }> {
  let deaths = 0;
  for (let rounds = 0; rounds < 200; rounds++) {
    for (let entry = world.queued.shift(); entry !== undefined; entry = world.queued.shift()) {
      world.clock.moveTo(entry.at);
      const worker = mortal(world.ports, isPoison);
      await world.until(work(worker, entry.message, world.clock.now() + 900_000)).catch(() => deaths++);
    }
    world.clock.moveTo(world.clock.now() + LEASE_MS + 60_000);
    await world.until(sweep(world.ports));
    if (world.queued.length === 0) break;
  }
  return { deaths };
}

describe('a target that kills its worker', () => {
  it('ends alone, with its shard-mates collected, and can be read and tried again', async () => {
    const world = await new MemoryWorld().open();
    const poison = 'https://a.example/17';
    const runId = await world.startRun(task({ source: { urls: urls(40) } }));
    let deaths = 0;
    const state = await world.play(runId, async () => {
      ({ deaths } = await drainMortally(world, (url) => url === poison));
    });
    expect(state).toBe('PARTIAL');
    const { run, ledger } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ discovered: 40, collected: 39, failed: 1 });
    expect(ledger.find(({ bucket }) => bucket === 'failed')).toMatchObject({ url: poison, reason: 'extract' });
    expect(deaths).toBeLessThan(20);

    const letters = ok(await world.service.listDeadLetters(caller, {}, { limit: 10 })).items;
    expect(letters).toMatchObject([{ kind: 'target', runId, url: poison }]);
    const [letter] = letters;
    const nowhere = `${runId}.r000p001s000000.99`;
    const redriven = ok(await world.service.redriveDeadLetters(caller, [letter?.id ?? '', nowhere, 'nonsense']));
    expect(redriven.redriven).toEqual([letter?.id]);
    expect(redriven.refused.map(({ id }) => id)).toEqual([nowhere, 'nonsense']);
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect((await outcome(world, runId)).run.progress).toMatchObject({ collected: 40, failed: 0 });
    expect(ok(await world.service.listDeadLetters(caller, { runId }, { limit: 10 })).items).toEqual([]);
  });

  it('that stands alone in its shard is found too', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(1) } }));
    expect(await world.play(runId, async () => void (await drainMortally(world, () => true)))).toBe('FAILED');
  });

  it('ends on a host so slow that most leases only find that it is not time yet', async () => {
    const world = await new MemoryWorld().open();
    const pace = { requestsPerSecond: 0.01, concurrency: 1, adapt: false };
    const runId = await world.startRun(task({ source: { urls: urls(2) }, pace }));
    const state = await world.play(runId, async () => void (await drainMortally(world, (url) => url.endsWith('/1'))));
    expect(state).toBe('PARTIAL');
    expect((await outcome(world, runId)).run.progress).toMatchObject({ collected: 1, failed: 1 });
  });

  it('is not tried again while its run is not over', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(4) } }));
    await world.play(runId, async () => {
      await drainMortally(world, (url) => url.endsWith('/2'));
      const { redriven, refused } = ok(await world.service.redriveDeadLetters(caller));
      expect([redriven, refused.length]).toEqual([[], 1]);
      expect(refused[0]?.detail).toContain('only a run that has ended');
    });
  });

  it('an extractor that throws ends its target and nobody else', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(5) } }));
    const ports: Ports = {
      ...world.ports,
      compileExtractor: async (plan) => {
        const extractor = await compileWords(plan);
        return {
          extract: (document) => {
            if (document.url.endsWith('/3')) throw new RangeError('too deep');
            return extractor.extract(document);
          },
        };
      },
    };
    await world.play(runId, async () => {
      for (const { message } of world.queued.splice(0)) await world.until(work(ports, message, Infinity));
    });
    const { ledger, run } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ collected: 4, failed: 1 });
    expect(ledger.find(({ bucket }) => bucket === 'failed')?.detail).toContain('too deep');
  });
});

describe('trouble that is no target’s', () => {
  it('gives the shard back as if it had never been claimed', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(5) } }));
    const answers: string[] = [];
    const state = await world.play(runId, async () => {
      const [entry] = world.queued.splice(0);
      if (entry === undefined) throw new Error('nothing was sent');
      const objects = { ...world.objects, readLines: () => { throw new Error('bucket out of reach'); } }; // prettier-ignore
      for (let i = 0; i < 9; i++) {
        answers.push(await world.until(work({ ...world.ports, objects: objects as never }, entry.message, Infinity)));
        world.clock.moveTo(world.clock.now() + 10_000);
      }
      world.queued.push(entry);
      await world.drain();
    });
    expect(new Set(answers)).toEqual(new Set(['released']));
    expect(state).toBe('SUCCEEDED');
    expect((await outcome(world, runId)).run.progress).toMatchObject({ collected: 5 });
  });
});

describe('a write whose first answer was lost', () => {
  it('is tried again by the port and still counts once', async () => {
    const world = await new MemoryWorld().open();
    // Every update takes effect, is not answered, and is sent a second time, as an SDK does.
    const { update } = world.table;
    world.table.update = async (...args) => {
      await update.apply(world.table, args);
      return update.apply(world.table, args);
    };
    const pace = { requestsPerSecond: 4, concurrency: 4, adapt: true };
    const runId = await world.startRun(task({ source: { urls: urls(60) }, pace }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const { run, records } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ discovered: 60, collected: 60, records: 60 });
    expect(new Set(records.map(({ url }) => url)).size).toBe(60);
    expect(world.requests).toHaveLength(60);
  });
});

describe('dead messages', () => {
  it('become dead letters of their tenant, and what is no shard message is only told of', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(3) } }));
    const state = await world.play(runId, async () => {
      const [entry] = world.queued.splice(0);
      const body = JSON.stringify(entry?.message);
      world.dead.push(
        { id: 'm-1', receipt: 'r1', body, sentAt: 0 },
        { id: 'm-2', receipt: 'r2', body: 'what is this', sentAt: 0 },
      );
      await world.until(sweep(world.ports));
      expect(world.dead).toEqual([]);
      expect(world.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)).toMatchObject([{ messageId: 'm-2' }]); // prettier-ignore
      const [letter] = ok(await world.service.listDeadLetters(caller, {}, { limit: 10 })).items;
      expect(letter).toMatchObject({ kind: 'message', runId });
      expect(ok(await world.service.redriveDeadLetters(caller)).redriven).toEqual([letter?.id]);
      await world.drain();
    });
    expect(state).toBe('SUCCEEDED');
  });
});
