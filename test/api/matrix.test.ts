/**
 * Every route of the OpenAPI document against every kind of key, on the real service: a route that is added stands in the
 * document and so in this matrix. Nothing that one tenant owns may show, or change, for another.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { openApiDocument } from '#api/openapi.ts';
import type { Scope } from '#core/operations.ts';
import { goodBody, goodQuery } from './good-requests.ts';
import { fillIn, json, KINDS, realApi, routeOf, type KeyKind, type RealApi } from './real-api.ts';

interface Operation {
  operationId: string;
  security?: unknown[];
  description?: string;
}
const { paths } = openApiDocument('1.0.0') as { paths: Record<string, Record<string, Operation>> };
const operations = Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);
type Documented = (typeof operations)[number];
/** As the document says it, so that the document itself is held to what the routes do. */
const scopeOf = (operation: Documented): Scope | 'none' =>
  operation.security?.length === 0
    ? 'none'
    : ((/scope `(\w+)`/.exec(operation.description ?? '')?.[1] as Scope | undefined) ?? 'admin');

const RANK: Record<Scope, number> = { read: 1, write: 2, admin: 3 };
const OWN: Partial<Record<KeyKind, number>> = { read: 1, write: 2, admin: 3 };
const DEAD = new Set<KeyKind>(['none', 'malformed', 'unknown', 'expired', 'revoked']);
/** What is the same for everybody who has a key at all. */
const PUBLIC = new Set(['listSigningKeys']);
/** PUT under a name of one's own choice: another tenant gets a thing of its own, and acme's stays what it is. */
const MAKES = new Set(['putSecret', 'putHost']);

let api: RealApi;
/** Keys of acme's rows that were written since all was made ready. */
let touched: string[];
beforeEach(async () => {
  api = await realApi();
  touched = [];
  api.world.table.onWrite = ({ before, after }) => {
    const { pk, sk } = after ?? before ?? { pk: '', sk: '' };
    if (pk === 'T#acme' || pk.startsWith('T#acme#')) touched.push(`${pk} ${sk}`);
  };
});
const ask = (operation: Documented, kind: KeyKind) => {
  const [body, query] = [goodBody(operation.operationId), goodQuery(operation.operationId)];
  return api.send(`${operation.method} ${fillIn(operation.path, api.ids)}`, {
    key: api.keys[kind],
    ...(body !== undefined && { body }),
    ...(query && { query }),
  });
};

it('covers every route of the document, and each of them is one of the table', () => {
  expect(operations.length).toBeGreaterThan(30);
  for (const { operationId } of operations) expect(routeOf(operationId), operationId).toBeDefined();
});

describe.each(operations)('$method $path', (operation) => {
  const scope = scopeOf(operation);

  it.each(KINDS.filter((kind) => DEAD.has(kind)))('with a key that is %s: 401, and nothing happens', async (kind) => {
    const response = await ask(operation, kind);
    if (scope === 'none') return expect(response.status).toBe(200);
    expect(response.status, response.body).toBe(401);
    expect(response.headers['www-authenticate']).toMatch(/^Bearer realm="gleaner"/);
    expect(touched).toEqual([]);
  });

  it.each(['read', 'write', 'admin'] as const)('with the own scope %s', async (kind) => {
    const response = await ask(operation, kind);
    const enough = scope === 'none' || (OWN[kind] ?? 0) >= RANK[scope];
    if (enough)
      return expect([401, 403].includes(response.status) && !isOperators(operation), response.body).toBe(false);
    expect(response.status, response.body).toBe(403);
    expect(touched).toEqual([]);
  });

  it("with another tenant's admin: what acme owns is not there, not told and not touched", async () => {
    const response = await ask(operation, 'otherAdmin');
    expect(touched).toEqual([]);
    if (scope === 'none' || PUBLIC.has(operation.operationId)) return;
    const named = operation.path.includes('{');
    if (named && !MAKES.has(operation.operationId)) expect(response.status, response.body).toBe(404);
    expect(await api.world.secrets.read('acme', api.ids.secretName)).toBe('a value of acme');
    // An id that was asked for may be repeated in the refusal; nothing else of acme may.
    const told = named ? String(json(response).title) : response.body;
    for (const secret of [api.ids.runId, api.ids.keyId, '"acme"', api.keys.admin, 'a value of acme'])
      expect(told).not.toContain(secret);
  });

  it('with an operator: tenants and keys, and nothing of what a tenant collects', async () => {
    const response = await ask(operation, 'operator');
    if (operation.path.startsWith('/v1/tenants')) return expect(response.status, response.body).toBeLessThan(300);
    expect(touched).toEqual([]);
    if (operation.path.includes('{') && !MAKES.has(operation.operationId))
      expect(response.status, response.body).toBe(404);
  });
});

/** 403 for an admin too, since its tenant is none. */
const isOperators = ({ operationId }: Documented): boolean =>
  operationId === 'createTenant' || operationId === 'replaceTenant';
