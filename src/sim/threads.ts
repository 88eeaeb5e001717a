/** Jobs over several threads, each of which runs a module of ours that answers one message per job. */
import { Worker } from 'node:worker_threads';

/** Results in the order of the jobs. @param module answers each `{ id, job }` with `{ id, result }`. */
export async function runJobs<Job, Result>(
  module: URL,
  jobs: readonly Job[],
  threads: number,
  onResult?: (done: number) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  let [next, done] = [0, 0];
  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(module);
      const give = (): void => {
        if (next < jobs.length) worker.postMessage({ id: next, job: jobs[next++] });
        else void worker.terminate().then(() => resolve());
      };
      worker.on('error', reject);
      worker.on('message', ({ id, result }: { id: number; result: Result }) => {
        results[id] = result;
        onResult?.(++done);
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, runThread));
  return results;
}
