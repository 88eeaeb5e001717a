/** One thread of `npm run sim:pace`. */
import { parentPort } from 'node:worker_threads';
import { runJob, type Job } from './jobs.ts';

parentPort?.on('message', ({ id, job }: { id: number; job: Job }) => {
  void runJob(job).then(
    (result) => parentPort?.postMessage({ id, result }),
    (error: unknown) => {
      throw error;
    },
  );
});
