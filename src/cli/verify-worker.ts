/** A thread of a verification: scans the files it is told, one after the other. What it throws ends it and reaches the other side. */
import { parentPort } from 'node:worker_threads';
import { scanFile, type ScanJob } from './verify-scan.ts';

if (parentPort === null) throw new Error('verify-worker is started by verify-threads');
const port = parentPort;
let turn = Promise.resolve();
port.on('message', (job: ScanJob) => {
  turn = turn.then(async () => {
    const scan = await scanFile(job);
    port.postMessage(scan, [scan.rows.buffer as ArrayBuffer]);
  });
});
