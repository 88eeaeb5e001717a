/** Alerts and what is told of runs, on ports in memory. */
import { describe, expect, it } from 'vitest';
import { judge } from '#core/alerts/incident.ts';
import { mailOf } from '#core/alerts/mail.ts';
import type { CloudEvent } from '#core/alerts/notice.ts';
import { tellRun } from '#core/alerts/run-news.ts';
import { verifyWebhook } from '#core/alerts/webhook.ts';
import { WEBHOOK_RETRY_MS } from '#core/limits.ts';
import { fire } from '#core/steps/fire.ts';
import { notify } from '#core/steps/notify.ts';
import { sweep } from '#core/steps/sweep.ts';
import { readRun } from '#core/store.ts';
import type { AlertsSpec } from '#core/task.ts';
import { caller, MemoryWorld, START, task } from '#support/memory-world.ts';
import { ok } from '#support/run-outcome.ts';

const HOOK = 'https://hooks.example/gleaner';
const world = (): Promise<MemoryWorld> => new MemoryWorld().open();
const alerts = async (w: MemoryWorld) => ok(await w.service.listAlerts(caller, {}, { limit: 100 })).items;
const spec = (change: Partial<AlertsSpec>, source = ['https://a.example/1', 'https://a.example/2']) =>
  task({
    source: { urls: source },
    retry: { attempts: 1, baseSeconds: 0, maxSeconds: 0 },
    alerts: { notify: [{ webhook: HOOK }], ...change },
  });
const told = async (w: MemoryWorld): Promise<string[]> => {
  await w.until(notify({ ...w.ports, fetcher: w.outgoing.fetcher }));
  return w.told.map(({ type }) => type);
};
async function run(w: MemoryWorld, document: ReturnType<typeof spec>): Promise<string> {
  const id = await w.startRun(document);
  await w.play(id);
  return id;
}
const failing = (share: 'all' | 'none') => (w: MemoryWorld) => {
  w.web = ({ url }) => ({ status: share === 'all' && url.includes('a.example') ? 404 : 200 });
};

describe('an alert', () => {
  it('is raised once, and resolved by the run that is as it should be', async () => {
    const w = await world();
    failing('all')(w);
    const bad = [await run(w, spec({ errorRate: 0.5 })), await run(w, spec({ errorRate: 0.5 }))];
    expect(await alerts(w)).toMatchObject([
      { state: 'raised', rule: 'errorRate', value: 1, limit: 0.5, runId: bad[0] },
    ]);
    failing('none')(w);
    const good = await run(w, spec({ errorRate: 0.5 }));
    expect(await alerts(w)).toMatchObject([{ state: 'resolved', runId: bad[0], resolvedBy: good }]);
    failing('all')(w);
    await run(w, spec({ errorRate: 0.5 }));
    expect((await alerts(w)).map(({ state }) => state)).toEqual(['raised', 'resolved']);
    const types = await told(w);
    expect(types.filter((type) => type.startsWith('gleaner.alert'))).toEqual(['gleaner.alert.raised', 'gleaner.alert.resolved', 'gleaner.alert.raised']); // prettier-ignore
    expect(new Set(w.told.map(({ id }) => id)).size).toBe(w.told.length);
  });

  it('is listed by state and task', async () => {
    const w = await world();
    failing('all')(w);
    await run(w, spec({ errorRate: 0.5, minRecords: 1 }));
    const list = async (filter: object) => ok(await w.service.listAlerts(caller, filter, { limit: 1 }));
    expect((await list({ state: 'raised' })).items).toHaveLength(1);
    expect((await list({ state: 'raised' })).nextCursor).toBeDefined();
    expect((await list({ state: 'resolved' })).items).toEqual([]);
    expect((await list({ taskId: 'other' })).items).toEqual([]);
    const stranger = { ...caller, tenant: 'other' };
    expect(ok(await w.service.listAlerts(stranger, {}, { limit: 10 })).items).toEqual([]);
  });

  it('is raised by one of two that judge at once, and not by a judgement of before', async () => {
    const w = await world();
    const at = (time: number, isOk: boolean) =>
      judge(w.ports, { tenant: 'acme', taskId: 'test', rule: 'errorRate', ok: isOk, value: 1, limit: 0, detail: '', at: time }, () => Promise.resolve([])); // prettier-ignore
    await Promise.all([at(10, false), at(10, false), at(11, false)]);
    expect(await alerts(w)).toHaveLength(1);
    await at(20, true);
    await at(15, false);
    await at(20, false);
    expect((await alerts(w)).map(({ state }) => state)).toEqual(['resolved']);
    await at(21, false);
    await at(19, true);
    expect((await alerts(w)).map(({ state }) => state)).toEqual(['raised', 'resolved']);
  });

  it('tells when what a task requires goes missing from one run to the next', async () => {
    const w = await world();
    const document = spec({ missingFields: 0.2 });
    w.web = () => ({ body: 'fine' });
    await run(w, document);
    w.web = () => ({ body: 'unreadable' });
    const second = await run(w, document);
    expect(await alerts(w)).toMatchObject([{ rule: 'missingFields', value: 1, state: 'raised', runId: second }]);
    // As bad as before: nothing jumps any more.
    await run(w, document);
    expect(await alerts(w)).toMatchObject([{ state: 'resolved' }]);
  });

  it('is raised while a run goes on for too long, by the sweep, once', async () => {
    const w = await world();
    const id = await w.startRun(spec({ maxMinutes: 5 }));
    const { plan } = await import('#core/steps/plan.ts');
    await w.until(plan(w.ports, { tenant: 'acme', runId: id, attempt: 0, round: 0 }));
    for (const minutes of [4, 6, 7]) {
      w.clock.moveTo(START + minutes * 60_000);
      await w.until(sweep(w.ports));
      expect(await alerts(w), String(minutes)).toHaveLength(minutes > 5 ? 1 : 0);
    }
    expect(await alerts(w)).toMatchObject([{ rule: 'maxMinutes', runId: id, state: 'raised' }]);
  });

  it('is raised when a due run could not be started, and resolved by the next that was', async () => {
    const w = await world();
    const schedule = { cron: '0 * * * *', timezone: 'UTC', overlap: 'allow' as const };
    ok(await w.service.createTask(caller, { ...spec({}), schedule }));
    const hour = 3_600_000;
    w.clock.moveTo(START + 3 * hour - 30_000);
    await w.until(sweep(w.ports));
    // The first is lost; the second is late, which is no loss.
    expect(await alerts(w)).toMatchObject([{ rule: 'missedRun', state: 'raised', value: 1 }]);
    w.clock.moveTo(START + 3 * hour);
    await fire(w.ports, { tenant: 'acme', taskId: 'test', dueAt: START + 3 * hour });
    expect(await alerts(w)).toMatchObject([{ rule: 'missedRun', state: 'resolved' }]);
  });

  it('is raised and told wherever the one who judges dies', async () => {
    for (let calls = 1; ; calls++) {
      const w = await world();
      failing('all')(w);
      const id = await w.startRun(spec({ errorRate: 0.5 }));
      const service = w.ports;
      // The run ends with nobody to tell of it.
      let left = 0;
      const dying = new Proxy(w.table, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          return typeof method === 'function'
            ? (...args: unknown[]): unknown => left-- > 0 ? (method as (...a: unknown[]) => unknown).apply(target, args) : Promise.reject(new Error('died')) // prettier-ignore
            : method;
        },
      });
      await w.play(id);
      const ended = await readRun(w.table, 'acme', id);
      if (ended === undefined) throw new Error('no run');
      // As it was before anything was told.
      const { told: _told, ...before } = ended;
      for (const item of [...w.table.peekAll('T#acme#TASK#test', 'ALERT#')]) await w.table.delete(item);
      await w.table.put({ ...(before as object), pk: ended.pk, sk: ended.sk });
      left = calls;
      await tellRun({ ...service, table: dying }, before as never).catch(() => undefined);
      const isDone = left >= 0;
      w.clock.moveTo(w.clock.now() + 180_000);
      await w.until(sweep(w.ports));
      await w.until(sweep(w.ports));
      expect(await alerts(w)).toMatchObject([{ state: 'raised', runId: id }]);
      const types = await told(w);
      expect(types.sort()).toEqual(['gleaner.alert.raised', 'gleaner.run.finished', 'gleaner.run.started']);
      if (isDone) return;
    }
  });
});

describe('mail', () => {
  const MAIL = 'team@shop.example';
  const mailed = spec({ errorRate: 0.5, notify: [{ email: MAIL }, { email: MAIL }] });

  it('is written when an alert is raised and when it is resolved, and about nothing else', async () => {
    const w = await world();
    failing('all')(w);
    const bad = await run(w, mailed);
    await told(w);
    failing('none')(w);
    const good = await run(w, mailed);
    await told(w);
    expect(w.mailed.map(({ to, subject }) => [to, subject])).toEqual([
      [MAIL, '[gleaner] ALERT: errorRate of task test'],
      [MAIL, '[gleaner] RESOLVED: errorRate of task test'],
    ]);
    expect(w.mailed[0]?.text).toContain(`Run:   ${bad}\n`);
    expect(w.mailed[0]?.text).toContain('Found: 1 (limit 0.5)');
    expect(w.mailed[1]?.text).toContain(`Resolved by run: ${good}\n`);
    expect((await alerts(w))[0]?.deliveries).toMatchObject([
      { event: 'raised', to: `mailto:${MAIL}`, state: 'delivered' },
      { event: 'resolved', to: `mailto:${MAIL}`, state: 'delivered' },
    ]);
  });

  it('is tried again where that may help, and given up where it is refused or the stage has no sender', async () => {
    const logged: string[] = [];
    const deliveryBy = async (mails: MemoryWorld['mails']) => {
      const w = await world();
      failing('all')(w);
      await run(w, mailed);
      w.mails = mails;
      const log = { ...w.log, warn: (...given: unknown[]) => void logged.push(JSON.stringify(given)) };
      await w.until(notify({ ...w.ports, log, fetcher: w.outgoing.fetcher }));
      return (await alerts(w))[0]?.deliveries[0];
    };
    expect(await deliveryBy({ send: () => Promise.reject(new Error('throttled')) })).toMatchObject({
      state: 'pending',
      error: 'Error: throttled',
    });
    expect(
      await deliveryBy({ send: () => Promise.resolve({ refused: `MessageRejected: ${MAIL} is not verified` }) }),
    ).toMatchObject({
      state: 'failed',
      attempts: 1,
      error: `MessageRejected: ${MAIL} is not verified`,
    });
    expect(await deliveryBy(undefined)).toMatchObject({ state: 'failed', error: 'this stage has no sender of mail' });
    // The log says what, and not to whom.
    expect(logged).toHaveLength(3);
    expect(logged.join()).toContain('MessageRejected: … is not verified');
    expect(logged.join()).not.toContain('team');
  });

  it('has one line for each thing it says, whatever is in it', () => {
    const data = {
      alertId: 'a',
      taskId: 'x\r\nBcc: all@evil.example',
      rule: 'errorRate',
      value: 1,
      limit: 0.5,
      detail: 'a\u2028b\nc',
    };
    const event = { id: 'i', type: 'gleaner.alert.raised', time: 't', data } as unknown as CloudEvent;
    const { subject, text } = mailOf('a@b.example', event);
    expect(subject).toBe('[gleaner] ALERT: errorRate of task x Bcc: all@evil.example');
    expect(text).toContain('Why:   a b c\n');
    expect(text).not.toContain('\nBcc');
  });
});

describe('webhooks', () => {
  it('are signed, tried again with longer waits, and given up at last', async () => {
    const w = await world();
    await run(w, spec({ errorRate: 0.5 }));
    const bodies: string[] = [];
    const { secret } = ok(await w.service.getWebhookSecret(caller));
    w.web = (request, at) => {
      bodies.push(request.body ?? '');
      expect(verifyWebhook(secret, request.headers, request.body ?? '', at / 1000)).toBe('ok');
      expect(request).toMatchObject({ method: 'POST', redirectsMax: 0, url: HOOK });
      return { status: 500 };
    };
    for (let minute = 0; minute < 1440; minute++) {
      await w.until(notify({ ...w.ports, fetcher: w.outgoing.fetcher }));
      w.clock.moveTo(w.clock.now() + 60_000);
    }
    // Started and finished, each seven times, with one body.
    expect(bodies).toHaveLength(2 * (WEBHOOK_RETRY_MS.length + 1));
    expect(new Set(bodies).size).toBe(2);
    expect(w.counted).toMatchObject({ NoticesGivenUp: 2, NoticesDelivered: 2 });
    expect(w.told).toHaveLength(2);
  });

  it('are not tried again by a receiver that is gone for good', async () => {
    const w = await world();
    w.web = ({ url }) => ({ status: url === HOOK ? 410 : 404 });
    await run(w, spec({ errorRate: 0.5 }));
    await told(w);
    const [alert] = await alerts(w);
    expect(alert?.deliveries).toMatchObject([
      { event: 'raised', to: HOOK, state: 'failed', attempts: 1, error: 'status 410' },
    ]);
  });

  it('that fail leave the bus alone, and the other way round', async () => {
    const w = await world();
    failing('all')(w);
    await run(w, spec({ errorRate: 0.5 }));
    const events = { put: () => Promise.reject(new Error('throttled')) };
    await w.until(notify({ ...w.ports, fetcher: w.outgoing.fetcher, events }));
    expect((await alerts(w))[0]?.deliveries).toMatchObject([{ state: 'delivered', attempts: 1 }]);
    const hooks = w.requests.filter(({ url }) => url === HOOK).length;
    w.clock.moveTo(w.clock.now() + 120_000);
    expect(await told(w)).toContain('gleaner.alert.raised');
    expect(w.requests.filter(({ url }) => url === HOOK)).toHaveLength(hooks);
  });

  it('change their secret: both sign for a day', async () => {
    const w = await world();
    const old = ok(await w.service.getWebhookSecret(caller));
    const once = { seed: 'aa', at: START };
    const rotated = ok(await w.service.rotateWebhookSecret(caller, once));
    expect(rotated).toMatchObject({ previous: old.secret });
    expect(ok(await w.service.rotateWebhookSecret(caller, once))).toEqual(rotated);
    w.clock.moveTo(START + 25 * 3_600_000);
    expect(ok(await w.service.getWebhookSecret(caller))).toEqual({
      secret: rotated.secret,
      rotatedAt: rotated.rotatedAt,
    });
  });
});

describe('runs', () => {
  it('that are paused and stopped are told of, each once', async () => {
    const w = await world();
    const id = await w.startRun(spec({}));
    const { plan } = await import('#core/steps/plan.ts');
    await w.until(plan(w.ports, { tenant: 'acme', runId: id, attempt: 0, round: 0 }));
    ok(await w.service.pauseRun(caller, id));
    ok(await w.service.pauseRun(caller, id));
    ok(await w.service.stopRun(caller, id));
    const { finish } = await import('#core/steps/finish.ts');
    await w.until(finish(w.ports, { tenant: 'acme', runId: id, attempt: 0 }));
    expect((await told(w)).sort()).toEqual(['gleaner.run.paused', 'gleaner.run.started', 'gleaner.run.stopped']);
    expect(w.told.find(({ type }) => type === 'gleaner.run.stopped')).toMatchObject({
      specversion: '1.0',
      subject: `runs/${id}`,
      data: { state: 'STOPPED', stopReason: 'user', taskId: 'test' },
    });
    // Stopped by somebody: nothing was judged.
    expect(await alerts(w)).toEqual([]);
  });
});
