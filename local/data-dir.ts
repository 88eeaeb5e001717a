import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Takes a data directory for this process. Two processes on one LevelDB or SQLite would destroy it, so the second one is
 * refused by name. The lock is an exclusive SQLite transaction: the kernel lets go of it when its holder dies, however
 * it dies, so a stale lock or a pid that was given to another program cannot exist. `pid` beside it only says who it is.
 */
export function takeDataDir(dir: string): { release(): void } {
  mkdirSync(dir, { recursive: true });
  const pidFile = join(dir, 'pid');
  const database = new DatabaseSync(join(dir, 'lock.db'), { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!/locked|busy/i.test(String(error))) throw error;
    throw new Error(
      `${dir} is in use by another process (pid ${readPid(pidFile)}): stop it, or choose another data directory`,
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return { release: () => database.close() };
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
