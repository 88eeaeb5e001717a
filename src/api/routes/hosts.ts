/** The pace of hosts: what it is and why, and the word of a tenant or an operator on it. */
import { hostBody } from '../bodies.ts';
import { hostScope, pageRequest, pageShape } from '../parameters.ts';
import { defineRoute, okWith, replyTo, UNCHANGED, watchedWith } from '../route.ts';
import type { Route } from '../route.ts';
import { strict } from '../task-values.ts';

export const HOST_ROUTES: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/hosts',
    operationId: 'listHosts',
    tag: 'hosts',
    summary: 'The hosts this tenant has had targets in during the last days, with their pace now',
    scope: 'read',
    headers: ['if-none-match'],
    query: strict(pageShape),
    answers: [
      { status: 200, description: 'A page of hosts, by name', schema: 'HostPage', headers: ['etag'] },
      UNCHANGED,
    ],
    handle: async ({ service, caller, headers, query }) =>
      replyTo(await service.operations.listHosts(caller, pageRequest(query)), watchedWith(headers)),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/hosts/{host}',
    operationId: 'getHost',
    tag: 'hosts',
    summary: 'The pace of a host now, and why it is that',
    scope: 'read',
    answers: [{ status: 200, description: 'Rate, limit, what waits, what was refused', schema: 'Host' }],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.getHost(caller, params.host ?? ''), okWith),
  }),
  defineRoute({
    method: 'PUT',
    path: '/v1/hosts/{host}',
    operationId: 'putHost',
    tag: 'hosts',
    summary: 'Cap a host or stop it; every worker obeys within 60 s',
    scope: 'write',
    body: hostBody,
    answers: [{ status: 200, description: 'The host as it is now', schema: 'Host' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params, body: { stop, ...rest } }) =>
      replyTo(
        await service.operations.putHost(caller, params.host ?? '', { ...rest, ...(stop === true && { stop }) }),
        okWith,
      ),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/hosts/{host}',
    operationId: 'deleteHost',
    tag: 'hosts',
    summary: 'Take back the cap or stop that a PUT of the same scope has set',
    scope: 'write',
    query: strict({ scope: hostScope }),
    answers: [{ status: 204, description: 'Taken back' }],
    handle: async ({ service, caller, params, query }) =>
      replyTo(await service.operations.deleteHost(caller, params.host ?? '', query.scope), () => ({ status: 204 })),
  }),
];
