/** Surroundings of a test: a clock that jumps, a terminal that remembers, interrupts on call. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Surroundings } from '#cli/surroundings.ts';
import { terminalOf } from '#cli/terminal.ts';

export interface FakeSurroundings extends Surroundings {
  stdout: () => string;
  stderr: () => string;
  /** As if Ctrl-C were pressed; false when nobody listens. */
  interrupt(): boolean;
  /** Sleeps so far, in milliseconds. */
  slept: number[];
}

/** A fresh directory, gone after the test. */
export function scratch(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'gleaner-test-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

export function fakeSurroundings(changes: Partial<Surroundings> & { isTTY?: boolean } = {}): FakeSurroundings {
  const dir = changes.cwd ?? scratch();
  const written = { out: '', err: '' };
  const { isTTY = false, ...rest } = changes;
  const env = rest.env ?? {};
  const sink = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text), isTTY, columns: 100 });
  const listeners = new Set<() => void>();
  const slept: number[] = [];
  let now = Date.parse('2026-11-24T00:00:00Z');
  return {
    env,
    cwd: dir,
    configDir: path.join(dir, 'config', 'gleaner'),
    terminal: terminalOf(sink('out'), sink('err'), env),
    startEmbedded: () => Promise.reject(new Error('no embedded stack in this test')),
    onInterrupt: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    now: () => now,
    chance: () => 0.5,
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
      await new Promise(setImmediate);
    },
    ...rest,
    stdout: () => written.out,
    stderr: () => written.err,
    slept,
    interrupt: () => {
      for (const listener of [...listeners]) listener();
      return listeners.size > 0;
    },
  };
}
