import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { type FunctionName, METRICS, METRICS_NAMESPACE } from '../lambdas/contract.ts';
import type { StageSettings } from './stage.ts';

/** A metric that handlers write, by its word in `METRICS`; its dimensions are those of `lambdas/aws/runtime.ts`. */
export const gleanerMetric = (
  stage: StageSettings,
  service: FunctionName,
  metric: keyof typeof METRICS,
  options: MetricOptions,
): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName: METRICS[metric],
    dimensionsMap: { service, stage: stage.name },
    ...options,
  });
