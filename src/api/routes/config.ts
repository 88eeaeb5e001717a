/** The tenant's defaults, versioned. */
import { configBody, configRollbackBody } from '../bodies.ts';
import { matchesStrongly, matchesWeakly, parseCondition } from '../conditions.ts';
import { pageRequest, pageShape } from '../parameters.ts';
import { validation } from '../problems.ts';
import { defineRoute, okWith, replyTo } from '../route.ts';
import type { Reply, Route } from '../route.ts';
import type { ConfigView } from '#core/operations.ts';
import { strict } from '../task-values.ts';

const reply = (view: ConfigView): Reply => ({ status: 200, headers: { etag: view.etag }, body: view });

export const CONFIG_ROUTES: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/config',
    operationId: 'getConfig',
    tag: 'configuration',
    summary: "Read the tenant's defaults; version 0 is the empty configuration",
    scope: 'read',
    headers: ['if-none-match'],
    answers: [
      { status: 200, description: 'The newest version', schema: 'Config', headers: ['etag'] },
      { status: 304, description: 'Still what If-None-Match names', headers: ['etag'] },
    ],
    handle: async ({ service, caller, headers }) =>
      replyTo(await service.operations.getConfig(caller), (view) => {
        const condition = parseCondition(headers['if-none-match'] ?? '');
        const unchanged = condition !== undefined && matchesWeakly(condition, view.etag);
        return unchanged ? { status: 304, headers: { etag: view.etag } } : reply(view);
      }),
  }),
  defineRoute({
    method: 'PUT',
    path: '/v1/config',
    operationId: 'replaceConfig',
    tag: 'configuration',
    summary: "Replace the tenant's defaults: a new version, for runs that start from now on",
    scope: 'write',
    headers: ['if-match'],
    body: configBody,
    answers: [{ status: 200, description: 'The new version', schema: 'Config', headers: ['etag'] }],
    problems: ['precondition-failed'],
    handle: async ({ service, caller, headers, body }) => {
      const condition = headers['if-match'] === undefined ? '*' : parseCondition(headers['if-match']);
      if (condition === undefined)
        return { problem: validation([{ path: 'header.If-Match', message: 'expected * or entity tags' }]) };
      if (condition === '*') return replyTo(await service.operations.putConfig(caller, body), reply);
      const current = await service.operations.getConfig(caller);
      if (!current.ok) return replyTo(current, reply);
      const { etag } = current.value;
      if (!matchesStrongly(condition, etag))
        return { problem: { kind: 'precondition-failed', detail: `the configuration is at ${etag}` } };
      return replyTo(await service.operations.putConfig(caller, body, etag), reply);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/config/versions',
    operationId: 'listConfigVersions',
    tag: 'configuration',
    summary: 'List the versions, newest first, each with who made it, when, and what it changed',
    scope: 'read',
    query: strict(pageShape),
    answers: [{ status: 200, description: 'A page of versions', schema: 'ConfigVersionPage' }],
    handle: async ({ service, caller, query }) =>
      replyTo(await service.operations.listConfigVersions(caller, pageRequest(query)), okWith),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/config/rollback',
    operationId: 'rollbackConfig',
    tag: 'configuration',
    summary: 'Roll back: a new version equal to an old one; 0 empties the configuration',
    scope: 'write',
    body: configRollbackBody,
    answers: [{ status: 200, description: 'The new version', schema: 'Config', headers: ['etag'] }],
    problems: ['precondition-failed', 'not-found'],
    handle: async ({ service, caller, body, once }) =>
      replyTo(await service.operations.rollbackConfig(caller, body.version, once), reply),
  }),
];
