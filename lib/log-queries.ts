import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../lambdas/contract.ts';
import type { Watched } from './alarms.ts';

interface Question {
  /** Whose logs. */
  readonly of: readonly FunctionName[];
  readonly fields: readonly string[];
  readonly filters: readonly string[];
  readonly stats?: string;
  readonly sort: string;
}

/** Under these names in CloudWatch Logs Insights, after `gleaner/{stage}/`; the runbook names them. */
export const QUESTIONS: Readonly<Record<string, Question>> = {
  errors: {
    of: ['api', 'plan', 'dispatch', 'await', 'merge', 'finish', 'sweep', 'work'],
    fields: ['@timestamp', 'service', 'message', 'error.name', 'error.message', 'tenant', 'runId', 'shardId'],
    filters: ['level = "ERROR"'],
    sort: '@timestamp desc',
  },
  'one-run': {
    of: ['plan', 'dispatch', 'await', 'merge', 'finish', 'sweep', 'work'],
    fields: ['@timestamp', 'service', 'level', 'message', 'shardId', 'answer', 'error'],
    filters: ['runId = "PUT THE RUN HERE"'],
    sort: '@timestamp asc',
  },
  'slow-requests': {
    of: ['api'],
    fields: ['@timestamp', 'method', 'route', 'status', 'ms', 'tenant', 'requestId'],
    filters: ['message = "request"', 'ms > 1000'],
    sort: 'ms desc',
  },
  'requests-by-route': {
    of: ['api'],
    fields: [],
    filters: ['message = "request"'],
    stats: 'count(*) as requests, pct(ms, 95) as p95ms, max(ms) as maxMs by route, status',
    sort: 'requests desc',
  },
  'ends-of-shards': {
    of: ['work'],
    fields: [],
    filters: ['message = "shard ended"'],
    stats: 'count(*) as shards by answer, bin(5m) as at',
    sort: 'at desc',
  },
  'cold-starts': {
    of: ['api', 'work'],
    fields: [],
    filters: ['@type = "REPORT"', 'ispresent(@initDuration)'],
    stats: 'count(*) as starts, avg(@initDuration) as meanMs, max(@initDuration) as maxMs by @log',
    sort: 'starts desc',
  },
};

/** The questions that come up in every incident, ready to be asked. Saved queries cost nothing until they are run. */
export class LogQueries extends Construct {
  constructor(scope: Construct, id: string, { stage, byName }: Watched) {
    super(scope, id);
    for (const [name, { of, fields, filters, stats, sort }] of Object.entries(QUESTIONS)) {
      new QueryDefinition(this, name, {
        queryDefinitionName: `gleaner/${stage.name}/${name}`,
        logGroups: of.map((each): ILogGroup => byName[each].logGroup),
        queryString: new QueryString({
          ...(fields.length > 0 && { fields: [...fields] }),
          filterStatements: [...filters],
          ...(stats !== undefined && { statsStatements: [stats] }),
          sort,
          ...(fields.length > 0 && { limit: 200 }),
        }),
      });
    }
  }
}
