/**
 * AppConfig's data API: gives out the file `operator.json` of the data directory, as the hosted configuration of the stage
 * would be given out. Who has seen it as it is gets nothing until it changes.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { accessKeyOf, refusedJson, type Gate } from './iam-gate.ts';
import { listen, readBody, sendJson, type LoopbackServer } from './loopback.ts';
import { isObject } from './properties.ts';

const REQUEST_BYTES_MAX = 4_096;
/** As AppConfig says it to whoever asks more often than the session allows. */
const POLL_SECONDS = 15;

export interface ApplicationSpec {
  name: string;
  arn: string;
}

/** @param path of the file; there need not be one, and then nothing is switched off. */
export function startAppConfig(options: {
  path: string;
  applications: readonly ApplicationSpec[];
  gate: Gate;
  log: (line: string) => void;
}): Promise<LoopbackServer> {
  const sessions = new Map<string, { arn: string; seen: string }>();
  return listen((request, response) => answer(request, response, options, sessions), 0, options.log);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { path, applications, gate }: Parameters<typeof startAppConfig>[0],
  sessions: Map<string, { arn: string; seen: string }>,
): Promise<void> {
  const fail = (status: number, type: string, message: string): void => {
    response.setHeader('x-amzn-errortype', type);
    sendJson(response, status, { message });
  };
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const body = await readBody(request, REQUEST_BYTES_MAX);
  const refusedAs = (action: string, resource: string): boolean => {
    const refusal = gate(accessKeyOf(request.headers), { action: `appconfig:${action}`, resource });
    if (refusal === undefined) return false;
    response.setHeader('x-amzn-errortype', 'AccessDeniedException');
    sendJson(response, 403, refusedJson(refusal));
    return true;
  };
  if (request.method === 'POST' && url.pathname === '/configurationsessions') {
    const input: unknown = typeof body === 'string' ? undefined : JSON.parse(body.toString() || '{}');
    const asked = isObject(input) ? input : {};
    const application = applications.find(({ name }) => name === asked['ApplicationIdentifier']);
    if (application === undefined) return fail(404, 'ResourceNotFoundException', 'there is no such application');
    const [environment, profile] = [asked['EnvironmentIdentifier'], asked['ConfigurationProfileIdentifier']];
    const arn = `${application.arn}/environment/${String(environment)}/configuration/${String(profile)}`;
    if (refusedAs('StartConfigurationSession', arn)) return;
    const token = randomUUID();
    sessions.set(token, { arn, seen: '' });
    return sendJson(response, 201, { InitialConfigurationToken: token });
  }
  if (request.method === 'GET' && url.pathname === '/configuration') {
    const token = url.searchParams.get('configuration_token') ?? '';
    const session = sessions.get(token);
    if (session === undefined) return fail(400, 'BadRequestException', 'the token is not one, or was used before');
    if (refusedAs('GetLatestConfiguration', session.arn)) return;
    sessions.delete(token);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '{}';
    const seen = createHash('sha256').update(text).digest('hex');
    const next = randomUUID();
    sessions.set(next, { arn: session.arn, seen });
    const changed = seen !== session.seen;
    response.writeHead(200, {
      'content-type': changed ? 'application/json' : 'application/octet-stream',
      'next-poll-configuration-token': next,
      'next-poll-interval-in-seconds': String(POLL_SECONDS),
    });
    response.end(changed ? text : '');
    return;
  }
  fail(
    404,
    'BadRequestException',
    `the local world does not play ${String(request.method)} ${url.pathname} of AppConfig`,
  );
}
