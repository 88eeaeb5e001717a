/** `api`: HTTP API events (payload 2.0) to the API of `src/api` and back. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import { createApi } from '#api/api.ts';
import { headBytes } from '#api/request-head.ts';
import type { Trial } from '#core/service/preview.ts';
import { createService } from '#core/service/service.ts';
import { dressed } from './aws/handler.ts';
import { randomness, time, workersMax } from './aws/ports/basics.ts';
import { runMachine } from './aws/ports/machine.ts';
import { resultObjects } from './aws/ports/objects.ts';
import { shardQueue } from './aws/ports/queues.ts';
import { schedules } from './aws/ports/schedules.ts';
import { tenantSecrets, webhookKeys } from './aws/ports/secrets.ts';
import { switches } from './aws/ports/switches.ts';
import { tables } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { environment, METRICS } from './contract.ts';
import { VERSION } from './version.ts';

const env = environment('api', process.env);
const told = telling(env.GLEANER_STAGE);
const both = tables(env);
/** One for the sandbox. The extraction engine is large and most calls need none: it is loaded for the first preview. */
let loaded: Promise<Trial> | undefined;
const trial = (): Promise<Trial> => (loaded ??= loadTrial());
async function loadTrial(): Promise<Trial> {
  const [{ outgoing }, { compileExtractor }, { fieldCandidates }] = await Promise.all([
    import('./aws/web.ts'),
    import('#extract/compile.ts'),
    import('#extract/candidates.ts'),
  ]);
  return { ...outgoing(process.env), compileExtractor, fieldCandidates };
}
const operations = createService({
  region: env.GLEANER_REGION,
  workersMax: workersMax(env),
  ...time,
  ...both,
  ...switches(env, { ...both, log: told.log }),
  ...resultObjects(env),
  ...tenantSecrets(env),
  ...shardQueue(env),
  ...runMachine(env),
  ...schedules(env),
  ...webhookKeys(env),
  ...randomness,
  trial,
  log: told.log,
  meter: told.meter,
});
const api = createApi({
  operations,
  version: VERSION,
  region: env.GLEANER_REGION,
  now: () => time.clock.now(),
  newRequestId: () => randomUUID(),
  onRequest: (request) => {
    told.log.info('request', { ...request });
    told.meter.count(METRICS.apiRequests, 1);
    if (request.status >= 500) told.meter.count(METRICS.apiErrors, 1);
  },
  onError: (error) => {
    told.logger.error('request failed', error as Error);
  },
});

export const handler = dressed<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(
  told,
  () => ({}),
  async (event) => {
    const { rawPath, rawQueryString, cookies } = event;
    const { method } = event.requestContext.http;
    const given = Object.fromEntries(
      Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value ?? '']),
    );
    const target = rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`;
    const { status, headers, body } = await api({
      method,
      path: rawPath,
      query: new URLSearchParams(rawQueryString),
      headers: given,
      headBytes: headBytes({ method, target, headers: given, cookies }),
      ...(event.body !== undefined && { body: event.isBase64Encoded ? Buffer.from(event.body, 'base64') : event.body }),
    });
    return { statusCode: status, headers, body };
  },
);
