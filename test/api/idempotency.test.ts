import { describe, expect, it } from 'vitest';
import { ROUTES } from '#api/route-table.ts';
import { client, json, started } from './client.ts';
import { fill, goodRequest } from './good-requests.ts';
import { SMALL } from './task-documents.ts';

const withKey = (key: string) => ({ headers: { 'idempotency-key': key } });

describe('Idempotency-Key', () => {
  it('gives the first answer again and does nothing twice', async () => {
    const { send, operations } = client();
    const first = await send('POST /v1/tasks', { body: SMALL, ...withKey('a') });
    const again = await send('POST /v1/tasks', { body: SMALL, ...withKey('a') });
    expect(first.status).toBe(201);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true', location: '/v1/tasks/small', etag: '"v1"' });
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(operations.calls).toEqual(['createTask']);
  });

  const posts = ROUTES.filter(({ method }) => method === 'POST');
  it.each(posts)('is taken by POST $path', async (route) => {
    const made = await started();
    const { send, operations } = made;
    const sent = { key: 'admin-key', ...(await goodRequest(route, made)), ...withKey('a') };
    const before = operations.calls.length;
    const first = await send(`POST ${fill(route.path)}`, sent);
    const again = await send(`POST ${fill(route.path)}`, sent);
    expect(first.status, first.body).toBeLessThan(300);
    // An API key is shown once, and what is remembered holds none.
    const { key, ...shownAgain } = json(first);
    expect([again.status, json(again)]).toEqual([first.status, shownAgain]);
    expect(key !== undefined).toBe(route.operationId === 'createKey' || route.operationId === 'rotateKey');
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(operations.calls).toHaveLength(before + 1);
  });

  it.each(['createTask', 'rollbackTask', 'startRun', 'startInlineRun', 'redriveRun', 'createUpload'])(
    'names what %s creates; without a key nothing does',
    async (operationId) => {
      const route = posts.find((post) => post.operationId === operationId);
      for (const { headers, onces } of [
        { ...withKey('a'), onces: [{ seed: 'of acme/a', at: Date.parse('2026-11-24T00:00:00Z') }] },
        { headers: {}, onces: [] },
      ]) {
        const made = await started();
        const good = await goodRequest({ operationId }, made);
        await made.send(`POST ${fill(route?.path ?? '')}`, { ...good, headers });
        expect(made.operations.onces).toEqual(onces);
      }
    },
  );

  it('gives a refusal again, although it would end otherwise now', async () => {
    const { send } = client();
    expect((await send('POST /v1/tasks/small/runs', withKey('a'))).status).toBe(404);
    await send('POST /v1/tasks', { body: SMALL });
    expect((await send('POST /v1/tasks/small/runs', withKey('a'))).status).toBe(404);
    expect((await send('POST /v1/tasks/small/runs', withKey('b'))).status).toBe(202);
  });

  it.each([
    ['another body', 'POST /v1/tasks', { ...SMALL, description: 'x' }],
    ['another path', 'POST /v1/runs', { task: SMALL }],
  ])('is refused with %s', async (_, route, body) => {
    const { send } = client();
    await send('POST /v1/tasks', { body: SMALL, ...withKey('a') });
    const other = json(await send(route, { body, ...withKey('a') }));
    expect(other).toMatchObject({ status: 422, type: 'urn:gleaner:problem:idempotency-key-reused' });
  });

  it('belongs to its tenant', async () => {
    const { send } = client();
    await send('POST /v1/tasks', { body: SMALL, ...withKey('a') });
    const other = await send('POST /v1/tasks', { body: SMALL, key: 'other-key', ...withKey('a') });
    expect(other.headers).not.toHaveProperty('idempotent-replayed');
    expect(other.status).toBe(201);
  });

  it('answers 409 while the first request is under way', async () => {
    const { send, operations } = client();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const create = operations.createTask.bind(operations);
    operations.createTask = async (...given) => {
      await gate;
      return create(...given);
    };
    const first = send('POST /v1/tasks', { body: SMALL, ...withKey('a') });
    const second = await send('POST /v1/tasks', { body: SMALL, ...withKey('a') });
    expect([second.status, second.headers['retry-after']]).toEqual([409, '1']);
    release();
    expect((await first).status).toBe(201);
  });

  it('is free again after a bug and after a passing refusal', async () => {
    const { send, operations } = client();
    operations.failure = new Error('bug');
    expect((await send('POST /v1/tasks', { body: SMALL, ...withKey('a') })).status).toBe(500);
    const create = operations.createTask.bind(operations);
    operations.createTask = () =>
      Promise.resolve({ ok: false, refusal: { status: 429, title: 'Slower', detail: 'quota' } });
    expect((await send('POST /v1/tasks', { body: SMALL, ...withKey('a') })).status).toBe(429);
    operations.createTask = create;
    expect((await send('POST /v1/tasks', { body: SMALL, ...withKey('a') })).status).toBe(201);
  });

  it('gives the answer even when it cannot be remembered', async () => {
    const { send, operations, errors } = client();
    const lost = new Error('table is down');
    operations.remember = () => Promise.reject(lost);
    expect((await send('POST /v1/tasks', { body: SMALL, ...withKey('a') })).status).toBe(201);
    expect(errors).toEqual([lost]);
  });

  it('is not spent on a request that is not valid', async () => {
    const { send } = client();
    expect((await send('POST /v1/tasks', { body: {}, ...withKey('a') })).status).toBe(400);
    expect((await send('POST /v1/tasks', { body: SMALL, ...withKey('a') })).status).toBe(201);
  });

  it.each(['', ' a', 'x'.repeat(256), 'é', 'a\tb'])('%j is none', async (key) => {
    const response = await client().send('POST /v1/tasks', { body: SMALL, ...withKey(key) });
    expect(json(response)).toMatchObject({ status: 400, errors: [{ path: 'header.Idempotency-Key' }] });
  });

  it('is left alone where it means nothing', async () => {
    const { send, operations } = client();
    expect((await send('GET /v1/tasks', withKey('a'))).status).toBe(200);
    expect(operations.deeds.size).toBe(0);
  });
});
