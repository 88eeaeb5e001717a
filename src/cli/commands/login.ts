/** `gleaner login`: remembers an API and its key for this user. */
import { baseOf, clientOf } from '../client.ts';
import type { CommonOptions } from '../connection.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { ApiRefusal } from '../problem.ts';
import { isLoopback, loginFile, writeLogin } from '../settings.ts';
import type { Surroundings } from '../surroundings.ts';

export interface LoginOptions extends CommonOptions {
  key?: string;
}

/** A key the API refuses is not stored; one that could not be tried is, and that is said. */
export async function login(around: Surroundings, options: LoginOptions): Promise<number> {
  const { terminal, env, sleep, chance } = around;
  const given = options.api ?? env.GLEANER_API;
  const key = options.key ?? env.GLEANER_KEY;
  if (!given) throw new Failure('login needs --api URL (or GLEANER_API)');
  if (!key) throw new Failure('login needs --key KEY (or GLEANER_KEY)');
  const protocol = URL.parse(given)?.protocol;
  if (protocol !== 'https:' && protocol !== 'http:')
    throw new Failure(`--api must be an http(s) URL, got ${JSON.stringify(given)}`);
  const api = baseOf(given);
  if (protocol === 'http:' && !isLoopback(api))
    terminal.err('warning: this API is not https: the key and all results travel in the open');
  try {
    await clientOf({ api, key, sleep, chance, attempts: 1, timeoutMs: 10_000 }).listRuns({ limit: 1 });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error instanceof ApiRefusal && (error.status === 401 || error.status === 403))
      throw new Failure(`not stored: ${api} does not take this key`);
    terminal.err(`warning: the key could not be tried: ${error.message}`);
  }
  await writeLogin(around.configDir, { api, key });
  const file = loginFile(around.configDir);
  if (options.json === true) terminal.out(JSON.stringify({ api, config: file }));
  else terminal.out(`${api} stored in ${file}`);
  return EXIT_OK;
}
