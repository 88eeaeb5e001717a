/** Tasks and their versions. */
import type { TaskView } from '#core/operations.ts';
import { previewBody, rollbackBody, taskBody } from '../bodies.ts';
import { matchesStrongly, matchesWeakly, parseCondition } from '../conditions.ts';
import { pageRequest, pageShape } from '../parameters.ts';
import { problemOf, validation } from '../problems.ts';
import type { Problem } from '../problems.ts';
import { defineRoute, okWith, replyTo } from '../route.ts';
import type { Context, Reply, Route } from '../route.ts';
import { strict } from '../task-values.ts';

const pageQuery = strict(pageShape);

const location = (id: string): string => `/v1/tasks/${encodeURIComponent(id)}`;
const taskReply = (status: number, view: TaskView, warnings: string[] = []): Reply => {
  const all = [...new Set([...(view.warnings ?? []), ...warnings])];
  const headers = { etag: view.etag, ...(status === 201 ? { location: location(view.id) } : {}) };
  return { status, headers, body: all.length > 0 ? { ...view, warnings: all } : view };
};

type IfMatch = { ok: true; etag?: string } | { ok: false; problem: Problem };
/**
 * Operations compare one tag. `*` asks that the task exists, a list is narrowed to the tag that holds now; either may
 * be overtaken between this read and the write, but the write then still compares the tag the list was narrowed to.
 */
async function ifMatchOf(context: Context<unknown, unknown>): Promise<IfMatch> {
  const header = context.headers['if-match'];
  if (header === undefined) return { ok: true };
  const condition = parseCondition(header);
  if (condition === undefined)
    return { ok: false, problem: validation([{ path: 'header.If-Match', message: 'expected * or entity tags' }]) };
  const [only] = condition;
  if (condition !== '*' && condition.length === 1 && typeof only === 'object' && !only.weak)
    return { ok: true, etag: only.opaque };

  const current = await context.service.operations.getTask(context.caller, context.params.taskId ?? '');
  if (current.ok && matchesStrongly(condition, current.value.etag)) {
    return condition === '*' ? { ok: true } : { ok: true, etag: current.value.etag };
  }
  if (!current.ok && current.refusal.status !== 404) return { ok: false, problem: problemOf(current.refusal) };
  return { ok: false, problem: { kind: 'precondition-failed', detail: 'no given entity tag is that of the task' } };
}

const id = (context: { params: Record<string, string> }): string => context.params.taskId ?? '';
export const TASK_ROUTES: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/preview',
    operationId: 'previewTask',
    tag: 'tasks',
    summary: 'Judge a draft and try it on one page: one polite request, nothing is stored, no secret is sent',
    scope: 'write',
    body: previewBody,
    answers: [{ status: 200, description: 'What it gives', schema: 'Preview' }],
    handle: async ({ service, caller, body }) =>
      replyTo(await service.operations.preview(caller, body.task, body.url), (view) =>
        okWith({ ...view, warnings: [...view.warnings, ...body.warnings] }),
      ),
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/tasks',
    operationId: 'createTask',
    tag: 'tasks',
    summary: 'Create a task',
    scope: 'write',
    body: taskBody,
    answers: [{ status: 201, description: 'Created', schema: 'Task', headers: ['location', 'etag'] }],
    problems: ['conflict'],
    handle: async ({ service, caller, body, once }) => {
      const outcome = await service.operations.createTask(caller, body.task, once, body.given);
      return replyTo(outcome, (view) => taskReply(201, view, body.warnings));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tasks',
    operationId: 'listTasks',
    tag: 'tasks',
    summary: 'List tasks',
    scope: 'read',
    query: pageQuery,
    answers: [{ status: 200, description: 'A page of tasks', schema: 'TaskPage' }],
    handle: async ({ service, caller, query }) =>
      replyTo(await service.operations.listTasks(caller, pageRequest(query)), okWith),
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tasks/{taskId}',
    operationId: 'getTask',
    tag: 'tasks',
    summary: 'Read a task',
    scope: 'read',
    headers: ['if-none-match'],
    answers: [
      { status: 200, description: 'The task in its newest version', schema: 'Task', headers: ['etag'] },
      { status: 304, description: 'Still what If-None-Match names', headers: ['etag'] },
    ],
    handle: async (context) => {
      const outcome = await context.service.operations.getTask(context.caller, id(context));
      return replyTo(outcome, (view) => {
        const condition = parseCondition(context.headers['if-none-match'] ?? '');
        const unchanged = condition !== undefined && matchesWeakly(condition, view.etag);
        return unchanged ? { status: 304, headers: { etag: view.etag } } : taskReply(200, view);
      });
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/v1/tasks/{taskId}',
    operationId: 'replaceTask',
    tag: 'tasks',
    summary: 'Replace a task: a new version',
    scope: 'write',
    headers: ['if-match'],
    body: taskBody,
    answers: [{ status: 200, description: 'The new version', schema: 'Task', headers: ['etag'] }],
    problems: ['precondition-failed', 'conflict'],
    handle: async (context) => {
      const match = await ifMatchOf(context);
      if (!match.ok) return { problem: match.problem };
      const { task, warnings, given } = context.body;
      const outcome = await context.service.operations.replaceTask(
        context.caller,
        id(context),
        task,
        match.etag,
        given,
      );
      return replyTo(outcome, (view) => taskReply(200, view, warnings));
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/v1/tasks/{taskId}',
    operationId: 'deleteTask',
    tag: 'tasks',
    summary: 'Delete a task',
    scope: 'write',
    headers: ['if-match'],
    answers: [{ status: 204, description: 'Deleted' }],
    problems: ['precondition-failed', 'conflict'],
    handle: async (context) => {
      const match = await ifMatchOf(context);
      if (!match.ok) return { problem: match.problem };
      const outcome = await context.service.operations.deleteTask(context.caller, id(context), match.etag);
      return replyTo(outcome, () => ({ status: 204 }));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/v1/tasks/{taskId}/versions',
    operationId: 'listTaskVersions',
    tag: 'tasks',
    summary: 'List the versions of a task',
    scope: 'read',
    query: pageQuery,
    answers: [{ status: 200, description: 'A page of versions', schema: 'TaskVersionPage' }],
    handle: async (context) => {
      const { service, caller, query } = context;
      return replyTo(await service.operations.listVersions(caller, id(context), pageRequest(query)), okWith);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/v1/tasks/{taskId}/rollback',
    operationId: 'rollbackTask',
    tag: 'tasks',
    summary: 'Roll back: a new version equal to an old one',
    scope: 'write',
    body: rollbackBody,
    answers: [{ status: 200, description: 'The new version', schema: 'Task', headers: ['etag'] }],
    problems: ['conflict'],
    handle: async (context) => {
      const { service, caller, body, once } = context;
      const outcome = await service.operations.rollbackTask(caller, id(context), body.version, once);
      return replyTo(outcome, (view) => taskReply(200, view));
    },
  }),
];
