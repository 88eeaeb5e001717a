/** The log of the embedded stack, a file in its data directory: a line a call, each with its time. */
import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';

/** A larger log is set aside as `gleaner.log.1` when it is opened again. */
const LOG_BYTES_MAX = 20 * 1024 * 1024;

export interface LogFile {
  path: string;
  write(line: string): void;
  /** Lines written after this are dropped: a stack that is being closed may still talk. */
  close(): void;
}

/** Creates the directory when needed. */
export function openLogFile(dataDir: string, now: () => number): LogFile {
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'gleaner.log');
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
  const handle = openSync(file, 'a', 0o600);
  let open = true;
  return {
    path: file,
    write: (line) => {
      if (open) writeSync(handle, `${new Date(now()).toISOString()} ${line}\n`);
    },
    close: () => {
      if (open) closeSync(handle);
      open = false;
    },
  };
}
