/**
 * Secrets Manager: the template's generated secrets, whose values are made up once, and those that functions create. All
 * of them in one encrypted file. It makes, replaces, reads and deletes values, and does nothing else.
 */
import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '#core/json.ts';
import type { SecretSpec } from './blueprint.ts';
import { accessKeyOf, refusedJson } from './iam-gate.ts';
import type { Gate } from './iam-gate.ts';
import { listen, readBody, sendJson, type LoopbackServer } from './loopback.ts';
import { isObject } from './properties.ts';
import { SecretFile } from './secret-file.ts';

/** A value has at most 64 KiB; escapes and the rest of a request beside it. */
const REQUEST_BYTES_MAX = 256 * 1024;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function startSecrets(options: {
  path: string;
  specs: SecretSpec[];
  gate: Gate;
  log: (line: string) => void;
}): Promise<LoopbackServer> {
  const file = new SecretFile(options.path);
  for (const { name, characters } of options.specs) if (file.get(name) === undefined) file.set(name, made(characters));
  const store: Store = {
    file,
    nameOf: (id) => options.specs.find(({ arn }) => arn === id)?.name ?? id,
    arnOf: (name) => options.specs.find((spec) => spec.name === name)?.arn,
  };
  return listen((request, response) => answer(request, response, options.gate, store), 0, options.log);
}

interface Store {
  file: SecretFile;
  /** @param id a name or an ARN. */
  nameOf(id: string): string;
  /** Undefined for those that the template does not know. */
  arnOf(name: string): string | undefined;
}

const made = (characters: number): string =>
  Array.from({ length: characters }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('');

type Answer = { ok: true; body: JsonObject } | { ok: false; type: string; message: string };
const no = (type: string, message: string): Answer => ({ ok: false, type, message });
const NOT_FOUND = no('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");

/** Each is given a name and the value of its request, if it carries one. */
const OPERATIONS: Record<string, (store: Store, name: string, value: string | undefined) => Answer> = {
  GetSecretValue: ({ file }, name) => {
    const SecretString = file.get(name);
    if (SecretString === undefined) return NOT_FOUND;
    return { ok: true, body: { Name: name, SecretString, VersionId: 'local', VersionStages: ['AWSCURRENT'] } };
  },
  CreateSecret: ({ file }, name, value) => {
    if (value === undefined) return no('InvalidParameterException', 'the local world makes no secret without a value');
    if (file.get(name) !== undefined)
      return no('ResourceExistsException', `The operation failed because the secret ${name} already exists.`);
    file.set(name, value);
    return { ok: true, body: { Name: name, VersionId: 'local' } };
  },
  PutSecretValue: ({ file }, name, value) => {
    if (file.get(name) === undefined) return NOT_FOUND;
    if (value === undefined) return no('InvalidParameterException', 'You must provide SecretString.');
    file.set(name, value);
    return { ok: true, body: { Name: name, VersionId: 'local', VersionStages: ['AWSCURRENT'] } };
  },
  // As with ForceDeleteWithoutRecovery: what is not there is deleted all the same.
  DeleteSecret: ({ file }, name) => {
    file.delete(name);
    return { ok: true, body: { Name: name } };
  },
};

async function answer(request: IncomingMessage, response: ServerResponse, gate: Gate, store: Store): Promise<void> {
  const fail = (type: string, message: string): void => sendJson(response, 400, { __type: type, message });
  const operation = String(request.headers['x-amz-target'] ?? '').replace(/^secretsmanager\./, '');
  const body = await readBody(request, REQUEST_BYTES_MAX);
  const act = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (act === undefined)
    return fail('InvalidRequestException', `the local world does not play ${operation || 'this'} of Secrets Manager`);
  if (typeof body === 'string') return fail('InvalidRequestException', `the request is ${body}`);
  const input = objectOf(body.toString());
  const id = input[operation === 'CreateSecret' ? 'Name' : 'SecretId'];
  if (typeof id !== 'string') return fail('InvalidParameterException', 'the request names no secret');
  if (operation === 'DeleteSecret' && input['ForceDeleteWithoutRecovery'] !== true)
    return fail('InvalidRequestException', 'the local world keeps no deleted secrets: force it');
  const name = store.nameOf(id);
  const resource = store.arnOf(name) ?? (id.startsWith('arn:') ? id : `secret:${name}`);
  const refusal = gate(accessKeyOf(request.headers), { action: `secretsmanager:${operation}`, resource });
  if (refusal !== undefined) return sendJson(response, 400, refusedJson(refusal));
  const value = input['SecretString'];
  const done = act(store, name, typeof value === 'string' ? value : undefined);
  if (!done.ok) return fail(done.type, done.message);
  sendJson(response, 200, { ARN: store.arnOf(name) ?? resource, ...done.body });
}

function objectOf(text: string): JsonObject {
  try {
    const input = JSON.parse(text) as unknown;
    return isObject(input) ? input : {};
  } catch {
    return {};
  }
}
