import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledged.ts';
import { logGroupProps } from './handler-function.ts';
import type { StageSettings } from './stage.ts';

/** A line of the access log: who was served what and how fast; no header and no query, because both may hold secrets. */
const ACCESS_LINE = {
  requestId: '$context.requestId',
  at: '$context.requestTimeEpoch',
  ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  integrationMs: '$context.integrationLatency',
  integrationError: '$context.integrationErrorMessage',
};

/** The HTTPS API. Paths, methods and keys are the business of the one function behind it; other paths get 404 here. */
export class HttpEntry extends Construct {
  readonly api: HttpApi;
  readonly url: string;

  constructor(scope: Construct, id: string, props: { stage: StageSettings; handler: IFunction }) {
    super(scope, id);
    const { stage, handler } = props;
    this.api = new HttpApi(this, 'Api', {
      apiName: `gleaner-${stage.name}`,
      description: `Gleaner ${stage.name}`,
      createDefaultStage: false,
    });
    const routes = this.api.addRoutes({
      path: '/v1/{proxy+}',
      methods: [HttpMethod.ANY],
      integration: new HttpLambdaIntegration('Handler', handler),
    });
    for (const route of routes) {
      acknowledge(route, { 'AwsSolutions-APIG4': 'The function checks the API key and its scopes on every route.' });
    }
    const live = new HttpStage(this, 'Live', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      detailedMetricsEnabled: false,
      ...(stage.throttle === undefined
        ? {}
        : { throttle: { rateLimit: stage.throttle.requestsPerSecond, burstLimit: stage.throttle.burst } }),
      accessLogSettings: {
        destination: new LogGroupLogDestination(new LogGroup(this, 'AccessLog', logGroupProps(stage))),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LINE)),
      },
    });
    this.url = live.url;
  }
}
