/**
 * Two small files that hold keys, each readable by its owner alone: what `login` stores for the user, and what a running
 * `up` leaves in its data directory so that commands started beside it find it without a key.
 */
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, Failure } from './failure.ts';

export interface Login {
  api: string;
  key: string;
}
export interface Endpoint {
  apiUrl: string;
  key: string;
  /** The process that serves it. */
  pid: number;
}

export const loginFile = (configDir: string): string => path.join(configDir, 'config.json');
export const endpointFile = (dataDir: string): string => path.join(dataDir, 'endpoint.json');

export async function readLogin(configDir: string): Promise<Login | undefined> {
  const file = loginFile(configDir);
  const value = await readObject(file);
  if (value === undefined) return undefined;
  const { api, key } = value;
  if (typeof api !== 'string' || typeof key !== 'string')
    throw new Failure(`${file}: expected {"api": …, "key": …}; run gleaner login again`);
  return { api, key };
}

export const writeLogin = (configDir: string, login: Login): Promise<void> => writePrivate(loginFile(configDir), login);

/**
 * The address an `up` left, alive or not. Only loopback addresses are believed: the file lies in a working directory, and
 * a directory someone else made must not send tasks elsewhere.
 */
export async function readEndpoint(dataDir: string): Promise<Endpoint | undefined> {
  const value = await readObject(endpointFile(dataDir)).catch(() => undefined);
  if (value === undefined) return undefined;
  const { apiUrl, key, pid } = value;
  if (typeof apiUrl !== 'string' || typeof key !== 'string' || !isLoopback(apiUrl)) return undefined;
  return { apiUrl, key, pid: typeof pid === 'number' ? pid : 0 };
}

export const writeEndpoint = (dataDir: string, endpoint: Endpoint): Promise<void> =>
  writePrivate(endpointFile(dataDir), endpoint);
export const removeEndpoint = (dataDir: string): Promise<void> => rm(endpointFile(dataDir), { force: true });

export function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

async function readObject(file: string): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through: the same message for broken JSON and for JSON of another shape.
  }
  throw new Failure(`${file}: not a JSON object; remove it or run gleaner login again`);
}

/** Complete or not at all, and never readable by others, not even for a moment or when an older file was. */
async function writePrivate(file: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${String(process.pid)}.tmp`;
  await rm(fresh, { force: true });
  const handle = await open(fresh, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(value, undefined, 2)}\n`);
  } finally {
    await handle.close();
  }
  await chmod(fresh, 0o600);
  await rename(fresh, file);
}
