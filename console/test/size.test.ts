/** What a browser loads before the first paint of Overview: a size, so that it is the same on every machine. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { buildConsole } from '../build.ts';

const SCRIPT_BYTES_MAX = 350 * 1024;
const STYLE_BYTES_MAX = 120 * 1024;

test('scripts of the first load are at most 350 KB compressed; nothing is inline or of another origin', async () => {
  const dir = await buildConsole(() => undefined);
  const page = readFileSync(path.join(dir, 'index.html'), 'utf8');
  const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = '']) => name);
  const bytesOf = (ending: string): number =>
    named
      .filter((name) => name.endsWith(ending))
      .reduce((sum, name) => sum + gzipSync(readFileSync(path.join(dir, name)), { level: 9 }).byteLength, 0);
  // As of a build for development, whoever made it: such a page would not start.
  for (const name of named.filter((each) => each.endsWith('.js')))
    expect(readFileSync(path.join(dir, name), 'utf8')).not.toMatch(/jsxDEV\)\(/);
  expect(bytesOf('.js')).toBeGreaterThan(50 * 1024);
  expect(bytesOf('.js')).toBeLessThanOrEqual(SCRIPT_BYTES_MAX);
  expect(bytesOf('.css')).toBeLessThanOrEqual(STYLE_BYTES_MAX);
  for (const name of named) expect(name).toMatch(/^\.\//);
  expect(page).not.toMatch(/<style|<script(?![^>]* src=)|\sstyle=/);
});
