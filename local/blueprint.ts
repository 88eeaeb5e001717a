/**
 * What the template asks for, as this room plays it. Every resource type is either played, listed as having no meaning
 * on one machine, or refused by name: nothing is passed over in silence.
 */
import type { Json, JsonObject } from '#core/json.ts';
import type { Assembly } from './assembly.ts';
import type { ApplicationSpec } from './appconfig.ts';
import { referent } from './physical.ts';
import type { Place } from './physical.ts';
import { isObject, Properties } from './properties.ts';
import { Template } from './template.ts';
import type { Referent, Resource } from './template.ts';

interface Named {
  logicalId: string;
  name: string;
  arn: string;
}
export interface KeyPart {
  AttributeName: string;
  KeyType: string;
}
export interface TableSpec extends Named {
  keySchema: KeyPart[];
  attributes: { AttributeName: string; AttributeType: string }[];
  indexes: { IndexName: string; KeySchema: KeyPart[]; Projection: JsonObject }[];
  ttlAttribute: string | undefined;
}
export interface QueueSpec extends Named {
  url: string;
  attributes: Record<string, string>;
}
export type BucketSpec = Named;
export interface SecretSpec extends Named {
  characters: number;
}
export interface FunctionSpec extends Named {
  /** `file.export`, inside `codeDir`. */
  handler: string;
  codeDir: string;
  memoryMb: number;
  timeoutSeconds: number;
  environment: Record<string, string>;
  concurrencyMax: number | undefined;
  roleArn: string;
  logGroup: string;
}
export interface MappingSpec {
  logicalId: string;
  queueArn: string;
  functionArn: string;
  batchSize: number;
  concurrencyMax: number | undefined;
  reportsItemFailures: boolean;
}
export interface MachineSpec extends Named {
  definition: Json;
  roleArn: string;
  keepsLog: boolean;
}
export interface RuleSpec extends Named {
  schedule: string;
  targets: { functionArn: string; input: Json | undefined }[];
}
export interface RouteSpec {
  key: string;
  functionArn: string;
  /** What the function's policy sees as the caller. */
  sourceArn: string;
}
export interface Blueprint {
  tables: TableSpec[];
  queues: QueueSpec[];
  buckets: BucketSpec[];
  secrets: SecretSpec[];
  applications: ApplicationSpec[];
  functions: FunctionSpec[];
  mappings: MappingSpec[];
  machines: MachineSpec[];
  rules: RuleSpec[];
  scheduleGroups: string[];
  buses: Named[];
  routes: RouteSpec[];
}

/**
 * Keeping of logs, alarms and what CDK notes for itself: without meaning on one machine. Roles and policies are read
 * elsewhere (`iam-template.ts`).
 */
const IGNORED = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  // What the operator has switched off is a file here: nothing is rolled out.
  'AWS::AppConfig::ConfigurationProfile',
  'AWS::AppConfig::Deployment',
  'AWS::AppConfig::DeploymentStrategy',
  'AWS::AppConfig::Environment',
  'AWS::AppConfig::HostedConfigurationVersion',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::Alias',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);

export const withoutQualifier = (functionArn: string): string => functionArn.split(':').slice(0, 7).join(':');

export function readTemplate(assembly: Assembly, place: Place): Template {
  const template: Template = new Template(assembly.template, {
    pseudo: {
      'AWS::Region': place.region,
      'AWS::AccountId': place.account,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': place.stackName,
      'AWS::StackId': `arn:aws:cloudformation:${place.region}:${place.account}:stack/${place.stackName}/local`,
    },
    referent: (resource) => aliasReferent(template, resource, place) ?? referent(resource, place),
  });
  return template;
}

export function readBlueprint(assembly: Assembly, place: Place, template = readTemplate(assembly, place)): Blueprint {
  const blueprint: Blueprint = {
    tables: [], queues: [], buckets: [], secrets: [], applications: [], functions: [], mappings: [], machines: [], rules: [], scheduleGroups: [], buses: [], routes: [],
  }; // prettier-ignore
  for (const resource of template.resources) {
    const read = READERS[resource.type];
    if (read === undefined) {
      if (IGNORED.has(resource.type)) continue;
      throw new Error(`${resource.logicalId}: the local world does not play ${resource.type}`);
    }
    const properties = new Properties(resource.logicalId, template.resolve(resource.properties));
    const names = referent(resource, place);
    const named = {
      logicalId: resource.logicalId,
      name: names.attributes['Name'] ?? names.ref,
      arn: names.attributes['Arn'] ?? '',
    };
    read({ blueprint, properties, named, names, template, assembly, place });
  }
  return blueprint;
}

/** Aliases and versions of a function: here there is only its newest code. */
function aliasReferent(template: Template, resource: Resource, place: Place): Referent | undefined {
  if (resource.type !== 'AWS::Lambda::Alias' && resource.type !== 'AWS::Lambda::Version') return undefined;
  const name = template.resolve(resource.properties['FunctionName'] ?? null);
  if (typeof name !== 'string') throw new Error(`${resource.logicalId}.FunctionName: expected text`);
  const arn = name.startsWith('arn:')
    ? withoutQualifier(name)
    : `arn:aws:lambda:${place.region}:${place.account}:function:${name}`;
  return { ref: arn, attributes: { AliasArn: arn, FunctionArn: arn, Version: '$LATEST' } };
}

interface Reading {
  blueprint: Blueprint;
  properties: Properties;
  named: Named;
  names: Referent;
  template: Template;
  assembly: Assembly;
  place: Place;
}

const READERS: Record<string, (reading: Reading) => void> = {
  'AWS::DynamoDB::Table': readTable,
  'AWS::DynamoDB::GlobalTable': readTable,
  'AWS::SQS::Queue': readQueue,
  'AWS::S3::Bucket': ({ blueprint, properties, named }) => {
    properties.refuse('NotificationConfiguration');
    blueprint.buckets.push(named);
  },
  'AWS::SecretsManager::Secret': readSecret,
  'AWS::AppConfig::Application': ({ blueprint, named: { name, arn } }) => {
    blueprint.applications.push({ name, arn });
  },
  'AWS::Lambda::Function': readFunction,
  'AWS::Lambda::EventSourceMapping': readMapping,
  'AWS::StepFunctions::StateMachine': readMachine,
  'AWS::Events::Rule': readRule,
  'AWS::Events::EventBus': ({ blueprint, named }) => void blueprint.buses.push(named),
  'AWS::Scheduler::ScheduleGroup': ({ blueprint, named }) => void blueprint.scheduleGroups.push(named.name),
  'AWS::ApiGatewayV2::Route': readRoute,
  'AWS::ApiGatewayV2::Stage': ({ properties }) => {
    const stage = properties.text('StageName');
    if (stage !== '$default')
      throw new Error(`${properties.where}: the local world serves only the stage $default, not ${stage}`);
  },
};

function keySchema(properties: Properties): KeyPart[] {
  return properties
    .objects('KeySchema')
    .map((k) => ({ AttributeName: k.text('AttributeName'), KeyType: k.text('KeyType') }));
}

function readTable({ blueprint, properties, named }: Reading): void {
  properties.refuse('LocalSecondaryIndexes');
  const ttl = properties.object('TimeToLiveSpecification');
  blueprint.tables.push({
    ...named,
    keySchema: keySchema(properties),
    attributes: properties
      .objects('AttributeDefinitions')
      .map((a) => ({ AttributeName: a.text('AttributeName'), AttributeType: a.text('AttributeType') })),
    indexes: properties.objects('GlobalSecondaryIndexes').map((index) => {
      const projection = index.raw('Projection');
      return {
        IndexName: index.text('IndexName'),
        KeySchema: keySchema(index),
        Projection: isObject(projection) ? projection : {},
      };
    }),
    ttlAttribute: ttl.flag('Enabled', false) ? ttl.text('AttributeName') : undefined,
  });
}

const QUEUE_NUMBERS: Record<string, string> = {
  VisibilityTimeout: 'VisibilityTimeout',
  DelaySeconds: 'DelaySeconds',
  MessageRetentionPeriod: 'MessageRetentionPeriod',
  MaximumMessageSize: 'MaximumMessageSize',
  ReceiveMessageWaitTimeSeconds: 'ReceiveMessageWaitTimeSeconds',
};

function readQueue({ blueprint, properties, named, names }: Reading): void {
  properties.refuse('FifoQueue');
  const attributes: Record<string, string> = {};
  for (const [property, attribute] of Object.entries(QUEUE_NUMBERS)) {
    if (properties.raw(property) !== undefined) attributes[attribute] = String(properties.number(property, 0));
  }
  const redrive = properties.raw('RedrivePolicy');
  if (redrive !== undefined) attributes['RedrivePolicy'] = JSON.stringify(redrive);
  blueprint.queues.push({ ...named, name: names.attributes['QueueName'] ?? '', url: names.ref, attributes });
}

/** A secret whose value the service makes up; one that the template itself holds would be no secret. */
function readSecret({ blueprint, properties, named }: Reading): void {
  properties.refuse('SecretString', 'KmsKeyId', 'ReplicaRegions');
  const generated = properties.object('GenerateSecretString');
  generated.refuse('SecretStringTemplate', 'GenerateStringKey', 'ExcludeCharacters');
  blueprint.secrets.push({ ...named, characters: generated.number('PasswordLength', 32) });
}

function readFunction({ blueprint, properties, named, assembly }: Reading): void {
  properties.refuse('Layers', 'FileSystemConfigs', 'DurableConfig', 'TenancyConfig');
  const runtime = properties.optionalText('Runtime') ?? 'none';
  if (!runtime.startsWith('nodejs'))
    throw new Error(`${named.logicalId}: the local world runs nodejs functions, not ${runtime}`);
  const environment: Record<string, string> = {};
  const variables = properties.object('Environment').raw('Variables');
  for (const [name, value] of Object.entries(isObject(variables) ? variables : {})) {
    if (typeof value !== 'string') throw new Error(`${named.logicalId}: environment ${name} is not text`);
    environment[name] = value;
  }
  const reserved = properties.number('ReservedConcurrentExecutions', Number.POSITIVE_INFINITY);
  blueprint.functions.push({
    ...named,
    handler: properties.text('Handler'),
    codeDir: assembly.assetDir(properties.object('Code').text('S3Key')),
    memoryMb: properties.number('MemorySize', 128),
    timeoutSeconds: properties.number('Timeout', 3),
    environment,
    concurrencyMax: Number.isFinite(reserved) ? reserved : undefined,
    roleArn: properties.text('Role'),
    logGroup: properties.object('LoggingConfig').optionalText('LogGroup') ?? `/aws/lambda/${named.name}`,
  });
}

function readMapping({ blueprint, properties, named }: Reading): void {
  properties.refuse('FilterCriteria', 'ProvisionedPollerConfig');
  if (!properties.flag('Enabled', true)) return;
  const scaling = properties.object('ScalingConfig');
  const queueArn = properties.text('EventSourceArn');
  if (!queueArn.startsWith('arn:aws:sqs:'))
    throw new Error(`${named.logicalId}: the local world polls queues only, not ${queueArn}`);
  blueprint.mappings.push({
    logicalId: named.logicalId,
    queueArn,
    functionArn: properties.text('FunctionName'),
    batchSize: properties.number('BatchSize', 10),
    concurrencyMax:
      scaling.raw('MaximumConcurrency') === undefined ? undefined : scaling.number('MaximumConcurrency', 0),
    reportsItemFailures: properties.list('FunctionResponseTypes').includes('ReportBatchItemFailures'),
  });
}

function readMachine({ blueprint, properties, named }: Reading): void {
  properties.refuse('DefinitionS3Location');
  if (properties.optionalText('StateMachineType') === 'EXPRESS') {
    throw new Error(`${named.logicalId}: the local world runs standard state machines, not express ones`);
  }
  const substitutions = properties.raw('DefinitionSubstitutions');
  const text = properties.text('DefinitionString').replace(/\$\{([^}]+)\}/g, (whole, name: string) => {
    const value = isObject(substitutions) ? substitutions[name] : undefined;
    return typeof value === 'string' ? value : whole;
  });
  const definition = JSON.parse(text) as Json;
  const level = properties.object('LoggingConfiguration').optionalText('Level') ?? 'OFF';
  blueprint.machines.push({ ...named, definition, roleArn: properties.text('RoleArn'), keepsLog: level !== 'OFF' });
}

function readRule({ blueprint, properties, named }: Reading): void {
  properties.refuse('EventPattern');
  if (properties.optionalText('State') === 'DISABLED') return;
  const targets = properties.objects('Targets').map((target) => {
    target.refuse('InputPath', 'InputTransformer');
    const input = target.optionalText('Input');
    return { functionArn: target.text('Arn'), input: input === undefined ? undefined : (JSON.parse(input) as Json) };
  });
  blueprint.rules.push({ ...named, schedule: properties.text('ScheduleExpression'), targets });
}

function readRoute({ blueprint, properties, named, template, place }: Reading): void {
  const authorization = properties.optionalText('AuthorizationType') ?? 'NONE';
  if (authorization !== 'NONE')
    throw new Error(`${named.logicalId}: the local world has no ${authorization} authorizer`);
  const integrationId = properties.text('Target').replace(/^integrations\//, '');
  const integration = template.resources.find((r) => r.logicalId === integrationId);
  if (integration === undefined)
    throw new Error(`${named.logicalId}: integration ${integrationId} is not in the template`);
  const fields = new Properties(integrationId, template.resolve(integration.properties));
  const version = fields.optionalText('PayloadFormatVersion');
  if (fields.text('IntegrationType') !== 'AWS_PROXY' || version !== '2.0') {
    throw new Error(`${integrationId}: the local world plays Lambda proxies with payload format 2.0 only`);
  }
  const key = properties.text('RouteKey');
  const sourceArn = `arn:aws:execute-api:${place.region}:${place.account}:local/$default/${key.replace(' /', '/')}`;
  blueprint.routes.push({ key, functionArn: fields.text('IntegrationUri'), sourceArn });
}
