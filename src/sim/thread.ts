/** One thread of the runner: simulates the seeds it is sent and answers with what came of each. */
import { parentPort } from 'node:worker_threads';
import { simulate, type Simulated } from './simulate.ts';

/** Without the history, which nobody reads unless something is wrong. */
export type Told = Omit<Simulated, 'history'>;

parentPort?.on('message', (seed: string) => {
  void simulate(seed).then(
    ({ history: _, ...told }) => parentPort?.postMessage(told),
    (error: unknown) => {
      throw error;
    },
  );
});
