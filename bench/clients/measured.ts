/** What every client of the comparison is given, and what it tells at its end. */
import { existsSync, readFileSync } from 'node:fs';

const [list = '', out = '', inFlight = '1'] = process.argv.slice(2);
export const urls = readFileSync(list, 'utf8').trim().split('\n');
/** Where the records go, one gzipped line each. */
export const outFile = out;
export const concurrency = Number(inFlight);

/** The most memory that this program had. Where Linux does not tell, what the system counts: the parent's at the start is in that. */
function rssMb(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kb = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return (kb === undefined ? process.resourceUsage().maxRSS : Number(kb)) / 1024;
}

/** Start-up included: a process counts from its birth. */
export function report(): void {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
  const thread = process.threadCpuUsage();
  const threadCpuSeconds = (thread.user + thread.system) / 1e6;
  console.log(JSON.stringify({ cpuSeconds, threadCpuSeconds, seconds: performance.now() / 1e3, rssMb: rssMb() }));
}

/** Runs `work` on every URL, so many at a time. */
export async function inTurn(work: (url: string) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let url = urls[next++]; url !== undefined; url = urls[next++]) await work(url);
    }),
  );
}
