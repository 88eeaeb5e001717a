/**
 * The console as files, built when its sources have changed: `node console/build.ts` prints the directory. Each state of the sources
 * has a directory of its own, so that a stack which serves one is not disturbed by the next.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const DIST = path.join(here, 'dist');
const KEPT = 3;

function fingerprint(): string {
  const files = readdirSync(here, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(here, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('dist'))
    .sort();
  const hash = createHash('sha256').update(readFileSync(path.join(here, '..', 'package-lock.json')));
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(path.join(here, file))).update('\0'); // prettier-ignore
  return hash.digest('hex').slice(0, 16);
}

/** @returns the directory with `index.html`. Rejects when the sources do not build, or Vite is not installed. */
export async function buildConsole(log: (line: string) => void): Promise<string> {
  const dir = path.join(DIST, fingerprint());
  if (existsSync(dir)) return dir;
  const begun = Date.now();
  const unfinished = `${dir}.${String(process.pid)}`;
  const { build } = await import('vite');
  // Vite asks it which JSX to write; a test runner has its own word there.
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    await build({
      configFile: path.join(here, 'vite.config.ts'),
      logLevel: 'error',
      build: { outDir: unfinished, emptyOutDir: true },
    });
    // Somebody else may have been faster with the same sources.
    if (!existsSync(dir)) renameSync(unfinished, dir);
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
    rmSync(unfinished, { recursive: true, force: true });
  }
  log(`console built in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  prune();
  return dir;
}

function prune(): void {
  const built = readdirSync(DIST)
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .map((name) => ({ dir: path.join(DIST, name), madeMs: statSync(path.join(DIST, name)).mtimeMs }))
    .sort((a, b) => b.madeMs - a.madeMs);
  for (const { dir } of built.slice(KEPT)) rmSync(dir, { recursive: true, force: true });
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(`${await buildConsole((line) => void process.stderr.write(`${line}\n`))}\n`);
}
