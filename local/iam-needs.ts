/**
 * What a caller must be allowed for each operation of the JSON protocols, by the service authorization reference. An
 * operation that is not here is refused: a new one gets its line before anybody can call it.
 */
import type { JsonObject } from '#core/json.ts';
import type { Need } from './iam-gate.ts';
import { isObject } from './properties.ts';

type NeedsOf = (input: JsonObject) => Need[];

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const table = (value: unknown): string => (text(value).startsWith('arn:') ? text(value) : `table/${text(value)}`);
const onTable =
  (action: string): NeedsOf =>
  (input) => [{ action, resource: table(input['TableName']) }];
/** Reading an index needs the right on the index, not on its table. */
const onIndex =
  (action: string): NeedsOf =>
  (input) => {
    const index = input['IndexName'];
    const resource = table(input['TableName']);
    return [{ action, resource: index === undefined ? resource : `${resource}/index/${text(index)}` }];
  };
const onTables =
  (action: string): NeedsOf =>
  (input) => {
    const requested = input['RequestItems'];
    return Object.keys(isObject(requested) ? requested : {}).map((name) => ({ action, resource: table(name) }));
  };

export const DYNAMO_NEEDS: Record<string, NeedsOf> = {
  GetItem: onTable('dynamodb:GetItem'),
  PutItem: onTable('dynamodb:PutItem'),
  UpdateItem: onTable('dynamodb:UpdateItem'),
  DeleteItem: onTable('dynamodb:DeleteItem'),
  Query: onIndex('dynamodb:Query'),
  BatchGetItem: onTables('dynamodb:BatchGetItem'),
  BatchWriteItem: onTables('dynamodb:BatchWriteItem'),
  DescribeTable: onTable('dynamodb:DescribeTable'),
  CreateTable: onTable('dynamodb:CreateTable'),
  ListTables: () => [{ action: 'dynamodb:ListTables', resource: '*' }],
  DescribeTimeToLive: onTable('dynamodb:DescribeTimeToLive'),
  UpdateTimeToLive: onTable('dynamodb:UpdateTimeToLive'),
};

/** A queue's URL ends in its name, and so does its ARN. */
const onQueue =
  (action: string): NeedsOf =>
  (input) => [{ action, resource: text(input['QueueUrl']).split('/').at(-1) ?? '' }];

/** A batch needs the right of the single call. */
export const SQS_NEEDS: Record<string, NeedsOf> = {
  SendMessage: onQueue('sqs:SendMessage'),
  SendMessageBatch: onQueue('sqs:SendMessage'),
  ReceiveMessage: onQueue('sqs:ReceiveMessage'),
  DeleteMessage: onQueue('sqs:DeleteMessage'),
  DeleteMessageBatch: onQueue('sqs:DeleteMessage'),
  ChangeMessageVisibility: onQueue('sqs:ChangeMessageVisibility'),
  ChangeMessageVisibilityBatch: onQueue('sqs:ChangeMessageVisibility'),
  GetQueueAttributes: onQueue('sqs:GetQueueAttributes'),
};

const onArn =
  (action: string, field: string): NeedsOf =>
  (input) => [{ action, resource: text(input[field]) }];

/**
 * Of the operations that name what they act on. Answering a token needs the right on the machine whose task waits, which
 * the token itself tells (`states-service.ts`).
 */
export const STATES_NEEDS: Record<string, NeedsOf> = {
  StartExecution: onArn('states:StartExecution', 'stateMachineArn'),
  DescribeExecution: onArn('states:DescribeExecution', 'executionArn'),
  StopExecution: onArn('states:StopExecution', 'executionArn'),
  ListExecutions: onArn('states:ListExecutions', 'stateMachineArn'),
  GetExecutionHistory: onArn('states:GetExecutionHistory', 'executionArn'),
};
