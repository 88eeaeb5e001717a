import { describe, expect, it } from 'vitest';
import { matchesStrongly, matchesWeakly, parseCondition } from '#api/conditions.ts';
import { client, json } from './client.ts';
import { SMALL } from './task-documents.ts';

describe('entity tags', () => {
  it.each(['', 'v1', '"v1', '"v1",', '"a" "b"', 'w/"a"', '*, "a"', '"a b"'])('%j is no condition', (header) => {
    expect(parseCondition(header)).toBeUndefined();
  });
  it.each([
    ['*', true, true],
    ['"v1"', true, true],
    ['W/"v1"', false, true],
    ['"v0", "v1"', true, true],
    ['"v0",W/"v1"', false, true],
    ['"v2"', false, false],
  ])('%s matches "v1" strongly: %s, weakly: %s', (header, strongly, weakly) => {
    const condition = parseCondition(header) ?? [];
    expect([matchesStrongly(condition, '"v1"'), matchesWeakly(condition, '"v1"')]).toEqual([strongly, weakly]);
  });
});

describe('If-Match', () => {
  it.each([
    ['"v1"', 200, 204],
    ['*', 200, 204],
    ['"v0", "v1"', 200, 204],
    ['"v0"', 412, 412],
    ['W/"v1"', 412, 412],
    ['"v0", "v9"', 412, 412],
    ['v1', 400, 400],
  ])('%s: replace %i, delete %i', async (header, replaced, deleted) => {
    for (const [method, status] of [
      ['PUT', replaced],
      ['DELETE', deleted],
    ] as const) {
      const { send } = client();
      await send('POST /v1/tasks', { body: SMALL });
      const response = await send(`${method} /v1/tasks/small`, { body: SMALL, headers: { 'if-match': header } });
      expect(response.status, method).toBe(status);
    }
  });

  it('* is not met by a task that is not there', async () => {
    const response = await client().send('DELETE /v1/tasks/small', { headers: { 'if-match': '*' } });
    expect(response.status).toBe(412);
  });

  it('lets one of two writers win', async () => {
    const { send } = client();
    const { headers } = await send('POST /v1/tasks', { body: SMALL });
    const put = () => send('PUT /v1/tasks/small', { body: SMALL, headers: { 'if-match': headers.etag } });
    const statuses = (await Promise.all([put(), put()])).map((response) => response.status);
    expect(statuses.sort()).toEqual([200, 412]);
  });
});

describe('If-None-Match', () => {
  it.each([
    ['"v1"', 304],
    ['W/"v1"', 304],
    ['*', 304],
    ['"v2"', 200],
    ['nonsense', 200],
  ])('%s: %i', async (header, status) => {
    const { send } = client();
    await send('POST /v1/tasks', { body: SMALL });
    const response = await send('GET /v1/tasks/small', { headers: { 'if-none-match': header } });
    expect([response.status, response.headers.etag]).toEqual([status, '"v1"']);
    expect(response.body === '').toBe(status === 304);
  });
});

describe('versions', () => {
  it('grow by replacing and by rolling back', async () => {
    const { send } = client();
    await send('POST /v1/tasks', { body: SMALL });
    await send('PUT /v1/tasks/small', { body: { ...SMALL, description: 'second' } });
    const back = json(await send('POST /v1/tasks/small/rollback', { body: { version: 1 } }));
    expect(back).toMatchObject({ version: 3, etag: '"v3"' });
    expect(back.task).not.toHaveProperty('description');
    expect(json(await send('GET /v1/tasks/small/versions')).items).toHaveLength(3);
    expect((await send('POST /v1/tasks/small/rollback', { body: { version: 9 } })).status).toBe(404);
  });
});
