import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Bulk, BULK_BYTES } from '#http/bulk.ts';
import { exchange, type ExchangeResult } from '#http/exchange.ts';

const MB = 2 ** 20;
const TIMEOUT_MS = 10_000;

/** Time stands until it is moved. `setImmediate` is the machine's own. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Undici's side of one request. */
class Connection implements Dispatcher.DispatchController {
  readonly aborted = false;
  readonly reason = null;
  paused = false;
  ended: unknown;
  #handler: Dispatcher.DispatchHandler = {};
  /** What the caller got, once it has. */
  result: ExchangeResult | undefined;

  constructor(bulk: Bulk, signal?: AbortSignal) {
    const url = new URL('http://host.example/');
    const dispatch = (_: unknown, handler: Dispatcher.DispatchHandler): boolean => {
      this.#handler = handler;
      return true;
    };
    void exchange({ dispatch } as unknown as Dispatcher, {
      hop: { url, method: 'GET', headers: new Map(), body: undefined },
      origin: url.origin,
      timeoutMs: TIMEOUT_MS,
      bytesMax: BULK_BYTES,
      headersTimeoutMs: 0,
      bodyIdleMs: 0,
      bulk,
      signal,
    }).then((result) => (this.result = result));
    this.#handler.onRequestStart?.(this, {});
  }

  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  abort(reason: Error): void {
    this.ended = reason;
  }

  headers(headers: Record<string, string> = {}): void {
    this.#handler.onResponseStart?.(this, 200, headers, 'OK');
  }
  data(bytes: number): void {
    this.#handler.onResponseData?.(this, Buffer.alloc(bytes));
  }
  async end(): Promise<void> {
    this.#handler.onResponseEnd?.(this, {});
    await turn();
    await turn();
  }
}

describe('the time-out of a request whose body is long', () => {
  it.each([
    ['told', { 'content-length': String(40 * MB) }, 0],
    ['not told', {}, 2 * MB],
  ])('stands still while it waits for memory, its length being %s', async (_, headers, bytes) => {
    const bulk = new Bulk();
    const giveBack = bulk.take(BULK_BYTES, () => undefined);
    const connection = new Connection(bulk);
    await pass(4_000);
    connection.headers(headers);
    if (bytes > 0) connection.data(bytes);
    expect(connection.paused).toBe(true);
    await pass(100 * TIMEOUT_MS);
    expect(connection).toMatchObject({ paused: true, result: undefined, ended: undefined });

    giveBack();
    expect(connection.paused).toBe(false);
    await pass(5_999);
    expect(connection.result).toBeUndefined();
    await pass(1);
    expect(connection.result).toMatchObject({ ok: false, reason: 'timeout', detail: expect.stringContaining('body') });
    expect(connection.ended).toBeInstanceOf(Error);
  });

  it('stands still until all before it are through, and the body arrives whole', async () => {
    const bulk = new Bulk();
    const before = [40 * MB, 40 * MB].map((bytes) => bulk.take(bytes, () => undefined));
    const connection = new Connection(bulk);
    await pass(9_000);
    connection.headers({ 'content-length': String(30 * MB) });
    for (const giveBack of before) {
      expect(connection.paused).toBe(true);
      await pass(TIMEOUT_MS);
      giveBack();
    }
    expect(connection.paused).toBe(false);
    for (let i = 0; i < 30; i++) connection.data(MB);
    await pass(999);
    await connection.end();
    expect(connection.result).toMatchObject({ ok: true, wireBytes: 30 * MB });
  });

  it('is as it was where there is memory at once', async () => {
    const connection = new Connection(new Bulk());
    await pass(4_000);
    connection.headers({ 'content-length': String(40 * MB) });
    expect(connection.paused).toBe(false);
    await pass(5_999);
    expect(connection.result).toBeUndefined();
    await pass(1);
    expect(connection.result).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it('is as it was for a short body, however little memory there is', async () => {
    const bulk = new Bulk();
    bulk.take(BULK_BYTES, () => undefined);
    const connection = new Connection(bulk);
    connection.headers({ 'content-length': String(MB) });
    expect(connection.paused).toBe(false);
    await pass(TIMEOUT_MS);
    expect(connection.result).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it('leaves the line with the request: the next one goes before it', async () => {
    const bulk = new Bulk();
    const giveBack = bulk.take(BULK_BYTES, () => undefined);
    const caller = new AbortController();
    const [first, second] = [new Connection(bulk, caller.signal), new Connection(bulk)];
    for (const connection of [first, second]) connection.headers({ 'content-length': String(40 * MB) });
    caller.abort();
    await turn();
    expect(first.result).toMatchObject({ ok: false, reason: 'aborted' });
    giveBack();
    expect([first.paused, second.paused]).toEqual([true, false]);
    second.data(40 * MB);
    await second.end();
    expect(second.result).toMatchObject({ ok: true, wireBytes: 40 * MB });
  });

  it('gives its memory back when it has come', async () => {
    const bulk = new Bulk();
    const connection = new Connection(bulk);
    connection.headers({ 'content-length': String(40 * MB) });
    let isServed = false;
    bulk.take(BULK_BYTES, () => (isServed = true));
    await pass(TIMEOUT_MS);
    await turn();
    expect(connection.result).toMatchObject({ ok: false, reason: 'timeout' });
    expect(isServed).toBe(true);
  });
});
