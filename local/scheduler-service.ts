/** The EventBridge Scheduler API (REST, JSON) over the scheduler: what `api` and `sweep` call. */
import { accessKeyOf, firstRefusal, refusedJson, type Gate } from './iam-gate.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json, JsonObject } from '#core/json.ts';
import { readBody, sendJson, type RequestHandler } from './loopback.ts';
import type { Place } from './physical.ts';
import { Properties } from './properties.ts';
import type { ScheduleInput, Scheduler } from './scheduler.ts';

const REQUEST_BYTES_MAX = 256 * 1024;
const EXPRESSION_CHARS_MAX = 256;
const NAME = /^[0-9a-zA-Z-_.]{1,64}$/;

const OPERATIONS: Record<string, string> = {
  POST: 'CreateSchedule',
  PUT: 'UpdateSchedule',
  GET: 'GetSchedule',
  DELETE: 'DeleteSchedule',
};

interface Surroundings {
  scheduler: Scheduler;
  gate: Gate;
  /** Throws when Scheduler may not act as the role for a schedule of the group. */
  checkRole: (roleArn: string, groupArn: string) => void;
  groups: string[];
  /** ARNs of what may be called. */
  functionArns: string[];
  place: Place;
}
class Refused extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}
const invalid = (message: string): Refused => new Refused(400, 'ValidationException', message);

/** Answers one request; anything but making, replacing, reading and deleting a schedule is 501. */
export function schedulerService(surroundings: Surroundings): RequestHandler {
  return async (request, response) => {
    const body = await readBody(request, REQUEST_BYTES_MAX);
    if (body === 'aborted') return;
    try {
      if (body === 'tooLarge') throw invalid('request too large');
      sendJson(response, 200, answer(surroundings, request, body));
    } catch (error) {
      refuse(response, error instanceof Refused ? error : invalid(String(error)));
    }
  };
}

function refuse(response: ServerResponse, { status, type, message }: Refused): void {
  sendJson(response, status, { Message: message }, { 'x-amzn-errortype': type });
}

function answer(
  { scheduler, gate, checkRole, groups, functionArns, place }: Surroundings,
  request: IncomingMessage,
  body: Buffer,
): JsonObject {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const name = decodeURIComponent(/^\/schedules\/([^/]+)$/.exec(url.pathname)?.[1] ?? '');
  const method = request.method ?? '';
  if (name === '' || OPERATIONS[method] === undefined)
    throw new Refused(501, 'UnknownOperationException', `Scheduler ${method} ${url.pathname}: not offered by the local world`); // prettier-ignore
  if (!NAME.test(name)) throw invalid(`name ${name}`);
  const given = body.length === 0 ? undefined : new Properties(name, JSON.parse(body.toString()) as Json);
  const group = given?.optionalText('GroupName') ?? url.searchParams.get('groupName') ?? 'default';
  const resource = `schedule/${group}/${name}`;
  const passed = given?.object('Target').optionalText('RoleArn');
  const refusal = firstRefusal(gate, accessKeyOf(request.headers), [
    { action: `scheduler:${OPERATIONS[method] ?? ''}`, resource },
    ...(passed === undefined
      ? []
      : [
          { action: 'iam:PassRole', resource: passed, context: { 'iam:passedtoservice': ['scheduler.amazonaws.com'] } },
        ]),
  ]);
  if (refusal !== undefined) throw new Refused(403, refusedJson(refusal).__type.split('#')[1] ?? '', refusal.message);
  if (!groups.includes(group))
    throw new Refused(404, 'ResourceNotFoundException', `Schedule group ${group} does not exist.`);
  const old = scheduler.get(group, name);
  if (method === 'POST' && old !== undefined)
    throw new Refused(409, 'ConflictException', `Schedule ${name} already exists.`);
  if (method !== 'POST' && old === undefined)
    throw new Refused(404, 'ResourceNotFoundException', `Schedule ${name} does not exist.`);
  const ScheduleArn = `arn:aws:scheduler:${place.region}:${place.account}:schedule/${group}/${name}`;
  if (method === 'GET' && old !== undefined)
    return { Arn: ScheduleArn, Name: name, GroupName: group, State: 'ENABLED', ScheduleExpression: old.expression, ScheduleExpressionTimezone: old.timezone, Description: old.description ?? '' }; // prettier-ignore
  if (method === 'DELETE') {
    scheduler.delete(group, name);
    return {};
  }
  if (given === undefined) throw invalid('no body');
  const groupArn = `arn:aws:scheduler:${place.region}:${place.account}:schedule-group/${group}`;
  checkRole(passed ?? '', groupArn);
  scheduler.put(inputOf(given, group, name, functionArns, groupArn));
  return { ScheduleArn };
}

function inputOf(
  given: Properties,
  group: string,
  name: string,
  functionArns: string[],
  groupArn: string,
): ScheduleInput {
  given.refuse('EndDate', 'KmsKeyArn', 'ActionAfterCompletion');
  if ((given.optionalText('State') ?? 'ENABLED') !== 'ENABLED')
    throw invalid('the local world plays enabled schedules');
  const expression = given.text('ScheduleExpression');
  if (expression.length > EXPRESSION_CHARS_MAX) throw invalid('ScheduleExpression is longer than 256 characters');
  const target = given.object('Target');
  const arn = target.text('Arn');
  if (!functionArns.includes(arn)) throw invalid(`the local world calls functions of its stack, not ${arn}`);
  const retry = target.object('RetryPolicy');
  const window = given.object('FlexibleTimeWindow');
  const windowMinutes = window.text('Mode') === 'OFF' ? 0 : window.number('MaximumWindowInMinutes', 0);
  const start = given.raw('StartDate');
  const description = given.optionalText('Description');
  const deadLetterArn = target.object('DeadLetterConfig').optionalText('Arn');
  return {
    group,
    name,
    expression,
    timezone: given.optionalText('ScheduleExpressionTimezone') ?? 'UTC',
    windowMinutes,
    ...(description !== undefined && { description }),
    ...(start !== undefined && { startMs: given.number('StartDate', 0) * 1000 }),
    target: {
      arn,
      roleArn: target.text('RoleArn'),
      groupArn,
      input: target.optionalText('Input') ?? '{}',
      ageSecondsMax: retry.number('MaximumEventAgeInSeconds', 86_400),
      attemptsMax: retry.number('MaximumRetryAttempts', 185),
      ...(deadLetterArn !== undefined && { deadLetterArn }),
    },
  };
}
