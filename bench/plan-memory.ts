/** Plans a list of a million URLs and prints time and the most memory held. `--check`: fails above 512 MB. */
import { plan } from '#core/steps/plan.ts';
import { startInline } from '#core/service/start.ts';
import { MemoryObjects } from '../src/sim/memory-objects.ts';
import { MemoryWorld, caller, task } from '../test/support/memory-world.ts';

const TARGETS = 1_000_000;
const HOSTS = 5_000;
const RSS_MAX_MB = 512;

/** The list is made while it is read, and what is written is counted and forgotten: a bucket is not this process's memory. */
class Passing extends MemoryObjects {
  written = 0;
  override async *readLines(): AsyncGenerator<string> {
    for (let i = 0; i < TARGETS; i++)
      yield await Promise.resolve(`https://host-${String((i * 7919) % HOSTS)}.example/section/page-${String(i)}.html`);
  }
  override async writeLines(_key: string, lines: Iterable<string> | AsyncIterable<string>) {
    let count = 0;
    for await (const _line of lines) count++;
    this.written += count;
    return { lines: count, bytes: 0, sha256: '' };
  }
}

const world = await new MemoryWorld().open();
const objects = new Passing();
const ports = { ...world.ports, objects };
const upload = await world.service.createUpload(caller);
if (!upload.ok) throw new Error('no upload');
const run = await startInline(ports, caller, task({ source: { list: upload.value.list } }));
if (!run.ok) throw new Error(JSON.stringify(run.refusal));
const begun = process.hrtime.bigint();
const answer = await plan(ports, { tenant: caller.tenant, runId: run.value.id, attempt: 0, round: 0 });
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
const rssMb = process.resourceUsage().maxRSS / 1024;
console.log(
  `${String(objects.written)} targets in ${String(answer.shards)} shards: ${seconds.toFixed(1)} s, ${rssMb.toFixed(0)} MB at most`,
);
if (process.argv.includes('--check') && (rssMb > RSS_MAX_MB || objects.written !== TARGETS)) process.exit(1);
