/**
 * Secrets Manager: the values of the template's generated secrets, made up once and kept in one file that its owner alone
 * may read. Reading a value is all that it can.
 */
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SecretSpec } from './blueprint.ts';
import { accessKeyOf, refusedJson } from './iam-gate.ts';
import type { Gate } from './iam-gate.ts';
import { listen, readBody, sendJson, type LoopbackServer } from './loopback.ts';
import { isObject } from './properties.ts';

const REQUEST_BYTES_MAX = 64 * 1024;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function startSecrets(options: {
  path: string;
  specs: SecretSpec[];
  gate: Gate;
  log: (line: string) => void;
}): Promise<LoopbackServer> {
  const values = keep(options.path, options.specs);
  const find = (id: string): Found | undefined => {
    const spec = options.specs.find(({ arn, name }) => arn === id || name === id);
    const value = spec === undefined ? undefined : values[spec.name];
    return spec === undefined || value === undefined ? undefined : { ...spec, value };
  };
  return listen((request, response) => answer(request, response, options.gate, find), 0, options.log);
}

type Found = SecretSpec & { value: string };

/** The values there are, and new ones for the secrets that have none. */
function keep(path: string, specs: SecretSpec[]): Record<string, string> {
  const values = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>) : {};
  const missing = specs.filter(({ name }) => values[name] === undefined);
  if (missing.length === 0) return values;
  for (const { name, characters } of missing) values[name] = made(characters);
  // Whole or not at all: a value that was used once must never be lost.
  writeFileSync(`${path}.new`, JSON.stringify(values), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return values;
}

const made = (characters: number): string =>
  Array.from({ length: characters }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('');

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
  find: (id: string) => Found | undefined,
): Promise<void> {
  const fail = (type: string, message: string): void => sendJson(response, 400, { __type: type, message });
  const operation = String(request.headers['x-amz-target'] ?? '').replace(/^secretsmanager\./, '');
  const body = await readBody(request, REQUEST_BYTES_MAX);
  if (operation !== 'GetSecretValue')
    return fail('InvalidRequestException', `the local world does not play ${operation || 'this'} of Secrets Manager`);
  if (typeof body === 'string') return fail('InvalidRequestException', `the request is ${body}`);
  const id = secretId(body.toString());
  const secret = id === undefined ? undefined : find(id);
  const resource = secret?.arn ?? (id?.startsWith('arn:') === true ? id : `secret:${id ?? ''}`);
  const refusal = gate(accessKeyOf(request.headers), { action: `secretsmanager:${operation}`, resource });
  if (refusal !== undefined) return sendJson(response, 400, refusedJson(refusal));
  if (secret === undefined)
    return fail('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  sendJson(response, 200, { ARN: id, Name: secret.name, SecretString: secret.value, VersionId: 'local', VersionStages: ['AWSCURRENT'] }); // prettier-ignore
}

function secretId(text: string): string | undefined {
  try {
    const input: unknown = JSON.parse(text);
    return isObject(input) && typeof input['SecretId'] === 'string' ? input['SecretId'] : undefined;
  } catch {
    return undefined;
  }
}
