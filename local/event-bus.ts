/** EventBridge's buses: what is put there stays readable in one file, and goes nowhere. Putting events is all that it plays. */
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Json, JsonObject } from '#core/json.ts';
import { accessKeyOf, firstRefusal, refusedJson, type Gate } from './iam-gate.ts';
import { readBody, sendJson, type RequestHandler } from './loopback.ts';
import { isObject, Properties } from './properties.ts';

/** Ten entries of 256 KB are the most that AWS takes. */
const REQUEST_BYTES_MAX = 3 * 1024 * 1024;

export interface BusEvent {
  bus: string;
  source: string;
  type: string;
  detail: JsonObject;
}

/** @param path of the file that keeps the events, one a line. */
export function eventBusService(options: {
  path: string;
  gate: Gate;
  buses: readonly { name: string; arn: string }[];
}): RequestHandler {
  return async (request, response) => {
    const fail = (type: string, message: string, status = 400): void => sendJson(response, status, { __type: type, message }); // prettier-ignore
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^AWSEvents\./, '');
    const body = await readBody(request, REQUEST_BYTES_MAX);
    if (body === 'aborted') return;
    if (operation !== 'PutEvents')
      return fail('UnknownOperationException', `EventBridge ${operation}: not offered by the local world`, 501);
    if (body === 'tooLarge') return fail('ValidationException', 'request too large');
    const entries = new Properties('PutEvents', JSON.parse(body.toString()) as Json).objects('Entries');
    const needs = entries.map((entry) => {
      const name = entry.text('EventBusName');
      return { action: 'events:PutEvents', resource: options.buses.find((bus) => bus.name === name)?.arn ?? `event-bus/${name}` }; // prettier-ignore
    });
    const refusal = firstRefusal(options.gate, accessKeyOf(request.headers), needs);
    if (refusal !== undefined) return sendJson(response, 400, refusedJson(refusal));
    const answers = entries.map((entry) => put(options, entry));
    const failures = answers.filter((answer) => 'ErrorCode' in answer).length;
    sendJson(response, 200, { FailedEntryCount: failures, Entries: answers });
  };
}

function put(options: { path: string; buses: readonly { name: string }[] }, entry: Properties): JsonObject {
  const bus = entry.text('EventBusName');
  const detail = JSON.parse(entry.text('Detail')) as Json;
  if (!options.buses.some(({ name }) => name === bus) || !isObject(detail))
    return {
      ErrorCode: 'InvalidArgument',
      ErrorMessage: `event bus ${bus} does not exist, or the detail is no object`,
    };
  const event: BusEvent = { bus, source: entry.text('Source'), type: entry.text('DetailType'), detail };
  appendFileSync(options.path, `${JSON.stringify(event)}\n`);
  return { EventId: randomUUID() };
}

export const readEvents = (path: string): BusEvent[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as BusEvent)
    : [];
