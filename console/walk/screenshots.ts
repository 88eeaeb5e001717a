/**
 * `npm run console:pictures [DIR]`: a picture of every view, in both languages and both themes, and at phone width, of a stack that
 * has something to show. Without DIR: those that the README shows, into `docs/img`.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Run } from '../src/generated/api.ts';
import { browserPath, shopTask, startStage, type Look, type Stage } from './stage.ts';

const executable = browserPath();
if (executable === undefined) {
  process.stderr.write('no Chromium: apt-get install chromium, or CHROMIUM=path\n');
  process.exit(1);
}
const given = process.argv[2];
const dir = given ?? path.join(import.meta.dirname, '..', '..', 'docs', 'img');
mkdirSync(dir, { recursive: true });

interface Shot {
  name: string;
  place: string;
  /** A tab to open, by its place in the row. */
  tab?: number;
  tryIt?: boolean;
}

async function seed(stage: Stage): Promise<Shot[]> {
  const { api, site } = stage;
  const run = async (task: string): Promise<Run> => api<Run>('POST', `tasks/${task}/runs`);
  const ended = async (id: string): Promise<void> => {
    while ((await api<Run>('GET', `runs/${id}`)).finishedAt === undefined)
      await new Promise((resolve) => setTimeout(resolve, 500));
  };
  await api('POST', 'tasks', shopTask('shop-prices', site.url, 10, ['/nowhere', '/gone/2']));
  await api('POST', 'tasks', {
    ...shopTask('shop-nightly', site.url, 8),
    schedule: { cron: '0 3 * * *', timezone: 'Asia/Shanghai' },
  });
  await api('PUT', 'config', { pace: { requestsPerSecond: 3 } });
  await api('PUT', 'config', { pace: { requestsPerSecond: 2 } });
  const failing = await run('shop-prices');
  await ended(failing.id);
  await ended((await run('shop-nightly')).id);
  await api('PUT', 'tasks/shop-prices', shopTask('shop-prices', site.url, 290, ['/nowhere', '/gone/2']));
  const living = await run('shop-prices');
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  return [
    { name: 'overview', place: '' },
    { name: 'tasks', place: 'tasks' },
    { name: 'task', place: 'task/shop-prices' },
    { name: 'editor', place: 'edit/shop-nightly', tryIt: true },
    { name: 'runs', place: 'runs' },
    { name: 'run', place: `run/${living.id}` },
    { name: 'run-timeline', place: `run/${failing.id}`, tab: 1 },
    { name: 'run-failures', place: `run/${failing.id}`, tab: 2 },
    { name: 'run-explain', place: `run/${failing.id}?url=${encodeURIComponent(`${site.url}/nowhere`)}` },
    { name: 'run-records', place: `run/${failing.id}`, tab: 4 },
    { name: 'run-downloads', place: `run/${failing.id}`, tab: 5 },
    { name: 'hosts', place: 'hosts' },
    { name: 'alerts', place: 'alerts' },
    { name: 'dead-letters', place: 'dead-letters' },
    { name: 'usage', place: 'usage' },
    { name: 'settings', place: 'settings' },
  ];
}

async function take(stage: Stage, shots: readonly Shot[], look: Look, suffix: string): Promise<void> {
  const page = await stage.open(look, true);
  for (const { name, place, tab, tryIt } of shots) {
    await page.goto(`${stage.stack.apiUrl}/#/${place}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    if (tab !== undefined) await page.getByRole('tab').nth(tab).click();
    if (tryIt === true) {
      await page.waitForTimeout(1_500);
      await page.locator('form button').first().click();
      await page.getByRole('table').first().waitFor();
    }
    // The chart of a living run needs a few samples.
    await page.waitForTimeout(name === 'run' ? 6_000 : 1_500);
    await page.screenshot({ path: path.join(dir, `console-${name}${suffix}.png`), fullPage: given !== undefined });
  }
  await page.context().close();
}

const stage = await startStage(executable);
try {
  const shots = await seed(stage);
  if (given === undefined) {
    await take(
      stage,
      shots.filter(({ name }) => name === 'run' || name === 'editor'),
      {},
      '',
    );
    await take(
      stage,
      shots.filter(({ name }) => name === 'overview'),
      { language: 'zh-CN', theme: 'dark' },
      '',
    );
  } else {
    for (const language of ['en', 'zh-CN'] as const)
      for (const theme of ['light', 'dark'] as const)
        await take(stage, shots, { language, theme }, `-${language}-${theme}`);
    await take(stage, shots, { width: 390 }, '-phone');
    const page = await stage.open({}, false);
    await page.goto(stage.stack.apiUrl);
    await page.getByRole('heading', { level: 1 }).or(page.getByRole('heading')).first().waitFor();
    await page.screenshot({ path: path.join(dir, 'console-sign-in.png') });
  }
} finally {
  await stage.close();
}
process.stdout.write(`pictures in ${dir}\n`, () => process.exit());
