/** Alerts, and the secret that webhooks are signed with. */
import { emptyBody } from '../bodies.ts';
import { alertStateFilter, pageRequest, pageShape, taskIdFilter } from '../parameters.ts';
import { defineRoute, okWith, replyTo, UNCHANGED, watchedWith } from '../route.ts';
import type { Route } from '../route.ts';
import { strict } from '../task-values.ts';

export const ALERT_ROUTES: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/alerts',
    operationId: 'listAlerts',
    tag: 'alerts',
    summary: 'List alerts, newest first, with the fate of what was told of them',
    scope: 'read',
    headers: ['if-none-match'],
    query: strict({ taskId: taskIdFilter, state: alertStateFilter, ...pageShape }),
    answers: [{ status: 200, description: 'A page of alerts', schema: 'AlertPage', headers: ['etag'] }, UNCHANGED],
    handle: async ({ service, caller, headers, query }) => {
      const filter = {
        ...(query.taskId === undefined ? {} : { taskId: query.taskId }),
        ...(query.state === undefined ? {} : { state: query.state }),
      };
      return replyTo(await service.operations.listAlerts(caller, filter, pageRequest(query)), watchedWith(headers));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/webhook-secret',
    operationId: 'getWebhookSecret',
    tag: 'alerts',
    summary: 'The secret that webhooks are signed with (Standard Webhooks)',
    scope: 'admin',
    answers: [{ status: 200, description: 'The secret', schema: 'WebhookSecret' }],
    handle: async ({ service, caller }) => replyTo(await service.operations.getWebhookSecret(caller), okWith),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/webhook-secret/rotate',
    operationId: 'rotateWebhookSecret',
    tag: 'alerts',
    summary: 'Change the secret that webhooks are signed with; for a day the one before signs too',
    scope: 'admin',
    body: emptyBody,
    answers: [{ status: 200, description: 'The new secret, and the one before', schema: 'WebhookSecret' }],
    problems: ['conflict'],
    handle: async ({ service, caller, once }) =>
      replyTo(await service.operations.rotateWebhookSecret(caller, once), okWith),
  }),
];
