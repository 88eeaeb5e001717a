/** Tenant secrets: their names can be read, their values only be written. */
import { secretBody } from '../bodies.ts';
import { pageRequest, pageShape } from '../parameters.ts';
import { defineRoute, okWith, replyTo } from '../route.ts';
import type { Route } from '../route.ts';
import { strict } from '../task-values.ts';

export const SECRET_ROUTES: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/secrets',
    operationId: 'listSecrets',
    tag: 'secrets',
    summary: 'List the names of secrets',
    scope: 'read',
    query: strict(pageShape),
    answers: [{ status: 200, description: 'A page of names', schema: 'SecretPage' }],
    handle: async ({ service, caller, query }) =>
      replyTo(await service.operations.listSecrets(caller, pageRequest(query)), okWith),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/secrets/{secretName}',
    operationId: 'getSecret',
    tag: 'secrets',
    summary: 'When a secret was made and changed',
    scope: 'read',
    answers: [{ status: 200, description: 'The secret without its value', schema: 'Secret' }],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.getSecret(caller, params.secretName ?? ''), okWith),
  }),
  defineRoute({
    method: 'PUT',
    path: '/v1/secrets/{secretName}',
    operationId: 'putSecret',
    tag: 'secrets',
    summary: 'Create a secret or replace its value, which is in use within a minute',
    scope: 'write',
    body: secretBody,
    answers: [{ status: 200, description: 'Stored', schema: 'Secret' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params, body }) =>
      replyTo(await service.operations.putSecret(caller, params.secretName ?? '', body.value), okWith),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/secrets/{secretName}',
    operationId: 'deleteSecret',
    tag: 'secrets',
    summary: 'Delete a secret: runs that name it stop within a minute',
    scope: 'write',
    answers: [{ status: 204, description: 'Deleted' }],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.deleteSecret(caller, params.secretName ?? ''), () => ({ status: 204 })),
  }),
];
