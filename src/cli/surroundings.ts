/** Everything a command touches outside its own code, so that each can run in a test as it runs in a terminal. */
import type { StartEmbedded } from './embedded.ts';
import type { Terminal } from './terminal.ts';

export interface Surroundings {
  env: Record<string, string | undefined>;
  /** Relative paths of the command line are relative to this directory. */
  cwd: string;
  /** The user's configuration directory, `~/.config/gleaner` unless XDG_CONFIG_HOME says otherwise. */
  configDir: string;
  terminal: Terminal;
  startEmbedded: StartEmbedded;
  /** Calls back on each SIGINT or SIGTERM until the returned function is called; without a listener they end the process. */
  onInterrupt(listener: () => void): () => void;
  /** UTC milliseconds. */
  now(): number;
  /** Uniform in [0, 1). */
  chance(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
