/**
 * Plans a long list and prints the processor time it took and the most memory held, threads of zlib included. The list is
 * unpacked as it is read, and shards are packed and hashed as they are for S3; only the bucket itself is not there: what is
 * written is counted and forgotten, except what planning itself reads again, which is kept in a file.
 *
 * The process has the environment that the function `plan` has.
 *
 *   npm run bench:plan -- --targets 10000000 --hosts 200000 --check
 *
 * `--check` fails above 512 MB, above 60 s for 10,000,000 targets (and as much for others in proportion), and when a target
 * is missing. `--sorted` names the targets of a host one after the other.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ObjectMissing } from '#core/ports.ts';
import { plan } from '#core/steps/plan.ts';
import { startInline } from '#core/service/start.ts';
import type { Blobs } from '#storage/blobs.ts';
import { LineObjects } from '#storage/line-objects.ts';
import { PLAN_PROCESS } from '../lambdas/contract.ts';
import { MemoryWorld, caller, task } from '../test/support/memory-world.ts';

const RSS_MAX_MB = 512;
const CPU_SECONDS_MAX_PER_MILLION = 6;

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '1000000' },
    hosts: { type: 'string', default: '5000' },
    workers: { type: 'string', default: '200' },
    sorted: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const [targets, hosts, workersMax] = [Number(values.targets), Number(values.hosts), Number(values.workers)];

/** A bucket on a disk, of which only what will be read again is kept. */
class Passing implements Blobs {
  readonly dir: string;
  puts = 0;
  bytes = 0;

  constructor(dir: string) {
    this.dir = dir;
  }

  async put(key: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const kept: Uint8Array[] = [];
    for await (const chunk of chunks) {
      this.bytes += chunk.byteLength;
      if (key.includes('/plan/')) kept.push(chunk);
    }
    this.puts++;
    if (kept.length > 0) await writeFile(this.#path(key), Buffer.concat(kept));
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array>> {
    if (key.includes('/uploads/')) return createReadStream(join(this.dir, 'list.gz'));
    if (!key.includes('/plan/')) throw new ObjectMissing(key);
    const body = await readFile(this.#path(key));
    return (async function* () {
      yield await Promise.resolve(body);
    })();
  }

  exists = (): Promise<boolean> => Promise.resolve(true);
  delete = (key: string): Promise<void> => rm(this.#path(key), { force: true });
  list = (): Promise<string[]> => Promise.resolve([]);
  readUrl = (): Promise<string> => Promise.resolve('');
  writeUrl = (): Promise<string> => Promise.resolve('');
  getForeign = (): Promise<never> => Promise.reject(new Error('no other buckets'));

  #path(key: string): string {
    return join(this.dir, key.replaceAll('/', '_'));
  }
}

/** Hosts as the web has them: the k-th has a share of 1/k, and every one has a target. */
function* list(): Generator<string> {
  const harmonic = Math.log(hosts) + 0.5772;
  const url = (host: number, i: number): string =>
    `https://www.site-${String(host)}.example/section/page-${String(i)}.html\n`;
  const drawn = new Float64Array(targets);
  for (let i = 0, seed = 1; i < targets; i++) {
    seed = (seed * 16807) % 2147483647;
    drawn[i] = i < hosts ? i : Math.min(hosts - 1, Math.floor(Math.exp((seed / 2147483647) * harmonic - 0.5772)));
  }
  if (values.sorted) drawn.sort();
  for (let i = 0; i < targets; i++) yield url(drawn[i] ?? 0, i);
}

async function writeList(path: string): Promise<void> {
  const gzip = createGzip({ level: 1 });
  const file = createWriteStream(path);
  gzip.pipe(file);
  let text = '';
  for (const line of list()) {
    text += line;
    if (text.length < 1 << 20) continue;
    if (!gzip.write(text)) await once(gzip, 'drain');
    text = '';
  }
  gzip.end(text);
  await once(file, 'close');
}

if (process.env.BENCH_DIR === undefined) {
  // In a process of its own, so that making the list does not count.
  const { spawnSync } = await import('node:child_process');
  const dir = await mkdtemp(join(tmpdir(), 'gleaner-bench-plan-'));
  await writeList(join(dir, 'list.gz'));
  const env = { ...process.env, ...PLAN_PROCESS, BENCH_DIR: dir };
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env });
  await rm(dir, { recursive: true });
  process.exit(status ?? 1);
}

const blobs = new Passing(process.env.BENCH_DIR);
const world = await new MemoryWorld().open();
const objects = new LineObjects(blobs);
const ports = { ...world.ports, objects, workersMax };
const upload = await world.service.createUpload(caller);
if (!upload.ok) throw new Error('no upload');
const limits = { maxTargets: targets, maxMinutes: 1440, maxRecords: null, maxCostUsd: null };
const run = await startInline(ports, caller, task({ source: { list: upload.value.list }, limits }));
if (!run.ok) throw new Error(JSON.stringify(run.refusal));
let rows = 0;
let planned = 0;
// The table is not this process's memory either.
const put = world.table.put.bind(world.table);
world.table.put = (item, condition) => {
  if (item.kind !== 'shard') return put(item, condition);
  rows++;
  planned += Number(item.targets);
  return Promise.resolve({ ok: true, item });
};
const begun = process.hrtime.bigint();
const cpuBegun = process.cpuUsage();
await plan(ports, { tenant: caller.tenant, runId: run.value.id, attempt: 0, round: 0 });
const { user, system } = process.cpuUsage(cpuBegun);
const cpuSeconds = (user + system) / 1e6;
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
const rssMb = process.resourceUsage().maxRSS / 1024;
const listMb = (await stat(join(blobs.dir, 'list.gz'))).size / 1e6;
const millions = (n: number): string => n.toLocaleString('en-US');
console.log(
  `${millions(planned)} targets of ${millions(hosts)} hosts (list of ${listMb.toFixed(0)} MB) in ${millions(rows)} shards: ` +
    `${cpuSeconds.toFixed(1)} s of CPU, ${seconds.toFixed(1)} s, ${rssMb.toFixed(0)} MB at most, ${millions(blobs.puts)} objects of ${(blobs.bytes / 1e6).toFixed(0)} MB`,
);
const isSlow = cpuSeconds > (CPU_SECONDS_MAX_PER_MILLION * targets) / 1e6;
if (values.check && (isSlow || rssMb > RSS_MAX_MB || planned !== targets)) process.exit(1);
