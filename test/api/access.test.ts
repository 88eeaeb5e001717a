import { describe, expect, it } from 'vitest';
import { LATER_ROUTES } from '#api/routes/later.ts';
import { ROUTES } from '#api/route-table.ts';
import { ANSWERS } from '#api/answers.ts';
import { problemSchema } from '#api/views-schema.ts';
import type { Scope } from '#core/operations.ts';
import { client, json, RUN, started } from './client.ts';
import { fill, goodRequest } from './good-requests.ts';

describe('who may do what', () => {
  const all = [...ROUTES, ...LATER_ROUTES];
  const cases = all.flatMap((route) =>
    (['', 'read-key', 'write-key', 'admin-key'] as const).map((key) => ({
      route,
      key,
      name: `${route.method} ${route.path}`,
    })),
  );
  const RANK: Record<Scope, number> = { read: 1, write: 2, admin: 3 };
  const KEY_RANK = { '': 0, 'read-key': 1, 'write-key': 2, 'admin-key': 3 };

  it.each(cases)('$name with the key "$key"', async ({ route, key }) => {
    const made = await started();
    const good = 'operationId' in route ? await goodRequest(route, made) : {};
    const response = await made.send(`${route.method} ${fill(route.path)}`, { key, ...good });
    if (route.scope === 'none') expect(response.status).toBe(200);
    else if (key === '') {
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toBe('Bearer realm="gleaner"');
    } else if (KEY_RANK[key] < RANK[route.scope]) {
      expect(response.status).toBe(403);
      expect(response.headers['www-authenticate']).toContain(`scope="${route.scope}"`);
    } else if ('handle' in route) {
      const answer = route.answers.find(({ status }) => status === response.status);
      expect(answer, `${String(response.status)} ${response.body}`).toBeDefined();
      if (answer?.schema) expect(ANSWERS[answer.schema].parse(json(response))).toEqual(json(response));
      for (const header of answer?.headers ?? []) expect(response.headers).toHaveProperty(header);
    } else expect(json(response)).toMatchObject({ status: 501, type: 'urn:gleaner:problem:not-available-yet' });
    if (response.status >= 400) expect(problemSchema.parse(json(response))).toEqual(json(response));
  });

  it.each(['Bearer', 'Basic d3JpdGUta2V5', 'Bearer nobody', 'write-key', `Bearer ${'x'.repeat(600)}`])(
    'refuses the authorization %j',
    async (authorization) => {
      const response = await client().send('GET /v1/tasks', { key: '', headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toContain('error="invalid_token"');
    },
  );

  it('shows one tenant nothing of another', async () => {
    const { send } = await started();
    expect((await send('GET /v1/tasks/small', { key: 'other-key' })).status).toBe(404);
    expect((await send(`GET /v1/runs/${RUN}`, { key: 'other-key' })).status).toBe(404);
    expect(json(await send('GET /v1/tasks', { key: 'other-key' }))).toEqual({ items: [] });
  });
});

describe('what is not there', () => {
  it.each(['/', '/v1', '/v1/tasks/', '/v2/tasks', '/v1/tasks/a/b', '/v1/tasks/%ZZ', '/v1/runs//records', '/v1/nope'])(
    '%s is 404',
    async (path) => {
      expect((await client().send(`GET ${path}`)).status).toBe(404);
    },
  );
  it.each(['/v1/tasks/UPPER', '/v1/tasks/a%2Fb', '/v1/runs/short', '/v1/runs/..'])(
    'the id in %s is 404',
    async (path) => {
      const { send, errors } = client();
      expect(json(await send(`GET ${path}`))).toMatchObject({ type: 'urn:gleaner:problem:not-found' });
      expect(errors).toEqual([]);
    },
  );
  it.each([
    ['PATCH /v1/tasks/small', 'DELETE, GET, HEAD, PUT'],
    ['DELETE /v1/runs', 'GET, HEAD, POST'],
    ['GET /v1/uploads', 'POST'],
    ['OPTIONS /v1/hosts/a.example', 'DELETE, GET, HEAD, PUT'],
  ])('%s is 405 and says what is', async (route, allow) => {
    const response = await client().send(route);
    expect([response.status, response.headers.allow]).toEqual([405, allow]);
  });
});
