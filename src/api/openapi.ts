/**
 * The OpenAPI 3.1 document, made of the same route table and schemas that dispatch and validate, so it cannot promise
 * what the API does not do. OpenAPI 3.1 schemas are JSON Schema 2020-12, which is what zod writes.
 */
import * as z from 'zod';
import { BODY_BYTES_MAX } from './http.ts';
import { ANSWERS, type AnswerName } from './answers.ts';
import { BODIES, type BodyName } from './body-schemas.ts';
import { PATH_PARAMETERS } from './parameters.ts';
import { statusOf, titleOf } from './problems.ts';
import type { ProblemKind } from './problems.ts';
import { pathNames } from './route.ts';
import type { Answer, BodyReader, Route } from './route.ts';
import { ROUTES } from './route-table.ts';

type Json = Record<string, unknown>;

const HEADER_DOCS = {
  location: { description: 'Where the new resource is', schema: { type: 'string', format: 'uri-reference' } },
  etag: { description: 'Entity tag of this version', schema: { type: 'string' } },
} as const;
const CONDITION_DOCS = {
  'if-match': ['If-Match', 'Only if it still has this entity tag (or exists: `*`)'],
  'if-none-match': ['If-None-Match', 'Answer 304 if it still has this entity tag'],
} as const;

/** @param version of this release. Every call makes the same document anew. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of ROUTES) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gleaner',
      version,
      summary: 'Distributed web and API data collection',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    tags: [...new Set(ROUTES.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key; it has scopes: read, write, admin' },
      },
      schemas: { ...schemasOf(BODIES, 'input'), ...schemasOf(ANSWERS, 'output') },
    },
  };
}

function schemasOf(named: Record<string, z.ZodType>, io: 'input' | 'output'): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io, uri: componentRef, unrepresentable: 'any', override: soften(io) });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutIdentity(schema)]));
}

const componentRef = (id: string): string => `#/components/schemas/${id}`;
function withoutIdentity(schema: object): Json {
  const { $id: _id, $schema: _dialect, ...rest } = schema as Json;
  return rest;
}

/** Answers only grow: a client generated from this document must not refuse a field it does not know. */
const soften =
  (io: 'input' | 'output') =>
  ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
    if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  };

const refTo = (name: AnswerName | BodyName): Json => ({ $ref: componentRef(name) });

function operation(route: Route): Json {
  const parameters = [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)];
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.scope === 'none' ? { security: [] } : { description: `Needs a key with the scope \`${route.scope}\`.` }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body) }),
    responses: responses(route),
  };
}

function pathParameters(route: Route): Json[] {
  return pathNames(route.path).map((name) => {
    const { description, example } = PATH_PARAMETERS[name] ?? { description: name, example: name };
    return { name, in: 'path', required: true, description, schema: { type: 'string' }, example };
  });
}

function queryParameters(route: Route): Json[] {
  if (route.query === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(route.query, { io: 'input', override: soften('input') });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = typeof property === 'object' ? property : {};
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

function headerParameters(route: Route): Json[] {
  const conditions = (route.headers ?? []).map((header): Json => {
    const [name, description] = CONDITION_DOCS[header];
    return { name, in: 'header', required: false, description, schema: { type: 'string' } };
  });
  if (route.method !== 'POST') return conditions;
  const description = 'The same key and request again within a day give the first answer instead of doing it twice';
  const schema = { type: 'string', minLength: 1, maxLength: 255 };
  return [...conditions, { name: 'Idempotency-Key', in: 'header', required: false, description, schema }];
}

function requestBody(body: BodyReader<unknown>): Json {
  const media = { schema: refTo(body.schema), ...(body.example === undefined ? {} : { example: body.example }) };
  return {
    required: body.required,
    description: `At most ${String(BODY_BYTES_MAX)} bytes`,
    content: { 'application/json': media, ...(body.yaml ? { 'application/yaml': media } : {}) },
  };
}

function responses(route: Route): Json {
  const entries = route.answers.map((answer) => [String(answer.status), success(answer)] as const);
  const byStatus = new Map<number, ProblemKind[]>();
  for (const kind of problemKinds(route)) {
    const status = statusOf(kind);
    byStatus.set(status, [...(byStatus.get(status) ?? []), kind]);
  }
  const failures = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, kinds]) => [String(status), failure(kinds)] as const);
  return Object.fromEntries<Json>([...entries, ...failures]);
}

/** What this route may refuse, as far as this room decides it or the route declares it. */
export function problemKinds(route: Route): ProblemKind[] {
  const names = pathNames(route.path).length > 0;
  return [
    'validation',
    ...(route.scope === 'none' ? [] : (['unauthenticated', 'forbidden', 'too-many-requests'] as const)),
    ...(names ? (['not-found'] as const) : []),
    ...(route.body === undefined ? [] : (['too-large', 'unsupported-media-type'] as const)),
    ...(route.method === 'POST' ? (['conflict', 'idempotency-key-reused'] as const) : []),
    ...(route.method === 'GET' && route.scope !== 'none' ? (['answer-too-large'] as const) : []),
    ...(route.scope === 'write' ? (['unprocessable'] as const) : []),
    ...(route.problems ?? []).filter((kind) => route.method !== 'POST' || kind !== 'conflict'),
    'head-too-large',
    'internal',
  ];
}

function success(answer: Answer): Json {
  const headers = Object.fromEntries((answer.headers ?? []).map((name) => [name, HEADER_DOCS[name]]));
  return {
    description: answer.description,
    ...(answer.headers === undefined ? {} : { headers }),
    ...(answer.schema === undefined ? {} : { content: { 'application/json': { schema: refTo(answer.schema) } } }),
  };
}

function failure(kinds: ProblemKind[]): Json {
  const [kind = 'internal'] = kinds;
  const title = titleOf(kind);
  const example = {
    type: `urn:gleaner:problem:${kind}`,
    title,
    status: statusOf(kind),
    detail: EXAMPLE_DETAILS[kind] ?? title,
    instance: '6f1c7f0e-8a54-4d1b-9d0e-2f6f3c0b7a11',
    ...(kind === 'validation' ? { errors: [{ path: 'source.crawl.depth', message: EXAMPLE_MESSAGE }] } : {}),
  };
  return {
    description: kinds.map(titleOf).join('; or: '),
    content: { 'application/problem+json': { schema: refTo('Problem'), example } },
  };
}

const EXAMPLE_MESSAGE = 'expected a whole number from 0 to 99, got "deep"';
const EXAMPLE_DETAILS: Partial<Record<ProblemKind, string>> = {
  validation: `source.crawl.depth: ${EXAMPLE_MESSAGE}`,
  'not-found': 'there is no run with this id',
};
