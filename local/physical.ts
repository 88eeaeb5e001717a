import { createHash } from 'node:crypto';
import type { Assembly } from './assembly.ts';
import type { Referent, Resource } from './template.ts';

export interface Place {
  account: string;
  region: string;
  stackName: string;
  /** Base of queue URLs, `http://127.0.0.1:PORT`: differs at each start, so it is never stored. */
  queueUrlBase: string;
}

/** Where a stack stands that may go anywhere. */
const ACCOUNT = '000000000000';
const REGION = 'us-east-1';

/** @param queueUrlBase where queues are served; without it their URLs lead nowhere, and everything else is the same. */
export const placeOf = (assembly: Assembly, queueUrlBase = ''): Place => ({
  account: assembly.account ?? ACCOUNT,
  region: assembly.region ?? REGION,
  stackName: assembly.stackName,
  queueUrlBase,
});

/** The template's own name, or one made of stack and logical id: the same at each start, so that data are found again. */
function physicalName(resource: Resource, place: Place, property: string, charsMax: number): string {
  const given = resource.properties[property];
  if (typeof given === 'string') return given;
  if (given !== undefined) throw new Error(`${resource.logicalId}.${property}: the local world expects a plain name`);
  const name = `${place.stackName}-${resource.logicalId}`;
  if (name.length <= charsMax) return name;
  return `${name.slice(0, charsMax - 9)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

const lowerCase = (name: string): string => name.toLowerCase().replace(/[^a-z0-9-]/g, '-');

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export function referent(resource: Resource, place: Place): Referent {
  const arn = (service: string, rest: string): string => `arn:aws:${service}:${place.region}:${place.account}:${rest}`;
  const named = (property: string, charsMax: number): string => physicalName(resource, place, property, charsMax);
  switch (resource.type) {
    case 'AWS::DynamoDB::Table':
    case 'AWS::DynamoDB::GlobalTable': {
      const name = named('TableName', 255);
      return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
    }
    case 'AWS::SQS::Queue': {
      const name = named('QueueName', 80);
      return {
        ref: `${place.queueUrlBase}/${place.account}/${name}`,
        attributes: { Arn: arn('sqs', name), QueueName: name },
      };
    }
    case 'AWS::SecretsManager::Secret': {
      const name = named('Name', 512);
      return {
        ref: arn('secretsmanager', `secret:${name}`),
        attributes: { Name: name, Arn: arn('secretsmanager', `secret:${name}`) },
      };
    }
    case 'AWS::AppConfig::Application': {
      const name = named('Name', 64);
      return { ref: name, attributes: { Arn: arn('appconfig', `application/${name}`), Name: name } };
    }
    case 'AWS::S3::Bucket': {
      const name = lowerCase(named('BucketName', 63));
      return { ref: name, attributes: { Arn: `arn:aws:s3:::${name}` } };
    }
    case 'AWS::Lambda::Function': {
      const name = named('FunctionName', 64);
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
    }
    case 'AWS::StepFunctions::StateMachine': {
      const name = named('StateMachineName', 80);
      const machine = arn('states', `stateMachine:${name}`);
      return { ref: machine, attributes: { Arn: machine, Name: name } };
    }
    case 'AWS::Events::Rule': {
      const name = named('Name', 64);
      return { ref: name, attributes: { Arn: arn('events', `rule/${name}`) } };
    }
    case 'AWS::IAM::Role': {
      const name = named('RoleName', 64);
      return { ref: name, attributes: { Arn: `arn:aws:iam::${place.account}:role/${name}` } };
    }
    case 'AWS::Logs::LogGroup': {
      const name = named('LogGroupName', 512);
      return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
    }
    case 'AWS::Events::EventBus': {
      const name = named('Name', 256);
      return { ref: name, attributes: { Name: name, Arn: arn('events', `event-bus/${name}`) } };
    }
    case 'AWS::Scheduler::ScheduleGroup': {
      const name = named('Name', 64);
      return { ref: name, attributes: { Name: name, Arn: arn('scheduler', `schedule-group/${name}`) } };
    }
    case 'AWS::ApiGatewayV2::Api':
      return { ref: 'local', attributes: { ApiId: 'local', ApiEndpoint: 'http://127.0.0.1' } };
    default:
      // The rest exists only as a name in here: nothing is ever looked up by it.
      return {
        ref: resource.logicalId,
        attributes: {
          Arn: arn(resource.type.split('::')[1]?.toLowerCase() ?? 'unknown', resource.logicalId),
          Name: resource.logicalId,
        },
      };
  }
}
