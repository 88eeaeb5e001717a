/** Requests made from the OpenAPI document, sent to the API, and their answers held to what the document promises. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from '#api/openapi.ts';
import { plan } from '#core/steps/plan.ts';
import type { HttpResponse } from '#api/http.ts';
import { KINDS, realApi, type RealApi } from '../api/real-api.ts';
import type { Sent } from '../api/client.ts';
import { Dice, Values, type Schema } from './values.ts';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
interface Documented extends Operation {
  method: string;
  path: string;
}
const document = JSON.parse(JSON.stringify(openApiDocument('1.0.0'))) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};
export const operations: Documented[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
);

// Formats are annotations in 2020-12; what they promise is tested where it is made.
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
ajv.addSchema(document, 'document');
const validators = new Map<string, (value: unknown) => boolean>();
function holds(schema: Schema, value: unknown): boolean {
  const ref = `document${String(schema.$ref)}`;
  let validate = validators.get(ref);
  if (validate === undefined) validators.set(ref, (validate = ajv.compile({ $ref: ref })));
  return validate(value);
}

export interface Finding {
  request: string;
  says: string;
}
export interface Fuzzed {
  requests: number;
  byStatus: Record<string, number>;
  findings: Finding[];
  /** Operations that were answered with success at least once. */
  succeeded: Set<string>;
}

/** A world is used for so many requests: then there are enough tasks, runs and keys in it. */
const PER_WORLD = 400;

export async function fuzz(requests: number, seed: number): Promise<Fuzzed> {
  const fuzzed: Fuzzed = { requests: 0, byStatus: {}, findings: [], succeeded: new Set() };
  let api = await world();
  for (let i = 0; i < requests; i++) {
    if (i > 0 && i % PER_WORLD === 0) api = await world();
    const dice = new Dice(seed + i);
    const operation = operations[i % operations.length];
    if (operation === undefined) throw new Error('fuzz: the document has no operations');
    const { route, sent, isElsewhere } = draw(dice, operation, api);
    // A preview waits for its host's pace: the virtual clock has to go on.
    const response = await api.world.until(api.send(route, sent));
    fuzzed.requests++;
    fuzzed.byStatus[response.status] = (fuzzed.byStatus[response.status] ?? 0) + 1;
    if (response.status < 300) fuzzed.succeeded.add(operation.operationId);
    const says = judge(operation, response, isElsewhere) ?? (api.errors.length > 0 ? String(api.errors[0]) : undefined);
    api.errors.length = 0;
    if (says !== undefined)
      fuzzed.findings.push({
        request: `seed ${String(seed + i)}: ${route} ${JSON.stringify(sent).slice(0, 600)}`,
        says,
      });
  }
  return fuzzed;
}

interface Fuzzing extends RealApi {
  /** Runs in the states that some operations need. */
  runs: Record<string, string>;
}

/** One with a run that has ended, one with failures and one that goes, so that there is something to be told and done. */
async function world(): Promise<Fuzzing> {
  const api = await realApi();
  await api.world.play(api.ids.runId);
  const start = async (): Promise<string> => {
    const run = await api.send('POST /v1/tasks/small/runs', { key: api.keys.admin });
    return (JSON.parse(run.body) as { id: string }).id;
  };
  const failed = await start();
  api.world.web = () => ({ status: 404 });
  await api.world.play(failed);
  const going = await start();
  await api.world.until(plan(api.world.ports, { tenant: 'acme', runId: going, attempt: 0, round: 0 }));
  return { ...api, runs: { redriveRun: failed, pauseRun: going, resumeRun: going } };
}

/** What makes a request right where the schema alone cannot. */
const QUERIES: Record<string, Record<string, string>> = { explainTarget: { url: 'https://a.example/' } };

function draw(dice: Dice, operation: Documented, api: Fuzzing): { route: string; sent: Sent; isElsewhere: boolean } {
  // A third is meant to be right, a third nearly so, a third is not.
  const wildness = dice.pick([0, 0.03, 0.25]);
  const values = new Values(dice, document.components.schemas, wildness);
  const { runId } = api.ids;
  const ids: Record<string, string> = { ...api.ids, runId: api.runs[operation.operationId] ?? runId };
  const broken = [
    '',
    '..',
    'x'.repeat(300),
    '%00',
    '%ZZ',
    'A',
    '%2F',
    '01k2m3n4p5q6r7s8t9v0w1x2y3',
    'ffffffffffff',
    'acme',
  ];
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    dice.is(wildness) ? dice.pick(broken) : (ids[name] ?? dice.pick(broken)),
  );
  const query: Record<string, string> = {};
  const right = QUERIES[operation.operationId];
  const headers: Record<string, string> = {};
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in === 'path' || (!parameter.required && dice.is(0.6))) continue;
    const given = values.of(parameter.schema);
    const text = typeof given === 'string' ? given : (JSON.stringify(given) ?? '');
    if (parameter.in === 'query') query[parameter.name] = text;
    else
      headers[parameter.name.toLowerCase()] = parameter.name.startsWith('If-') ? dice.pick(['*', '"v1"', text]) : text;
  }
  if (wildness === 0) Object.assign(query, right);
  if (dice.is(wildness)) query[dice.pick(['nope', '__proto__', 'limit'])] = dice.pick(['1', '-1', '1e3', '0x10', '']);
  const body = bodyOf(dice, operation, values, wildness);
  if (body !== undefined && dice.is(wildness)) headers['content-type'] = dice.pick(['text/plain', 'application/xml', 'application/json; charset=utf-16', 'application/yaml', ';']); // prettier-ignore
  if (dice.is(wildness / 2)) headers['content-encoding'] = 'gzip';
  const kind = wildness === 0 ? dice.pick(['admin', 'operator'] as const) : dice.is(0.6) ? 'admin' : dice.pick(KINDS);
  const isElsewhere = dice.is(wildness / 4);
  const method = isElsewhere ? dice.pick(['PATCH', 'OPTIONS', 'TRACE', 'HEAD', 'get', '']) : operation.method;
  return {
    route: `${method} ${path}`,
    sent: { key: api.keys[kind], query, headers, ...(body !== undefined && { body }) },
    isElsewhere: isElsewhere || path !== encodeURI(path),
  };
}

function bodyOf(dice: Dice, operation: Documented, values: Values, wildness: number): unknown {
  const media = operation.requestBody?.content['application/json'];
  if (media === undefined) return dice.is(wildness) ? '{}' : undefined;
  if (operation.operationId === 'replaceTask' && dice.is(0.3)) return { ...(media.example as object), name: 'small' };
  if (media.example !== undefined && dice.is(wildness === 0 ? 0.6 : 0.2)) return media.example;
  const value = values.of(media.schema);
  if (!dice.is(wildness)) return value ?? 'null';
  const text = JSON.stringify(value) ?? '';
  return dice.pick([
    text.slice(0, -1),
    `${text}x`,
    '',
    '[',
    '\ufeff{}',
    Buffer.from([0xff, 0xfe, 0x00]),
    'a: [b',
    '{"a":1,"a":2}',
  ]);
}

/** What is wrong with an answer; undefined when it is as the document says. */
function judge(operation: Documented, response: HttpResponse, isElsewhere: boolean): string | undefined {
  const { status, headers, body } = response;
  if (status >= 500) return `status ${String(status)}: ${body.slice(0, 300)}`;
  for (const name of ['x-content-type-options', 'cache-control', 'x-request-id'])
    if (headers[name] === undefined) return `no header ${name}`;
  if (/\n\s+at |node_modules|\.ts:\d+/.test(body)) return `tells of the code: ${body.slice(0, 300)}`;
  const documented = operation.responses[String(status)];
  // Other methods and paths are none of this operation's: they still answer by problems.
  if (documented === undefined && !(isElsewhere && (status === 404 || status === 405 || status === 401 || body === '')))
    return `status ${String(status)} is not documented: ${body.slice(0, 300)}`;
  if (body === '') return undefined;
  const [type, media] = Object.entries(documented?.content ?? { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } })[0] ?? []; // prettier-ignore
  if (media === undefined) return `a body where none is documented: ${body.slice(0, 200)}`;
  if (headers['content-type'] !== type) return `content type ${String(headers['content-type'])}, not ${String(type)}`;
  if (!holds(media.schema, JSON.parse(body)))
    return `does not match its schema: ${ajv.errorsText()} ${body.slice(0, 300)}`;
  return undefined;
}
