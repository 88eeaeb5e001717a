/** `node bench/console.ts [--check]`: how long the console takes on the embedded stack from its address to a usable Overview. Wants Chromium. */
import { browserPath, startStage } from '../console/walk/stage.ts';

const MS_MAX = 2_000;
const ROUNDS = 5;
const executable = browserPath();
if (executable === undefined) throw new Error('no Chromium: apt-get install chromium, or CHROMIUM=path');
const stage = await startStage(executable);
const times: number[] = [];
for (let i = 0; i < ROUNDS; i++) {
  // A context of its own: nothing is cached.
  const page = await stage.open({}, true);
  const begun = performance.now();
  await page.goto(stage.stack.apiUrl);
  await page.getByText('No run yet').waitFor();
  times.push(Math.round(performance.now() - begun));
  await page.context().close();
}
await stage.close();
const median = times.sort((a, b) => a - b)[ROUNDS >> 1] ?? Infinity;
process.stdout.write(`first load to a usable Overview: ${times.join(', ')} ms, median ${String(median)} ms\n`, () =>
  process.exit(process.argv.includes('--check') && median > MS_MAX ? 1 : 0),
);
