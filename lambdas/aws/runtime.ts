/** Time, chance, logs and metrics of a Lambda sandbox. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Json } from '#core/json.ts';
import type { Chance, Log, Meter } from '#core/ports.ts';

export const chance: Chance = () => Math.random();

export interface Telling {
  logger: Logger;
  metrics: Metrics;
  log: Log;
  meter: Meter;
}

/** One per function, at module level: middleware adds the request to every line and flushes the metrics. */
export function telling(stage: string): Telling {
  const logger = new Logger();
  const metrics = new Metrics({ defaultDimensions: { stage } });
  const fields = (extra?: Record<string, Json>): [Record<string, Json>] | [] => (extra ? [extra] : []);
  return {
    logger,
    metrics,
    log: {
      info: (message, extra) => logger.info(message, ...fields(extra)),
      warn: (message, extra) => logger.warn(message, ...fields(extra)),
      error: (message, extra) => logger.error(message, ...fields(extra)),
    },
    meter: {
      count: (name, value) => {
        if (value !== 0) metrics.addMetric(name, MetricUnit.Count, value);
      },
    },
  };
}
