/**
 * The stack that runs inside this process: the same API, queue and workers as in AWS, on emulators. The command line knows it by
 * this interface alone; `bin/gleaner.ts` passes the one that starts it.
 */
export interface Embedded {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  apiUrl: string;
  /** An API key of the local tenant. */
  key: string;
  /** Stops polling, lets nothing new start, frees port and data directory. */
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Absolute; created when absent. State in it outlives the process. */
  dataDir: string;
  /** 0 = any free one. */
  port: number;
  /** The console at `/` too. */
  withConsole?: boolean;
  /** What the stack has to tell, a line a call. */
  log: (line: string) => void;
}

/** Rejects with code EADDRINUSE when the port is taken. */
export type StartEmbedded = (options: EmbeddedOptions) => Promise<Embedded>;
