import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  AdotLambdaExecWrapper,
  AdotLambdaLayerJavaScriptSdkVersion,
  AdotLayerVersion,
  Architecture,
  Code,
  Function,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Environments, FunctionName } from '../lambdas/contract.ts';
import { acknowledge } from './acknowledged.ts';
import type { StageSettings } from './stage.ts';

export interface HandlerProps<F extends FunctionName> {
  readonly stage: StageSettings;
  readonly name: F;
  /** Holds `index.js`, which exports `handler`. */
  readonly codeDir: string;
  readonly description: string;
  readonly environment: Environments[F];
  /** Every right the function has beyond writing its own log. */
  readonly rights: PolicyStatement[];
  readonly seconds: number;
  readonly memoryMb: number;
  readonly reservedConcurrency?: number;
  /** How often Lambda repeats a failed asynchronous call; default twice. */
  readonly asyncRetries?: number;
}

/** One function with what belongs to it alone: code, role, log group. */
export class HandlerFunction<F extends FunctionName> extends Construct {
  readonly function: Function;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: HandlerProps<F>) {
    super(scope, id);
    const { stage } = props;
    const logGroup = (this.logGroup = new LogGroup(this, 'Log', logGroupProps(stage)));
    // Not the managed AWSLambdaBasicExecutionRole, which may write to every log group of the account.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Gleaner ${stage.name}: function ${props.name}`,
    });
    logGroup.grantWrite(role);
    for (const right of props.rights) role.addToPolicy(right);
    role.addToPolicy(TLS_ONLY);
    this.function = new Function(this, 'Function', {
      description: props.description,
      code: Code.fromAsset(props.codeDir),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.seconds),
      role,
      logGroup,
      environment: { ...(props.environment satisfies object as unknown as Record<string, string>) },
      tracing: stage.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      ...(stage.tracing ? { adotInstrumentation: ADOT } : {}),
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(props.asyncRetries === undefined ? {} : { retryAttempts: props.asyncRetries }),
    });
    if (stage.tracing) acknowledge(role, { 'AwsSolutions-IAM5[Resource::*]': 'X-Ray takes segments on * only.' });
  }
}

/**
 * Bucket and queues refuse what comes without TLS by their own policies; tables, secrets and state machines by this one, and
 * a signed URL with them.
 */
const TLS_ONLY = new PolicyStatement({
  effect: Effect.DENY,
  actions: ['*'],
  resources: ['*'],
  conditions: { Bool: { 'aws:SecureTransport': 'false' } },
});

/** Spans of handlers and SDK calls without a line of code: the wrapper loads the layer before the bundle. */
const ADOT = {
  layerVersion: AdotLayerVersion.fromJavaScriptSdkLayerVersion(AdotLambdaLayerJavaScriptSdkVersion.LATEST),
  execWrapper: AdotLambdaExecWrapper.REGULAR_HANDLER,
};

/** Of a log that belongs to one resource of the stage. */
export function logGroupProps(stage: StageSettings): { retention: RetentionDays; removalPolicy: RemovalPolicy } {
  return {
    retention: stage.logDays === 30 ? RetentionDays.ONE_MONTH : RetentionDays.ONE_WEEK,
    removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  };
}

export const allow = (actions: string[], resources: string[]): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions, resources });
