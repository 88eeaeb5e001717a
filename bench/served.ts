/** `origin.ts` as a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PageSet } from './pages.ts';

export interface Served {
  url: string;
  /** The same pages on several ports, that of `url` among them. */
  urls: string[];
  close(): void;
}

export async function servePages(set: PageSet, count: number, latencyMs: number): Promise<Served> {
  const file = fileURLToPath(new URL('origin.ts', import.meta.url));
  const args = [file, set, String(count), String(latencyMs)];
  const origin = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const urls = await new Promise<string[]>((resolve, reject) => {
    origin.stdout.once('data', (data: Buffer) => {
      resolve(data.toString().trim().split(' ').map((port) => `http://127.0.0.1:${port}`)); // prettier-ignore
    });
    origin.once('exit', (code) => reject(new Error(`the origin ended with ${String(code)}`)));
  });
  return { url: urls[0] ?? '', urls, close: () => origin.stdin.end() };
}
