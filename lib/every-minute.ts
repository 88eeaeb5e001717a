import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { RUN_SWEEP_MS } from '../src/core/limits.ts';

/** Calls a function every minute. What a pass could not do, the next one finds again, so nothing is delivered late. */
export class EveryMinute extends Construct {
  readonly rule: Rule;

  constructor(scope: Construct, id: string, target: IFunction, does: string) {
    super(scope, id);
    const every = Duration.millis(RUN_SWEEP_MS);
    this.rule = new Rule(this, 'Rule', {
      description: `Gleaner: ${does}`,
      schedule: Schedule.rate(every),
      targets: [new LambdaFunction(target, { retryAttempts: 0, maxEventAge: every })],
    });
  }
}
