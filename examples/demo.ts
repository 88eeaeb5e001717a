/**
 * `npm run demo`: serves the demo site, collects from it on the embedded stack as `gleaner collect` would, and verifies what
 * arrived. Exits 0 when both went well. `node examples/demo.ts sitemap` takes another example of this folder.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { collectTask } from '#cli/commands/collect.ts';
import { verify } from '#cli/commands/verify.ts';
import { codeOf } from '#cli/failure.ts';
import { processSurroundings } from '#cli/process-surroundings.ts';
import { DATA_DEFAULT } from '#cli/program.ts';
import { SITE_PORT, startSite, type Site } from './site.ts';

const WRITTEN_FOR = `http://127.0.0.1:${String(SITE_PORT)}`;
const here = import.meta.dirname;
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const example = process.argv[2] ?? 'crawl';
const site = await siteOnAnyPort();
const copies = await mkdtemp(path.join(tmpdir(), 'gleaner-demo-'));
try {
  process.exitCode = await demo();
} finally {
  await site.close();
  await rm(copies, { recursive: true, force: true });
}
// Flushed, then ended: nothing the stack left open may hold the terminal.
process.stdout.write('', () => process.exit());

async function demo(): Promise<number> {
  const file = await fileForThisSite(example);
  say(`the demo site is at ${site.url}; the task is examples/${example}.yaml`);
  const around = processSurroundings(async (options) => (await import('#local/embedded.ts')).startEmbedded(options));
  const options = { data: DATA_DEFAULT };
  const { code, dir } = await collectTask(around, file, options);
  if (dir === undefined) return code === 0 ? 1 : code;
  const where = path.relative(around.cwd, dir);
  const verified = await verify(around, where, options);
  if (code === 0 && verified === 0)
    say(`look at it:  zcat ${where}/records-*.gz | head -3\nprove it:    npx gleaner verify ${where}`);
  return code === 0 ? verified : code;
}

/** The port the examples are written for, or any other when that one is taken. */
async function siteOnAnyPort(): Promise<Site> {
  try {
    return await startSite();
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    return startSite({ port: 0 });
  }
}

/** The example as it is; where the site has another port, a copy (with its list) that says so. */
async function fileForThisSite(name: string): Promise<string> {
  const original = path.join(here, `${name}.yaml`);
  if (site.url === WRITTEN_FOR) return original;
  for (const file of await readdir(here))
    if (/\.(yaml|txt)$/.test(file)) {
      const text = await readFile(path.join(here, file), 'utf8');
      await writeFile(path.join(copies, file), text.replaceAll(WRITTEN_FOR, site.url));
    }
  return path.join(copies, `${name}.yaml`);
}
