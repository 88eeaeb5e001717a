/** Runs: start, list, read, pause, resume, stop, redrive. */
import * as z from 'zod';
import type { Once, Overlap, RunView, StartOptions } from '#core/operations.ts';
import { RUN_STATES } from '#core/run.ts';
import { emptyBody, inlineRunBody, startRunBody } from '../bodies.ts';
import { pageRequest, pageShape, taskIdFilter } from '../parameters.ts';
import { defineRoute, okWith, replyTo, UNCHANGED, watchedWith } from '../route.ts';
import type { Reply, Route } from '../route.ts';
import { strict } from '../task-values.ts';

const state = z
  .enum(RUN_STATES, { error: `one of ${RUN_STATES.join(', ')}` })
  .exactOptional()
  .meta({ description: 'Only runs in this state' });

const started = (view: RunView): Reply => ({
  status: 202,
  headers: { location: `/v1/runs/${encodeURIComponent(view.id)}` },
  body: view,
});
const STARTED = {
  status: 202,
  description: 'The run is queued; with waitsFor, behind another run of its task',
  schema: 'Run',
  headers: ['location'],
} as const;

const optionsOf = (body: { overlap?: Overlap }, once: Once | undefined): StartOptions => ({
  ...(body.overlap === undefined ? {} : { overlap: body.overlap }),
  ...(once === undefined ? {} : { once }),
});

export const RUN_ROUTES: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/tasks/{taskId}/runs',
    operationId: 'startRun',
    tag: 'runs',
    summary: 'Run a task',
    scope: 'write',
    body: startRunBody,
    answers: [STARTED],
    problems: ['conflict'],
    handle: async ({ service, caller, params, body, once }) =>
      replyTo(await service.operations.startRun(caller, params.taskId ?? '', optionsOf(body, once)), started),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/runs',
    operationId: 'startInlineRun',
    tag: 'runs',
    summary: 'Run an inline task once',
    scope: 'write',
    body: inlineRunBody,
    answers: [STARTED],
    problems: ['conflict'],
    handle: async ({ service, caller, body, once }) =>
      replyTo(
        await service.operations.startInline(caller, body.task, { ...optionsOf(body, once), given: body.given }),
        started,
      ),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/runs',
    operationId: 'listRuns',
    tag: 'runs',
    summary: 'List runs, newest first',
    scope: 'read',
    headers: ['if-none-match'],
    query: strict({ taskId: taskIdFilter, state, ...pageShape }),
    answers: [{ status: 200, description: 'A page of runs', schema: 'RunPage', headers: ['etag'] }, UNCHANGED],
    handle: async ({ service, caller, headers, query }) => {
      const filter = {
        ...(query.taskId === undefined ? {} : { taskId: query.taskId }),
        ...(query.state === undefined ? {} : { state: query.state }),
      };
      return replyTo(await service.operations.listRuns(caller, filter, pageRequest(query)), watchedWith(headers));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/runs/{runId}',
    operationId: 'getRun',
    tag: 'runs',
    summary: 'Read a run',
    scope: 'read',
    headers: ['if-none-match'],
    answers: [{ status: 200, description: 'The run', schema: 'Run', headers: ['etag'] }, UNCHANGED],
    handle: async ({ service, caller, headers, params }) =>
      replyTo(await service.operations.getRun(caller, params.runId ?? ''), watchedWith(headers)),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/runs/{runId}/stop',
    operationId: 'stopRun',
    tag: 'runs',
    summary: 'Stop a run: no request leaves later than 5 s after the answer',
    scope: 'write',
    body: emptyBody,
    answers: [{ status: 200, description: 'The run as it stands', schema: 'Run' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.stopRun(caller, params.runId ?? ''), okWith),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/runs/{runId}/pause',
    operationId: 'pauseRun',
    tag: 'runs',
    summary: 'Pause a running run: no request leaves later than 5 s after the answer, its time limit stands still',
    scope: 'write',
    body: emptyBody,
    answers: [{ status: 200, description: 'The run, paused now or before', schema: 'Run' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.pauseRun(caller, params.runId ?? ''), okWith),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/runs/{runId}/resume',
    operationId: 'resumeRun',
    tag: 'runs',
    summary: 'Let a paused run go on',
    scope: 'write',
    body: emptyBody,
    answers: [{ status: 200, description: 'The run, running', schema: 'Run' }],
    problems: ['conflict'],
    handle: async ({ service, caller, params }) =>
      replyTo(await service.operations.resumeRun(caller, params.runId ?? ''), okWith),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/runs/{runId}/redrive',
    operationId: 'redriveRun',
    tag: 'runs',
    summary: 'Try the failed targets of a finished run again, in the same run',
    scope: 'write',
    body: emptyBody,
    answers: [STARTED],
    problems: ['conflict'],
    handle: async ({ service, caller, params, once }) =>
      replyTo(await service.operations.redriveRun(caller, params.runId ?? '', once), started),
  }),
];
