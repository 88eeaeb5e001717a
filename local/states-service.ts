/** The Step Functions API (JSON 1.0) over the engine: what handlers call, and what looks at executions. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json, JsonObject } from '#core/json.ts';
import { accessKeyOf, firstRefusal, refusedJson } from './iam-gate.ts';
import type { Gate, Need } from './iam-gate.ts';
import { STATES_NEEDS } from './iam-needs.ts';
import { readBody, sendJson } from './loopback.ts';
import { isObject, Properties } from './properties.ts';
import { STATE_BYTES_MAX } from './states-errors.ts';
import type { Execution, HistoryEvent } from './states-journal.ts';
import type { Engine, TokenResult } from './states.ts';

const REQUEST_BYTES_MAX = 1024 * 1024;
const NAME = /^[A-Za-z0-9_-]{1,80}$/;
const PAGE_MAX = 1_000;

type Reply = { ok: true; body: JsonObject } | { ok: false; type: string; message: string; status?: number };
const fail = (type: string, message: string): Reply => ({ ok: false, type, message });
const ok = (body: JsonObject): Reply => ({ ok: true, body });

const OPERATIONS: Record<string, (engine: Engine, input: Properties) => Reply> = {
  StartExecution: startExecution,
  DescribeExecution: (engine, input) => {
    const arn = input.text('executionArn');
    const execution = engine.read(arn);
    return execution === undefined ? noExecution(arn) : ok(described(execution));
  },
  StopExecution: (engine, input) => {
    const arn = input.text('executionArn');
    const execution = engine.stop(arn, input.optionalText('error') ?? '', input.optionalText('cause') ?? '');
    return execution === undefined ? noExecution(arn) : ok({ stopDate: seconds(execution.stopMs ?? 0) });
  },
  ListExecutions: (engine, input) => {
    const limit = Math.min(input.number('maxResults', 100) || 100, PAGE_MAX);
    const executions = engine.list(input.text('stateMachineArn'), input.optionalText('statusFilter'), limit);
    return ok({ executions: executions.map(listed) });
  },
  GetExecutionHistory: (engine, input) => {
    const arn = input.text('executionArn');
    if (engine.read(arn) === undefined) return noExecution(arn);
    const limit = Math.min(input.number('maxResults', 100) || 100, PAGE_MAX);
    return ok({ events: engine.history(arn, input.flag('reverseOrder', false), limit).map(eventBody) });
  },
  SendTaskSuccess: (engine, input) => {
    const output = input.text('output');
    const value = parsed(output);
    if (value === undefined) return fail('InvalidOutput', 'Invalid Output: not JSON');
    if (Buffer.byteLength(output) > STATE_BYTES_MAX)
      return fail('ValidationException', `output is longer than ${STATE_BYTES_MAX} bytes`);
    return tokenReply(engine.answer(input.text('taskToken'), { ok: true, output: value.value }));
  },
  SendTaskFailure: (engine, input) => {
    const answer = {
      ok: false as const,
      error: input.optionalText('error') ?? '',
      cause: input.optionalText('cause') ?? '',
    };
    return tokenReply(engine.answer(input.text('taskToken'), answer));
  },
  SendTaskHeartbeat: (engine, input) => tokenReply(engine.heartbeat(input.text('taskToken'))),
};

/** Answers one request; anything but the operations above is 501. */
export function statesService(engine: Engine, gate: Gate) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request, REQUEST_BYTES_MAX);
    if (body === 'aborted') return;
    const reply =
      body === 'tooLarge' ? fail('ValidationException', 'request too large') : replyTo(engine, gate, request, body);
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() };
    if (reply.ok) sendJson(response, 200, reply.body, headers);
    else sendJson(response, reply.status ?? 400, { __type: reply.type, message: reply.message }, headers);
  };
}

function replyTo(engine: Engine, gate: Gate, request: IncomingMessage, body: Buffer): Reply {
  const operation = /^AWSStepFunctions\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? ''))?.[1] ?? '';
  const run = OPERATIONS[operation];
  if (run === undefined) {
    const message = `Step Functions ${operation}: not offered by the local world`;
    return { ok: false, type: 'UnknownOperationException', message, status: 501 };
  }
  const input = parsed(body.toString())?.value;
  if (!isObject(input)) return fail('SerializationException', 'the request is no JSON object');
  const refusal = firstRefusal(gate, accessKeyOf(request.headers), needsOf(engine, operation, input));
  if (refusal !== undefined) {
    const { __type: type, message } = refusedJson(refusal);
    return fail(type, message);
  }
  try {
    return run(engine, new Properties(operation, input));
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(operation))
      return fail('ValidationException', error.message);
    throw error;
  }
}

/** Answering a token acts on the machine whose task waits; a token of no execution reaches nothing. */
function needsOf(engine: Engine, operation: string, input: JsonObject): Need[] {
  const needs = STATES_NEEDS[operation];
  if (needs !== undefined) return needs(input);
  const machine = engine.machineOfToken(String(input['taskToken'] ?? ''));
  return machine === undefined ? [] : [{ action: `states:${operation}`, resource: machine }];
}

function parsed(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

function startExecution(engine: Engine, input: Properties): Reply {
  const machineArn = input.text('stateMachineArn');
  const name = input.optionalText('name') ?? randomUUID();
  const text = input.optionalText('input') ?? '{}';
  if (!NAME.test(name)) return fail('InvalidName', `Invalid Name: '${name}'`);
  if (parsed(text) === undefined)
    return fail('InvalidExecutionInput', 'Invalid State Machine Execution Input: not JSON');
  if (Buffer.byteLength(text) > STATE_BYTES_MAX)
    return fail('ValidationException', `input is longer than ${STATE_BYTES_MAX} bytes`);
  const result = engine.start(machineArn, name, text);
  if (result.kind === 'noMachine')
    return fail('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn}'`);
  if (result.kind === 'exists') return fail('ExecutionAlreadyExists', `Execution Already Exists: '${name}'`);
  return ok({ executionArn: result.execution.arn, startDate: seconds(result.execution.startMs) });
}

const seconds = (ms: number): number => ms / 1000;
const noExecution = (arn: string): Reply => fail('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);

function tokenReply(result: TokenResult): Reply {
  if (result === 'ok') return ok({});
  if (result === 'InvalidToken') return fail('InvalidToken', "Invalid Token: 'Invalid token'");
  return fail(result, "Task Timed Out: 'Provided task does not exist anymore'");
}

function listed(execution: Execution): JsonObject {
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machineArn,
    name: execution.name,
    status: execution.status,
    startDate: seconds(execution.startMs),
    ...(execution.stopMs === null ? {} : { stopDate: seconds(execution.stopMs) }),
  };
}

function described(execution: Execution): JsonObject {
  return {
    ...listed(execution),
    input: execution.inputText,
    ...(execution.output === null ? {} : { output: execution.output }),
    ...(execution.error === null ? {} : { error: execution.error }),
    ...(execution.cause === null ? {} : { cause: execution.cause }),
  };
}

function eventBody(event: HistoryEvent): JsonObject {
  const head = { id: event.id, previousEventId: event.id - 1, timestamp: seconds(event.timeMs), type: event.type };
  const detail: JsonObject = {};
  for (const [name, value] of Object.entries(event.detail)) detail[name] = typeof value === 'string' && name !== 'input' && name !== 'output' ? value : JSON.stringify(value); // prettier-ignore
  if (event.type.endsWith('StateEntered')) return { ...head, stateEnteredEventDetails: detail };
  if (event.type.endsWith('StateExited')) return { ...head, stateExitedEventDetails: detail };
  return { ...head, [`${event.type.charAt(0).toLowerCase()}${event.type.slice(1)}EventDetails`]: detail };
}
