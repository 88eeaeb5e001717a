import { join } from 'node:path';
import type { FunctionSpec } from './blueprint.ts';
import { accessKeyIdOf, OWNER_KEY } from './iam-access.ts';

/** Nothing listens on port 1 and no program may without being root: a service that is not played is refused there. */
const NOWHERE = 'http://127.0.0.1:1';

export interface Endpoints {
  dynamo: string;
  sqsS3: string;
  states: string;
  secrets: string;
  scheduler: string;
  events: string;
  mail: string;
  appConfig: string;
}

/**
 * What makes an SDK client speak to the emulators and to nothing else: endpoints, keys that open nothing, no instance
 * metadata and no configuration of the person at the machine.
 */
export function clientEnvironment(endpoints: Endpoints, region: string, dataDir: string): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: OWNER_KEY,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: NOWHERE,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamo,
    AWS_ENDPOINT_URL_SQS: endpoints.sqsS3,
    AWS_ENDPOINT_URL_S3: endpoints.sqsS3,
    AWS_ENDPOINT_URL_SFN: endpoints.states,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secrets,
    AWS_ENDPOINT_URL_SCHEDULER: endpoints.scheduler,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.events,
    AWS_ENDPOINT_URL_SESV2: endpoints.mail,
    AWS_ENDPOINT_URL_APPCONFIGDATA: endpoints.appConfig,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(dataDir, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(dataDir, 'no-aws-credentials'),
  };
}

/** The whole environment of a function: what Lambda sets, the clients' variables, the template's, then `extra`. */
export function functionEnvironment(
  spec: FunctionSpec,
  clients: Record<string, string>,
  extra: Record<string, string>,
): Record<string, string> {
  return {
    ...clients,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    LAMBDA_TASK_ROOT: spec.codeDir,
    _HANDLER: spec.handler,
    ...spec.environment,
    ...extra,
    // Last: who a function is, neither the template nor a caller can say.
    AWS_ACCESS_KEY_ID: accessKeyIdOf(spec),
  };
}
