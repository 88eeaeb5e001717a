/** Dead letters: targets no worker survived and messages nobody could handle. */
import { deadLettersBody } from '../bodies.ts';
import { pageRequest, pageShape, runIdFilter } from '../parameters.ts';
import { defineRoute, okWith, replyTo } from '../route.ts';
import type { Route } from '../route.ts';
import { strict } from '../task-values.ts';

export const DEAD_LETTER_ROUTES: Route[] = [
  defineRoute({
    method: 'GET',
    path: '/v1/dead-letters',
    operationId: 'listDeadLetters',
    tag: 'dead letters',
    summary: 'List targets that no worker survived and messages that nobody could handle',
    scope: 'read',
    query: strict({ runId: runIdFilter, ...pageShape }),
    answers: [{ status: 200, description: 'A page of dead letters', schema: 'DeadLetterPage' }],
    handle: async ({ service, caller, query }) => {
      const filter = query.runId === undefined ? {} : { runId: query.runId };
      return replyTo(await service.operations.listDeadLetters(caller, filter, pageRequest(query)), okWith);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/dead-letters/redrive',
    operationId: 'redriveDeadLetters',
    tag: 'dead letters',
    summary: 'Try dead letters again, each in its run',
    scope: 'write',
    body: deadLettersBody,
    answers: [{ status: 200, description: 'Which were taken up and which were not', schema: 'DeadLettersRedriven' }],
    handle: async ({ service, caller, body }) => {
      const ids = body.ids === undefined ? undefined : [...new Set(body.ids)];
      return replyTo(await service.operations.redriveDeadLetters(caller, ids), okWith);
    },
  }),
];
