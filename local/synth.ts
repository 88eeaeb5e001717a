/** Synthesises the CDK app for the local stage, without the CDK CLI: the app needs from it only a few variables. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the assembly is made of; also what changes the versions of the libraries that are bundled. */
const SOURCES = ['bin', 'lib', 'lambdas', 'src', 'package-lock.json', 'cdk.json'];
const ASSEMBLY = /^[0-9a-f]{16}$/;
const KEPT = 4;
/** The last lines of the app's own output that an error shows. */
const SHOWN_CHARS = 4_000;

export interface SynthOptions {
  /** The checkout. */
  root: string;
  /** Holds the assemblies; older ones are removed from it. */
  outDir: string;
  log: (line: string) => void;
  /** Of the app, beyond its stage. */
  inputs?: Record<string, string>;
}

/** Over names and contents of everything the assembly is made of, and what the app is told. */
function fingerprint(root: string, told: string): string {
  const hash = createHash('sha256').update(told);
  for (const source of SOURCES) {
    const path = join(root, source);
    if (!existsSync(path)) continue;
    const files = source.includes('.') ? [''] : readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((e) => (e.isFile() ? [join(e.parentPath, e.name).slice(path.length)] : [])); // prettier-ignore
    for (const file of files.sort())
      hash
        .update(`${source}${file}\0`)
        .update(readFileSync(path + file))
        .update('\0');
  }
  return hash.digest('hex');
}

function context(root: string, inputs: Record<string, string>): string {
  const config = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { context?: Record<string, unknown> };
  return JSON.stringify({
    ...config.context,
    ...inputs,
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:enable-asset-metadata': true,
    stage: 'local',
  });
}

/**
 * Each state of the sources has an assembly of its own, because a world that runs loads its bundles when it needs them:
 * they must not change or vanish under it. Unchanged sources are not synthesised again.
 * @returns the directory of the assembly, inside `outDir`.
 * @throws when the app fails, with the end of what it printed.
 */
export async function synthesise({ root, outDir, log, inputs = {} }: SynthOptions): Promise<string> {
  const told = context(root, inputs);
  const assembly = join(outDir, fingerprint(root, told).slice(0, 16));
  if (existsSync(assembly)) return assembly;
  const unfinished = `${assembly}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const begun = Date.now();
  try {
    await runApp(root, { ...process.env, CDK_OUTDIR: unfinished, CDK_CONTEXT_JSON: told });
    // In Lambda no package.json stands above the bundles; here the checkout's own would make ES modules of them.
    writeFileSync(join(unfinished, 'package.json'), '{ "type": "commonjs" }\n');
    // Somebody else may have been faster with the same sources.
    if (!existsSync(assembly)) renameSync(unfinished, assembly);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  log(`synthesised in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  prune(outDir);
  return assembly;
}

/** Keeps the newest few: an older world may still run on one of them. */
function prune(outDir: string): void {
  const assemblies = readdirSync(outDir)
    .filter((name) => ASSEMBLY.test(name))
    .map((name) => ({ path: join(outDir, name), madeMs: statSync(join(outDir, name)).mtimeMs }))
    .sort((a, b) => b.madeMs - a.madeMs);
  for (const { path } of assemblies.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}

function runApp(root: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const app = spawn(process.execPath, [join('bin', 'app.ts')], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    const keep = (chunk: Buffer): void => {
      printed = (printed + chunk.toString()).slice(-SHOWN_CHARS);
    };
    app.stdout.on('data', keep);
    app.stderr.on('data', keep);
    app.on('error', reject);
    app.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the CDK app failed (exit code ${String(code)}):\n${printed}`));
    });
  });
}
