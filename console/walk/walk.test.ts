/** The whole life of a task, through the page alone: `npm run test:console`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { browserPath, shopTask, startStage, type Stage } from './stage.ts';

const executable = browserPath();
if (executable === undefined) console.warn('skipped: no Chromium (apt-get install chromium, or CHROMIUM=path)');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string }[];
}
/** What axe takes for serious or critical in the view as it stands. Evaluated by the debugger, which no policy of the page binds. */
async function serious(page: Page): Promise<string[]> {
  // What fades in has the contrast of a ghost until it is there; a spinner never ends.
  await page.evaluate(
    `Promise.allSettled(document.getAnimations()
      .filter(({ effect }) => effect.getComputedTiming().endTime < Infinity).map(({ finished }) => finished))`,
  );
  await page.evaluate(AXE);
  const found = await page.evaluate<Finding[]>('axe.run(document).then(({ violations }) => violations)');
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200) ?? ''}`);
}

describe.skipIf(executable === undefined)('the console', () => {
  let stage: Stage;
  let page: Page;
  const complaints: string[] = [];
  const strangers: string[] = [];
  const asked: number[] = [];
  beforeAll(async () => {
    stage = await startStage(executable ?? '');
    page = await stage.open({}, false);
    page.setDefaultTimeout(30_000);
    page.on('console', (said) => {
      // What the walk does wrong on purpose (a wrong key, a document with a fault) is logged by the browser as a status.
      if (said.type() === 'error' && !/status of 4\d\d/.test(said.text())) complaints.push(said.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== stage.stack.apiUrl) strangers.push(request.url());
      if (url.pathname.startsWith('/v1/')) asked.push(Date.now());
    });
  });
  afterAll(() => stage.close());

  const go = async (place: string): Promise<void> => {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, place);
  };
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const confirm = async (name: string): Promise<void> => {
    await button(name).first().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  };
  const write = (document: object): Promise<void> => page.getByLabel('Task document (YAML)').fill(stringify(document));
  const reading = (): Promise<string[]> => serious(page);

  test('signs in: a wrong key is told so', async () => {
    await page.goto(stage.stack.apiUrl);
    await page.getByLabel('API key').fill('gln_local_wrong');
    await button('Sign in').click();
    await page.getByText('The API does not know this key.').waitFor();
    expect(await reading()).toEqual([]);
    await page.getByLabel('API key').fill(stage.stack.key);
    await button('Sign in').click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.getByText('No run yet').waitFor();
    expect(await reading()).toEqual([]);
  });

  test('writes a task: fields are suggested, a fault is shown on its line, one page is tried before it is saved', async () => {
    await go('#/edit');
    const field = page.getByLabel('Task document (YAML)');
    await field.fill('na');
    await field.press('Control+ ');
    await page.getByRole('group', { name: 'Suggestions' }).getByRole('button', { name: 'name' }).click();
    expect(await field.inputValue()).toBe('name: ');
    await write({ ...shopTask('walk', stage.site.url, 24, ['/nowhere']), pase: 1 });
    await page.getByText(/Line \d+: pase/).waitFor();
    expect(await reading()).toEqual([]);
    await write(shopTask('walk', stage.site.url, 24, ['/nowhere']));
    await page.getByText('The document is valid').waitFor();
    await button('Fetch and extract').click();
    await page.getByRole('table', { name: 'Records' }).getByText('The Quiet Harbour').waitFor();
    await button('Add field kind').click();
    expect(await field.inputValue()).toContain('meta[name=');
    await page.getByText('The document is valid').waitFor();
    expect(await reading()).toEqual([]);
    await button('Save').click();
    await page.getByRole('heading', { name: 'walk', exact: true }).waitFor();
    expect(await reading()).toEqual([]);
  });

  test('runs it, watches it lightly, pauses and resumes', { timeout: 120_000 }, async () => {
    await button('Run now').click();
    await page.getByRole('heading', { name: 'Run of walk' }).waitFor();
    await page.getByText('RUNNING').waitFor();
    await confirm('Pause');
    await page.getByText('PAUSED').waitFor();
    // What a view asks at its opening is over; what watching costs is what follows.
    const from = Date.now();
    await page.waitForTimeout(5_000);
    expect(asked.filter((at) => at >= from).length).toBeLessThanOrEqual(2 * 5 + 1);
    expect(await reading()).toEqual([]);
    await confirm('Resume');
    await page.getByText('PARTIAL').waitFor({ timeout: 90_000 });
  });

  test('opens a failure and its story, the records, and downloads a part', async () => {
    await page.getByRole('tab', { name: /Failures/ }).click();
    await page.getByText('status 404').waitFor();
    await page.getByRole('link', { name: /nowhere/ }).click();
    await page.getByText('failed / status').waitFor();
    expect(await reading()).toEqual([]);
    await page.getByRole('tab', { name: 'Records' }).click();
    await page.getByRole('table', { name: 'Records' }).getByText('The Quiet Harbour').waitFor();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.getByRole('table', { name: 'Timeline' }).getByText(/paus/i).first().waitFor();
    await page.getByRole('tab', { name: 'Downloads' }).click();
    const link = page.getByRole('table', { name: 'Downloads' }).getByRole('link').first();
    const part = await fetch((await link.getAttribute('href')) ?? '');
    expect(part.status).toBe(200);
    const lines = gunzipSync(Buffer.from(await part.arrayBuffer()))
      .toString()
      .trim()
      .split('\n');
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty('url');
    expect(await reading()).toEqual([]);
  });

  test(
    'an alert was raised; a better version resolves it; a version is rolled back',
    { timeout: 120_000 },
    async () => {
      await go('#/alerts');
      await page.getByRole('table', { name: 'Alerts' }).getByText('errorRate').waitFor({ timeout: 60_000 });
      expect(await reading()).toEqual([]);
      await go('#/edit/walk');
      await page.getByLabel('Task document (YAML)').waitFor();
      await write(shopTask('walk', stage.site.url, 3));
      await page.getByText('The document is valid').waitFor();
      await button('Save').click();
      await page.getByRole('table', { name: 'Versions' }).waitFor();
      await button('Show changes 2').click();
      await page.getByText('Changes of version 2 against version 1').waitFor();
      await button('Run now').click();
      await page.getByText('SUCCEEDED').waitFor({ timeout: 60_000 });
      await go('#/alerts');
      await page.getByRole('table', { name: 'Alerts' }).getByText('Resolved', { exact: true }).last().waitFor();
      await page.getByRole('radio', { name: 'Raised' }).or(button('Raised')).first().click();
      await page.getByText('No alerts').waitFor({ timeout: 60_000 });
      await go('#/task/walk');
      await confirm('Roll back 1');
      await page.getByText('Saved as version 3').waitFor();
    },
  );

  test('caps a host and takes it back', async () => {
    await go('#/hosts');
    const host = stage.site.url.replace('http://', '');
    await button(`Cap or stop ${host}`).click();
    await page.getByLabel('Requests per second at most').fill('0.5');
    await button('Set the cap').click();
    await page.getByRole('table', { name: 'Hosts' }).getByText('0.5/s').first().waitFor();
    expect(await reading()).toEqual([]);
    await button(`Take back ${host}`).click();
    await button(`Take back ${host}`).waitFor({ state: 'hidden' });
  });

  test(
    'quotas are edited by an operator, and a wrong one is refused with the reason',
    { timeout: 60_000 },
    async () => {
      await go('#/settings');
      const before = await stage.api<{ weight: number; permissions: string[] }>('GET', 'tenants/local');
      await button('Edit quotas').click();
      await page.getByLabel('targetsPerDay').fill('many');
      await button('Save quotas').click();
      await page.getByText('quotas.targetsPerDay').waitFor();
      expect(await reading()).toEqual([]);
      await page.getByLabel('targetsPerDay').fill('123456');
      await page.getByLabel('hostRequestsPerSecond').fill('40');
      await button('Save quotas').click();
      await page.getByText('Quotas of local are saved').waitFor();
      await page.getByText('123,456').waitFor();
      expect(await stage.api('GET', 'tenants/local')).toMatchObject({
        ...{ weight: before.weight, permissions: before.permissions },
        quotas: { targetsPerDay: 123_456 },
        hostRequestsPerSecond: 40,
      });
    },
  );

  test('the other views, in Chinese and dark, are as accessible', { timeout: 60_000 }, async () => {
    await button('中文').click();
    await button('深色').click();
    for (const place of ['', 'tasks', 'runs', 'hosts', 'alerts', 'dead-letters', 'usage', 'settings']) {
      await go(`#/${place}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForTimeout(800);
      expect([place, await reading()]).toEqual([place, []]);
    }
  });

  test('a key that may only read is told what it may not, where it may not', async () => {
    const { key } = await stage.api<{ key: string }>('POST', 'tenants/local/keys', { scopes: ['read'] });
    const reader = await stage.open({}, false);
    await reader.goto(`${stage.stack.apiUrl}/#/settings`);
    await reader.getByLabel('API key').fill(key);
    await reader.getByRole('button', { name: 'Sign in' }).click();
    await reader.getByText('This key may not see this').first().waitFor();
    await reader.close();
  });

  test('nothing was complained of, and nobody else was asked', () => {
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });
});
