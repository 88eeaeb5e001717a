/** Tenants and their API keys: for operators all of them, for everybody else its own. */
import type { CreatedKey, TenantView } from '#core/operations.ts';
import { createKeyBody, createTenantBody, rotateKeyBody, tenantSettingsBody } from '../bodies.ts';
import { pageRequest, pageShape } from '../parameters.ts';
import { defineRoute, okWith, replyTo } from '../route.ts';
import type { Reply, Route } from '../route.ts';
import { strict } from '../task-values.ts';

const pageQuery = strict(pageShape);

const createdTenant = (view: TenantView): Reply => ({
  status: 201,
  headers: { location: `/v1/tenants/${encodeURIComponent(view.id)}` },
  body: view,
});
/** The key leaves in this one answer; what is remembered for a repetition is without it. */
const createdKey = (view: CreatedKey): Reply => {
  const { key: _, ...repeated } = view;
  const headers = { location: `/v1/tenants/${encodeURIComponent(view.tenantId)}/keys/${view.id}` };
  return { status: 201, headers, body: view, repeated };
};
const CREATED_KEY = {
  status: 201,
  description: 'The key, shown this once',
  schema: 'CreatedKey',
  headers: ['location'],
} as const;
const until = (expiresAt: string | undefined): { notAfter?: number } =>
  expiresAt === undefined ? {} : { notAfter: Date.parse(expiresAt) };

export const TENANT_ROUTES: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/tenants',
    operationId: 'createTenant',
    tag: 'tenants',
    summary: 'Create a tenant (operators)',
    scope: 'admin',
    body: createTenantBody,
    answers: [{ status: 201, description: 'Created', schema: 'Tenant', headers: ['location'] }],
    handle: async ({ service, caller, body: { id, ...settings }, once }) =>
      replyTo(await service.operations.createTenant(caller, id, settings, once), createdTenant),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tenants',
    operationId: 'listTenants',
    tag: 'tenants',
    summary: 'List tenants: all for an operator, its own for everybody else',
    scope: 'admin',
    query: pageQuery,
    answers: [{ status: 200, description: 'A page of tenants', schema: 'TenantPage' }],
    handle: async ({ service, caller, query }) =>
      replyTo(await service.operations.listTenants(caller, pageRequest(query)), okWith),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tenants/{tenantId}',
    operationId: 'getTenant',
    tag: 'tenants',
    summary: 'Read a tenant',
    scope: 'admin',
    answers: [{ status: 200, description: 'The tenant', schema: 'Tenant' }],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.getTenant(caller, params.tenantId ?? ''), okWith),
  }),
  defineRoute({
    method: 'PUT',
    path: '/v1/tenants/{tenantId}',
    operationId: 'replaceTenant',
    tag: 'tenants',
    summary: 'Replace the quotas, permissions and addresses of a tenant (operators)',
    scope: 'admin',
    body: tenantSettingsBody,
    answers: [{ status: 200, description: 'The tenant as it is now', schema: 'Tenant' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params, body }) =>
      replyTo(await service.operations.replaceTenant(caller, params.tenantId ?? '', body), okWith),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/tenants/{tenantId}/keys',
    operationId: 'createKey',
    tag: 'tenants',
    summary: 'Create an API key: it is shown once and stored as a hash',
    scope: 'admin',
    body: createKeyBody,
    answers: [CREATED_KEY],
    handle: async ({ service, caller, params, body: { expiresAt, ...request }, once }) => {
      const wanted = { ...request, ...until(expiresAt) };
      return replyTo(await service.operations.createKey(caller, params.tenantId ?? '', wanted, once), createdKey);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tenants/{tenantId}/keys',
    operationId: 'listKeys',
    tag: 'tenants',
    summary: 'List the API keys of a tenant, without the keys themselves',
    scope: 'admin',
    query: pageQuery,
    answers: [{ status: 200, description: 'A page of keys', schema: 'ApiKeyPage' }],
    handle: async ({ service, caller, params, query }) =>
      replyTo(await service.operations.listKeys(caller, params.tenantId ?? '', pageRequest(query)), okWith),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/tenants/{tenantId}/keys/{keyId}',
    operationId: 'revokeKey',
    tag: 'tenants',
    summary: 'Revoke an API key: the next request with it is refused',
    scope: 'admin',
    answers: [{ status: 204, description: 'Revoked, now or before' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params }) => {
      const outcome = await service.operations.revokeKey(caller, params.tenantId ?? '', params.keyId ?? '');
      return replyTo(outcome, () => ({ status: 204 }));
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/tenants/{tenantId}/keys/{keyId}/rotate',
    operationId: 'rotateKey',
    tag: 'tenants',
    summary: 'Make a new key in the place of one that goes on working for a while',
    scope: 'admin',
    body: rotateKeyBody,
    answers: [CREATED_KEY],
    handle: async ({ service, caller, params, body: { overlapSeconds, expiresAt }, once }) => {
      const { tenantId = '', keyId = '' } = params;
      const rotation = { overlapSeconds, ...until(expiresAt) };
      return replyTo(await service.operations.rotateKey(caller, tenantId, keyId, rotation, once), createdKey);
    },
  }),
];
