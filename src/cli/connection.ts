/**
 * Which API a command talks to, and with which key. A key is only ever sent to the API it was given for: the stored one to
 * the address of `login`, the local one to the local stack.
 */
import path from 'node:path';
import { baseOf, clientOf, type Client } from './client.ts';
import { Failure } from './failure.ts';
import { readEndpoint, readLogin, type Endpoint } from './settings.ts';
import type { Surroundings } from './surroundings.ts';

/** Options that every command has. */
export interface CommonOptions {
  api?: string;
  data: string;
  json?: boolean;
}

export const dataDirOf = (around: Surroundings, options: CommonOptions): string =>
  path.resolve(around.cwd, options.data);

/** The API by `--api`, GLEANER_API, a local `up` in the data directory, or `login`, in this order. */
export async function connect(around: Surroundings, options: CommonOptions): Promise<Client> {
  const named = await connectNamed(around, options);
  if (named !== undefined) return named;
  const running = await connectRunning(around, options);
  if (running !== undefined) return running;
  const login = await readLogin(around.configDir);
  if (login !== undefined) return clientFor(around, login.api, around.env.GLEANER_KEY || login.key);
  throw new Failure(
    'no API to talk to: start one here with `gleaner up`, or name one by --api URL, GLEANER_API or `gleaner login --api URL --key KEY`',
  );
}

/** Only what was named for this very command: `--api` or GLEANER_API. */
export async function connectNamed(around: Surroundings, options: CommonOptions): Promise<Client | undefined> {
  const api = options.api ?? around.env.GLEANER_API;
  if (api === undefined || api === '') return undefined;
  if (!/^https?:$/.test(URL.parse(api)?.protocol ?? ''))
    throw new Failure(`the API must be an http(s) URL, got ${JSON.stringify(api)}`);
  return clientFor(around, api, around.env.GLEANER_KEY || (await keyFor(around, options, api)));
}

/** A stack that `up` runs on this data directory, if it is alive. */
export async function connectRunning(around: Surroundings, options: CommonOptions): Promise<Client | undefined> {
  const endpoint = await readEndpoint(dataDirOf(around, options));
  if (endpoint === undefined || !(await isAlive(around, endpoint))) return undefined;
  return clientFor(around, endpoint.apiUrl, endpoint.key);
}

/** Healthy and taking its own key: after a crash another stack may have the port. */
async function isAlive(around: Surroundings, { apiUrl, key }: Endpoint): Promise<boolean> {
  const { sleep, chance } = around;
  const probe = clientOf({ api: apiUrl, key, sleep, chance, attempts: 1, timeoutMs: 2_000 });
  try {
    if (typeof (await probe.health()).status !== 'string') return false;
    await probe.listRuns({ limit: 1 });
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

async function keyFor(around: Surroundings, options: CommonOptions, api: string): Promise<string | undefined> {
  const endpoint = await readEndpoint(dataDirOf(around, options));
  if (endpoint !== undefined && baseOf(endpoint.apiUrl) === baseOf(api)) return endpoint.key;
  const login = await readLogin(around.configDir);
  return login !== undefined && baseOf(login.api) === baseOf(api) ? login.key : undefined;
}

const clientFor = (around: Surroundings, api: string, key: string | undefined): Client =>
  clientOf({ api, sleep: around.sleep, chance: around.chance, ...(key !== undefined && { key }) });
