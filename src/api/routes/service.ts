/** Uploads, signing keys, health and the OpenAPI document. */
import { emptyBody } from '../bodies.ts';
import { dayFilter } from '../parameters.ts';
import { defineRoute, okWith, replyTo } from '../route.ts';
import type { Route } from '../route.ts';
import { strict } from '../task-values.ts';

export const SERVICE_ROUTES: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/uploads',
    operationId: 'createUpload',
    tag: 'uploads',
    summary: 'A place to PUT a list of targets, which a task then names by upload:ID',
    scope: 'write',
    body: emptyBody,
    answers: [{ status: 201, description: 'Where to PUT the list', schema: 'Upload' }],
    handle: async ({ service, caller, once }) =>
      replyTo(await service.operations.createUpload(caller, once), (view) => ({ status: 201, body: view })),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/usage',
    operationId: 'getUsage',
    tag: 'usage',
    summary: 'What runs used and cost, by day',
    scope: 'read',
    query: strict({
      from: dayFilter('First day, UTC; by default the thirtieth before the last'),
      to: dayFilter('Last day, UTC; by default today'),
    }),
    answers: [{ status: 200, description: 'Every day of the span, and their sum', schema: 'Usage' }],
    handle: async ({ service, caller, query }) => replyTo(await service.operations.usage(caller, query), okWith),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/signing-keys',
    operationId: 'listSigningKeys',
    tag: 'results',
    summary: 'The public keys that manifests are signed with; a manifest signed with another one is not of this API',
    scope: 'read',
    answers: [{ status: 200, description: 'All keys, those of old manifests too', schema: 'SigningKeys' }],
    handle: async ({ service }) => okWith({ items: await service.operations.signingKeys() }),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/health',
    operationId: 'getHealth',
    tag: 'service',
    summary: 'Is the API there, which one, and what has the operator switched off',
    scope: 'none',
    answers: [{ status: 200, description: 'It is', schema: 'Health' }],
    handle: async ({ service }) => {
      const { version, region } = service;
      // The board answers even when its row cannot be read; that the API is there must not depend on it either.
      const switches = await service.operations.switches().catch(() => undefined);
      return okWith({ status: 'ok', version, region, ...(switches && { switches }) });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/openapi.json',
    operationId: 'getOpenApi',
    tag: 'service',
    summary: 'This document',
    scope: 'none',
    answers: [{ status: 200, description: 'OpenAPI 3.1', schema: 'OpenApi' }],
    handle: async ({ service }) => okWith(await service.openApi()),
  }),
];
