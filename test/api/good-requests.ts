/** A request that succeeds, for every route: for the tests that walk the route table. */
import type { Route } from '#api/route.ts';
import { EXPLANATION } from '#support/fake-views.ts';
import { RUN, type started, type Sent } from './client.ts';
import { SMALL } from './task-documents.ts';

const BODIES: Record<string, unknown> = {
  createTask: { ...SMALL, name: 'another' },
  replaceTask: SMALL,
  startInlineRun: { task: SMALL },
  previewTask: { task: SMALL },
  rollbackTask: { version: 1 },
  putHost: { requestsPerSecond: 2 },
  putSecret: { value: 'Bearer planted-value' },
  replaceConfig: { pace: { requestsPerSecond: 2 } },
  rollbackConfig: { version: 0 },
  createTenant: { id: 'another' },
  replaceTenant: {},
  createKey: { scopes: ['read'] },
};
const QUERIES: Record<string, Record<string, string>> = { explainTarget: { url: EXPLANATION.url } };

export const goodBody = (operationId: string): unknown => BODIES[operationId];
export const goodQuery = (operationId: string): Record<string, string> | undefined => QUERIES[operationId];

export const fill = (path: string): string =>
  path
    .replace('{taskId}', 'small')
    .replace('{runId}', RUN)
    .replace('{tenantId}', 'acme')
    .replace('{keyId}', '0123456789ab')
    .replace(/\{\w+\}/, 'x');

/** @returns what to send with the route, on a client that was `started`; does first what must have happened before. */
export async function goodRequest(
  { operationId }: Pick<Route, 'operationId'>,
  { send }: Pick<Awaited<ReturnType<typeof started>>, 'send'>,
): Promise<Pick<Sent, 'body' | 'query'>> {
  if (operationId === 'redriveRun') await send(`POST /v1/runs/${RUN}/stop`);
  const [body, query] = [BODIES[operationId], QUERIES[operationId]];
  return { ...(body !== undefined && { body }), ...(query && { query }) };
}
