/** A stack with the console, the demo shop and a browser, for the walk and the pictures. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { startSite, type Site } from '../../examples/site.ts';
import { startEmbedded, type EmbeddedStack } from '../../local/embedded.ts';

const BROWSERS = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser'];
/** Undefined where there is none. */
export const browserPath = (): string | undefined => BROWSERS.find((file) => file !== undefined && existsSync(file));

export interface Look {
  language?: 'en' | 'zh-CN';
  theme?: 'light' | 'dark';
  width?: number;
}
export interface Stage {
  stack: EmbeddedStack;
  site: Site;
  /** A page of its own context. @param signedIn with the stack's key. */
  open(look: Look, signedIn: boolean): Promise<Page>;
  api<T>(method: string, route: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

export async function startStage(executablePath: string): Promise<Stage> {
  const dir = mkdtempSync(path.join(tmpdir(), 'gleaner-console-'));
  const site = await startSite({ port: 0 });
  const stack = await startEmbedded({
    dataDir: path.join(dir, 'data'),
    port: 0,
    log: () => undefined,
    withConsole: true,
  });
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const api = async <T>(method: string, route: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${stack.apiUrl}/v1/${route}`, {
      method,
      headers: { authorization: `Bearer ${stack.key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${route}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const open: Stage['open'] = async ({ language = 'en', theme = 'light', width = 1280 }, signedIn) => {
    const options: BrowserContextOptions = {
      viewport: { width, height: 900 },
      locale: language,
      acceptDownloads: true,
      reducedMotion: 'reduce',
    };
    const context = await browser.newContext(options);
    await context.addInitScript(
      ([key, chosen, mode]) => {
        if (key !== '') sessionStorage.setItem('gleaner.key', key ?? '');
        localStorage.setItem('gleaner.language', chosen ?? '');
        localStorage.setItem('gleaner.theme', mode ?? '');
      },
      [signedIn ? stack.key : '', language, theme],
    );
    return context.newPage();
  };
  const close = async (): Promise<void> => {
    await browser.close();
    await stack.close();
    await site.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return { stack, site, open, api, close };
}

/** A task of the shop with a page that is missing: something to fail, an alert to raise. */
export const shopTask = (name: string, site: string, books: number, more: readonly string[] = []) => ({
  name,
  source: {
    urls: [...Array.from({ length: books }, (_, i) => `${site}/book/${String(i + 1)}`), ...more.map((at) => site + at)],
  },
  extract: { fields: { title: 'h1', price: '.price' } },
  pace: { requestsPerSecond: 4, concurrency: 2 },
  alerts: { errorRate: 0.01 },
});
