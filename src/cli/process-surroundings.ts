/** The surroundings of a real process. */
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { StartEmbedded } from './embedded.ts';
import type { Surroundings } from './surroundings.ts';
import { terminalOf } from './terminal.ts';

export function processSurroundings(startEmbedded: StartEmbedded): Surroundings {
  const { env } = process;
  return {
    env,
    cwd: process.cwd(),
    configDir: path.join(env.XDG_CONFIG_HOME || path.join(homedir(), '.config'), 'gleaner'),
    terminal: terminalOf(process.stdout, process.stderr, env),
    startEmbedded,
    onInterrupt: (listener) => {
      process.on('SIGINT', listener).on('SIGTERM', listener);
      return () => {
        process.off('SIGINT', listener).off('SIGTERM', listener);
      };
    },
    now: Date.now,
    chance: Math.random,
    sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}).catch(() => undefined),
  };
}
