/** One request and its response over an undici dispatcher, every ending a value. Redirects are the caller's business. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { FailReason } from '#core/ledger.ts';
import { offAbort, onAbort } from './aborts.ts';
import { BodyCollector, type BodyFault } from './body.ts';
import type { Bulk } from './bulk.ts';
import { parseCodings } from './decoding.ts';
import { failureOf, isDisconnect } from './failure.ts';
import { isRedirect, type Hop } from './redirect.ts';

export interface ExchangeRequest {
  hop: Hop;
  /** Of the hop's URL, which makes it anew each time it is asked. */
  origin: string;
  /** For connecting, waiting for headers and reading the body together. */
  timeoutMs: number;
  bytesMax: number;
  headersTimeoutMs: number;
  bodyIdleMs: number;
  bulk: Bulk;
  signal: AbortSignal | undefined;
}
export type ExchangeResult =
  | { ok: true; status: number; headers: Record<string, string>; body: Uint8Array; wireBytes: number }
  /** `stale`: the connection ended before a byte of the response came. */
  | { ok: false; stale: boolean; reason: FailReason | 'aborted'; detail: string };

/** The body of a redirect is read this far to keep the connection; longer ones cost the connection. */
const DRAIN_BYTES_MAX = 65_536;

/** A timer set further than this fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<ExchangeResult> {
  const { promise, resolve } = Promise.withResolvers<ExchangeResult>();
  new Exchange(request, resolve).send(dispatcher);
  return promise;
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest;
  readonly #settle: (result: ExchangeResult) => void;
  #timer: NodeJS.Timeout | undefined;
  /** When its time-out comes, by `performance.now()`; moved by what it waits for memory. */
  #deadline: number;
  readonly #onAbort = (): void => {
    this.#stop({ reason: 'aborted', detail: 'aborted' });
  };
  #phase: 'connect' | 'headers' | 'body' | 'done' = 'connect';
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Record<string, string> = {};
  #collector: BodyCollector | undefined;
  #drained = 0;
  #responseBegun = false;
  #contentLength = 0;
  /** Set once it has asked for memory. */
  #giveBack: (() => void) | undefined;

  constructor(request: ExchangeRequest, settle: (result: ExchangeResult) => void) {
    this.#request = request;
    this.#settle = settle;
    this.#deadline = performance.now() + request.timeoutMs;
    this.#arm();
  }

  #arm(): void {
    this.#timer = setTimeout(
      () => {
        this.#stop({ reason: 'timeout', detail: `${this.#phase}: not done within the time-out of the request` });
      },
      // Whole milliseconds: Node keeps a list of its own for each length of time that it is given.
      Math.min(Math.ceil(this.#deadline - performance.now()), TIMER_MS_MAX),
    );
  }

  send(dispatcher: Dispatcher): void {
    const { hop, origin, signal, headersTimeoutMs, bodyIdleMs } = this.#request;
    if (signal?.aborted === true) {
      this.#onAbort();
      return;
    }
    if (signal !== undefined) onAbort(signal, this.#onAbort);
    try {
      dispatcher.dispatch(
        {
          origin,
          path: hop.url.pathname + hop.url.search,
          method: hop.method,
          headers: hop.headers,
          body: hop.body ?? null,
          headersTimeout: headersTimeoutMs,
          bodyTimeout: bodyIdleMs,
        },
        this,
      );
    } catch (error) {
      this.#end({ ok: false, stale: false, ...failureOf(error) });
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#phase === 'done') controller.abort(new Error('settled'));
    else this.#phase = 'headers';
  }

  onResponseStarted(): void {
    this.#responseBegun = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#phase === 'done') return;
    this.#phase = 'body';
    this.#status = status;
    this.#headers = flatHeaders(headers);
    if (isRedirect(status, this.#headers['location'])) return;
    const bodiless = this.#request.hop.method === 'HEAD' || status === 204 || status === 304;
    const codings = parseCodings(bodiless ? undefined : this.#headers['content-encoding']);
    if (!codings.ok) {
      this.#fault({ ok: false, reason: 'decode', detail: codings.detail });
      return;
    }
    this.#collector = new BodyCollector(codings.codings, this.#request.bytesMax);
    this.#contentLength = bodiless ? 0 : Number(this.#headers['content-length'] ?? 0);
    const fault = this.#collector.announced(this.#contentLength);
    if (fault === undefined) this.#claim(this.#collector);
    else this.#fault(fault);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#phase === 'done') return;
    if (this.#collector === undefined) {
      this.#drained += chunk.length;
      if (this.#drained > DRAIN_BYTES_MAX) this.#respond(Buffer.alloc(0), true);
      return;
    }
    const fault = this.#collector.push(chunk);
    if (fault === undefined) this.#claim(this.#collector);
    else this.#fault(fault);
  }

  /** A long body is read on once there is memory for it; what that takes is not the host's time. */
  #claim(collector: BodyCollector): void {
    const bytes = this.#giveBack === undefined ? collector.bulk(this.#contentLength) : 0;
    if (bytes === 0) return;
    const from = performance.now();
    let isHere = false;
    this.#giveBack = this.#request.bulk.take(bytes, () => {
      isHere = true;
      if (this.#controller?.paused !== true) return;
      this.#deadline += performance.now() - from;
      this.#arm();
      this.#controller.resume();
    });
    if (isHere) return;
    clearTimeout(this.#timer);
    this.#controller?.pause();
  }

  onResponseEnd(): void {
    if (this.#phase === 'done') return;
    const decoded = this.#collector?.end() ?? { ok: true, body: Buffer.alloc(0) };
    // The pool frees the connection one turn later; a caller that goes on at once would make it open a second one.
    queueMicrotask(() => {
      setImmediate(() => {
        if (decoded.ok) this.#respond(decoded.body, false);
        else this.#fault(decoded);
      });
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const stale = !this.#responseBegun && isDisconnect(error);
    const failure = failureOf(error);
    if (this.#phase === 'body' && failure.reason === 'connect') {
      failure.detail = `body cut short after ${this.#collector?.wireBytes ?? this.#drained} bytes: ${failure.detail}`;
    }
    this.#end({ ok: false, stale, ...failure });
  }

  /** An error page that is too large or broken is still an error page: its status says more than its body. */
  #fault(fault: BodyFault): void {
    if (this.#status >= 400) this.#respond(Buffer.alloc(0), true);
    else this.#stop({ reason: fault.reason, detail: fault.detail });
  }

  #respond(body: Buffer, cut: boolean): void {
    const wireBytes = this.#collector?.wireBytes ?? this.#drained;
    this.#end({ ok: true, status: this.#status, headers: this.#headers, body, wireBytes });
    if (cut) this.#controller?.abort(new Error('settled'));
  }

  #stop(failure: { reason: FailReason | 'aborted'; detail: string }): void {
    this.#end({ ok: false, stale: false, ...failure });
    this.#controller?.abort(new Error('settled'));
  }

  #end(result: ExchangeResult): void {
    if (this.#phase === 'done') return;
    this.#phase = 'done';
    clearTimeout(this.#timer);
    if (this.#request.signal !== undefined) offAbort(this.#request.signal, this.#onAbort);
    this.#settle(result);
    // Whoever waits for the body has read it by then.
    if (this.#giveBack !== undefined) setImmediate(this.#giveBack);
  }
}

function flatHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  // In place: they are the response's own, and most of them are text.
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string') headers[name] = value?.join(', ') ?? '';
  }
  return headers as Record<string, string>;
}
