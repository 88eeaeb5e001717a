/**
 * SDK clients with bounded patience: every call has time-outs for connecting, for the answer and for a connection gone
 * silent, and at most four attempts with jitter (the SDK's standard retry), after which the error is the caller's. Built
 * once per sandbox. Each has a file of its own, so that a function loads those alone that it asks.
 */

const ATTEMPTS_MAX = 4;

/** @param silenceMs without a byte either way, also in the middle of a body. */
export const patience = (answerMs: number, silenceMs: number) => ({
  maxAttempts: ATTEMPTS_MAX,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: answerMs,
    // Else the SDK only warns, and waits for ever.
    throwOnRequestTimeout: true,
    socketTimeout: silenceMs,
  },
});
/** Small calls answer in milliseconds; what takes longer than this is lost. */
export const quick = patience(5_000, 5_000);

/** Where a client outside Lambda finds its service; inside, the environment says it all. */
export interface Place {
  endpoint?: string;
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}
