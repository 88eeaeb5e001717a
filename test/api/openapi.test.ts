import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { LedgerLine } from '#core/ledger.ts';
import type { ConfigVersionView, ConfigView } from '#core/operations.ts';
import type {
  AlertView,
  WebhookSecretView,
  DeadLettersRedriven,
  DeadLetterView,
  Explanation,
  PendingLine,
  RecordLine,
} from '#core/operations.ts';
import type { ResultsView, RunView, ShardView, SigningKeyView, TaskVersionView, TaskView } from '#core/operations.ts';
import type {
  ApiKeyView,
  CreatedKey,
  HostStatus,
  SecretView,
  TenantView,
  TimelineEvent,
  UploadView,
  UsageView,
} from '#core/operations.ts';
import { openApiDocument } from '#api/openapi.ts';
import { pathNames } from '#api/route.ts';
import { ROUTES } from '#api/route-table.ts';
import { LATER_ROUTES } from '#api/routes/later.ts';
import type * as views from '#api/views-schema.ts';

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { required: boolean; content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object; example?: object }> }>;
  security?: object[];
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
  security: Record<string, unknown>[];
}
const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as Document;
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

/** Every value below every key of this name. */
function found(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === name ? [inner as unknown] : []),
    ...found(inner, name),
  ]);
}
function resolve(ref: string): unknown {
  expect(ref).toMatch(/^#\//);
  let value: unknown = document;
  for (const step of ref.slice(2).split('/')) value = (value as Record<string, unknown> | undefined)?.[step];
  return value;
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 with the bearer scheme on all but the open routes', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'Gleaner', version: '1.2.3' });
    expect(document.components.securitySchemes).toMatchObject({ apiKey: { type: 'http', scheme: 'bearer' } });
    expect(document.security).toEqual([{ apiKey: [] }]);
    const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path);
    expect(open).toEqual(['/v1/health', '/v1/openapi.json']);
  });

  it('has every route once, and none of those to come', () => {
    const documented = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort();
    expect(documented).toEqual(ROUTES.map(({ path, method }) => `${method} ${path}`).sort());
    for (const { method, path } of LATER_ROUTES) expect(documented).not.toContain(`${method} ${path}`);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('holds only references that resolve, and only schemas that are referred to', () => {
    const refs = new Set(found(document, '$ref') as string[]);
    for (const ref of refs) expect(resolve(ref), ref).toBeTypeOf('object');
    const unused = Object.keys(document.components.schemas).filter((id) => !refs.has(`#/components/schemas/${id}`));
    expect(unused).toEqual([]);
    expect(found(document, '$id')).toEqual([]);
    expect(found(document, '$defs')).toEqual([]);
  });

  it.each(operations)('$method $path declares what it takes and gives', ({ path, method, operation }) => {
    const parameters = operation.parameters ?? [];
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    expect(inPath.map(({ name, required }) => [name, required])).toEqual(pathNames(path).map((name) => [name, true]));
    expect(new Set(parameters.map((parameter) => `${parameter.in} ${parameter.name}`)).size).toBe(parameters.length);
    for (const { schema } of parameters) expect(schema).toHaveProperty('type');
    const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
    expect(needed.map(({ name }) => name)).toEqual(path.endsWith('/explain') ? ['url'] : []);
    expect(parameters.some(({ name }) => name === 'Idempotency-Key')).toBe(method === 'post');

    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(response.description).not.toBe('');
      const type = Number(status) >= 400 ? 'application/problem+json' : 'application/json';
      const bodyless = status === '204' || status === '304';
      expect(Object.keys(response.content ?? {})).toEqual(bodyless ? [] : [type]);
    }
    if (operation.security?.length !== 0)
      expect(statuses).toEqual(expect.arrayContaining(['401', '403', '429', '500']));
  });

  it('gives examples that are valid', async () => {
    for (const { operationId, body } of ROUTES) {
      const media = operations.find(({ operation }) => operation.operationId === operationId)?.operation.requestBody;
      expect(media?.required, operationId).toBe(body?.required);
      for (const { example } of Object.values(media?.content ?? {}))
        if (example !== undefined) expect(await body?.read(example), operationId).toMatchObject({ ok: true });
    }
  });

  it('says the defaults and bounds of the task document, and lets answers grow', () => {
    const { TaskDocument, Task } = document.components.schemas;
    expect(TaskDocument).toMatchObject({
      additionalProperties: false,
      required: ['name', 'source'],
      properties: { retry: { properties: { attempts: { default: 4, minimum: 1, maximum: 10 } } } },
    });
    expect(found(Task, 'additionalProperties')).not.toContain(false);
  });
});

describe('the schemas of answers', () => {
  it('are the views of the core, both ways', () => {
    type Of<T extends z.ZodType> = z.output<T>;
    expectTypeOf<Of<typeof views.taskViewSchema>>().toExtend<TaskView>();
    expectTypeOf<TaskView>().toExtend<Of<typeof views.taskViewSchema>>();
    expectTypeOf<Of<typeof views.taskVersionSchema>>().toExtend<TaskVersionView>();
    expectTypeOf<TaskVersionView>().toExtend<Of<typeof views.taskVersionSchema>>();
    expectTypeOf<Of<typeof views.runViewSchema>>().toExtend<RunView>();
    expectTypeOf<RunView>().toExtend<Of<typeof views.runViewSchema>>();
    expectTypeOf<Of<typeof views.shardViewSchema>>().toExtend<ShardView>();
    expectTypeOf<ShardView>().toExtend<Of<typeof views.shardViewSchema>>();
    expectTypeOf<Of<typeof views.timelineEventSchema>>().toExtend<TimelineEvent>();
    expectTypeOf<TimelineEvent>().toExtend<Of<typeof views.timelineEventSchema>>();
    expectTypeOf<Of<typeof views.ledgerLineSchema>>().toExtend<LedgerLine | PendingLine>();
    expectTypeOf<LedgerLine | PendingLine>().toExtend<Of<typeof views.ledgerLineSchema>>();
    expectTypeOf<Of<typeof views.recordLineSchema>>().toExtend<RecordLine>();
    expectTypeOf<RecordLine>().toExtend<Of<typeof views.recordLineSchema>>();
    expectTypeOf<Of<typeof views.resultsViewSchema>>().toExtend<ResultsView>();
    expectTypeOf<ResultsView>().toExtend<Of<typeof views.resultsViewSchema>>();
    expectTypeOf<Of<typeof views.explanationSchema>>().toExtend<Explanation>();
    expectTypeOf<Explanation>().toExtend<Of<typeof views.explanationSchema>>();
    expectTypeOf<Of<typeof views.alertViewSchema>>().toExtend<AlertView>();
    expectTypeOf<AlertView>().toExtend<Of<typeof views.alertViewSchema>>();
    expectTypeOf<Of<typeof views.webhookSecretSchema>>().toExtend<WebhookSecretView>();
    expectTypeOf<WebhookSecretView>().toExtend<Of<typeof views.webhookSecretSchema>>();
    expectTypeOf<Of<typeof views.deadLetterSchema>>().toExtend<DeadLetterView>();
    expectTypeOf<DeadLetterView>().toExtend<Of<typeof views.deadLetterSchema>>();
    expectTypeOf<Of<typeof views.deadLettersRedrivenSchema>>().toExtend<DeadLettersRedriven>();
    expectTypeOf<DeadLettersRedriven>().toExtend<Of<typeof views.deadLettersRedrivenSchema>>();
    expectTypeOf<Of<typeof views.signingKeySchema>>().toExtend<SigningKeyView>();
    expectTypeOf<SigningKeyView>().toExtend<Of<typeof views.signingKeySchema>>();
    expectTypeOf<ConfigView>().toExtend<Of<typeof views.configViewSchema>>();
    expectTypeOf<ConfigVersionView>().toExtend<Of<typeof views.configVersionSchema>>();
    expectTypeOf<Of<typeof views.usageViewSchema>>().toExtend<UsageView>();
    expectTypeOf<UsageView>().toExtend<Of<typeof views.usageViewSchema>>();
    expectTypeOf<Of<typeof views.hostStatusSchema>>().toExtend<HostStatus>();
    expectTypeOf<HostStatus>().toExtend<Of<typeof views.hostStatusSchema>>();
    expectTypeOf<Of<typeof views.secretViewSchema>>().toExtend<SecretView>();
    expectTypeOf<SecretView>().toExtend<Of<typeof views.secretViewSchema>>();
    expectTypeOf<Of<typeof views.tenantViewSchema>>().toExtend<TenantView>();
    expectTypeOf<TenantView>().toExtend<Of<typeof views.tenantViewSchema>>();
    expectTypeOf<Of<typeof views.apiKeyViewSchema>>().toExtend<ApiKeyView>();
    expectTypeOf<ApiKeyView>().toExtend<Of<typeof views.apiKeyViewSchema>>();
    expectTypeOf<Of<typeof views.createdKeySchema>>().toExtend<CreatedKey>();
    expectTypeOf<CreatedKey>().toExtend<Of<typeof views.createdKeySchema>>();
    expectTypeOf<Of<typeof views.uploadViewSchema>>().toExtend<UploadView>();
    expectTypeOf<UploadView>().toExtend<Of<typeof views.uploadViewSchema>>();
  });
});
