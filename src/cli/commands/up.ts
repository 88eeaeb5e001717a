/** `gleaner up`: the embedded stack until it is interrupted. */
import { dataDirOf, type CommonOptions } from '../connection.ts';
import type { Embedded } from '../embedded.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { codeOf, Failure, reasonOf } from '../failure.ts';
import { openLogFile } from '../log-file.ts';
import { endpointFile, removeEndpoint, writeEndpoint } from '../settings.ts';
import type { Surroundings } from '../surroundings.ts';

export interface UpOptions extends CommonOptions {
  port: number;
}

export async function up(around: Surroundings, options: UpOptions): Promise<number> {
  const { terminal } = around;
  const interrupted = interruption(around);
  const stack = await startStack(around, options, options.port, true);
  const { embedded, dataDir, logFile } = stack;
  try {
    const endpoint = { apiUrl: embedded.apiUrl, key: embedded.key, pid: process.pid };
    await writeEndpoint(dataDir, endpoint);
    if (options.json === true)
      terminal.out(JSON.stringify({ apiUrl: embedded.apiUrl, dataDir, endpoint: endpointFile(dataDir), logFile }));
    else
      for (const line of [
        `Page  ${embedded.apiUrl}/`,
        `API   ${embedded.apiUrl}/v1`,
        `Key   in ${endpointFile(dataDir)}; commands in this directory find it by themselves`,
        `Data  ${dataDir}`,
        `Log   ${logFile}`,
      ])
        terminal.out(line);
    terminal.err('running; interrupt (Ctrl-C) to stop');
    await interrupted;
    terminal.err('stopping');
  } finally {
    await removeEndpoint(dataDir);
    await stack.close();
  }
  return EXIT_OK;
}

/** Resolves at the first interrupt; a second one, while things are being closed, is left to end the process. */
function interruption(around: Surroundings): Promise<void> {
  return new Promise((resolve) => {
    const unlisten = around.onInterrupt(() => {
      unlisten();
      resolve();
    });
  });
}

export interface Stack {
  embedded: Embedded;
  dataDir: string;
  logFile: string;
  close(): Promise<void>;
}

/** The embedded stack on the data directory of the options, which it takes for itself. Its log lines go to a file there. */
export async function startStack(
  around: Surroundings,
  options: CommonOptions,
  port: number,
  withConsole = false,
): Promise<Stack> {
  const dataDir = dataDirOf(around, options);
  const log = openLogFile(dataDir, around.now);
  try {
    const embedded = await around.startEmbedded({ dataDir, port, log: log.write, ...(withConsole && { withConsole }) });
    const close = async (): Promise<void> => {
      await embedded.close();
      log.close();
    };
    return { embedded, dataDir, logFile: log.path, close };
  } catch (error) {
    log.close();
    throw new Failure(whyNot(error, port), { cause: error });
  }
}

function whyNot(error: unknown, port: number): string {
  const code = codeOf(error);
  if (code === 'EADDRINUSE')
    return `port ${String(port)} is taken: stop what listens there, or choose another one by --port`;
  if (code === 'EACCES' && port > 0 && port < 1024)
    return `port ${String(port)} is not allowed to this user: choose one above 1023 by --port`;
  return `the embedded stack could not start: ${reasonOf(error)}`;
}
