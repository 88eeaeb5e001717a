import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { takeDataDir } from '#local/data-dir.ts';
import { tempDir } from './fixture.ts';

const MODULE = new URL('../../local/data-dir.ts', import.meta.url).href;

it('is taken once, and free again after its release', () => {
  const dir = tempDir();
  const lock = takeDataDir(dir);
  expect(() => takeDataDir(dir)).toThrow(`in use by another process (pid ${process.pid})`);
  lock.release();
  takeDataDir(dir).release();
});

it('is free again when its holder was killed', async () => {
  const dir = tempDir();
  const code = `const { takeDataDir } = await import(${JSON.stringify(MODULE)}); takeDataDir(${JSON.stringify(dir)}); console.log('taken'); setInterval(() => 0, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(() => takeDataDir(dir)).toThrow(`pid ${String(holder.pid)}`);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  takeDataDir(dir).release();
});
