/** What every function wears: its name in each log line, the request's ids, metrics flushed at the end, errors logged once and thrown. */
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context as LambdaContext } from 'aws-lambda';
import type { Telling } from './runtime.ts';

type Handler<E, A> = (event: E, context: LambdaContext) => Promise<A>;

/** @param keys what of the event belongs into every line: run, tenant, … */
export function dressed<E, A>(
  { logger, metrics }: Telling,
  keys: (event: E) => Record<string, string | number>,
  handler: Handler<E, A>,
) {
  return middy<E, A>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics))
    .before(({ event }) => {
      logger.appendKeys(keys(event));
    })
    .onError(({ error }) => {
      logger.error('failed', error ?? new Error('failed without an error'));
    })
    .handler((event: E, context: LambdaContext) => handler(event, context));
}
/** Run and round of a state machine's task. */
export const runKeys = (event: { tenant: string; runId: string; round?: number }): Record<string, string | number> => ({
  tenant: event.tenant,
  runId: event.runId,
  ...(event.round !== undefined && { round: event.round }),
});
