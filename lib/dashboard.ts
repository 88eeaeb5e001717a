import {
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  PeriodOverride,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { FUNCTIONS, type FunctionName, type METRICS } from '../lambdas/contract.ts';
import type { Watched } from './alarms.ts';
import { gleanerMetric } from './metrics.ts';

const period = Duration.minutes(5);
const sum = { period, statistic: Stats.SUM };
const highest = { period, statistic: Stats.MAXIMUM };
const WIDTH = 24;

/**
 * What goes on, in four sections: business, functions, performance, errors. One dashboard and not four, because an
 * account has three for nothing and pays three dollars a month for each further one; a test holds it to the fifty metrics that
 * the free ones may have.
 */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    const dashboard = new CloudWatchDashboard(this, 'Board', {
      dashboardName: `gleaner-${watched.stage.name}`,
      periodOverride: PeriodOverride.AUTO,
      defaultInterval: Duration.hours(12),
    });
    const sections = { Business: business, Functions: functions, Performance: performance, Errors: errors };
    for (const [title, section] of Object.entries(sections)) {
      dashboard.addWidgets(new TextWidget({ markdown: `## ${title}`, width: WIDTH, height: 1 }));
      dashboard.addWidgets(...section(watched));
    }
  }
}

const graph = (title: string, left: IMetric[], of: number): IWidget =>
  new GraphWidget({ title, left, width: WIDTH / of, height: 6, leftYAxis: { min: 0, showUnits: false } });

const own = ({ stage }: Watched, service: FunctionName, ...metrics: (keyof typeof METRICS)[]): IMetric[] =>
  metrics.map((metric) => gleanerMetric(stage, service, metric, { ...sum, label: metric }));

const business = (watched: Watched): IWidget[] => [
  graph('Runs', [...own(watched, 'api', 'runsStarted'), ...own(watched, 'finish', 'runsFinished', 'runsFailed')], 4),
  graph('Targets', own(watched, 'work', 'targetsCollected', 'targetsFailed'), 4),
  graph('Records', own(watched, 'work', 'records'), 4),
  graph('Bytes', own(watched, 'work', 'bodyBytes'), 4),
];

const functions = ({ byName }: Watched): IWidget[] => {
  const each = (of: (name: FunctionName) => IMetric): IMetric[] => FUNCTIONS.map(of);
  return [
    graph('Calls', each((name) => byName[name].function.metricInvocations({ ...sum, label: name })), 2),
    graph('Longest call', each((name) => byName[name].function.metricDuration({ ...highest, label: name })), 2),
  ]; // prettier-ignore
};

const performance = (watched: Watched): IWidget[] => {
  const { queue, byName, api } = watched;
  const latency = (statistic: string): IMetric => api.metricLatency({ period, statistic, label: statistic });
  return [
    graph('Shards in the queue', [queue.metricApproximateNumberOfMessagesVisible(highest)], 4),
    graph('Age of the oldest shard, s', [queue.metricApproximateAgeOfOldestMessage(highest)], 4),
    graph(
      'Workers and what they do',
      [
        byName.work.function.metric('ConcurrentExecutions', { ...highest, label: 'workers' }),
        ...own(watched, 'work', 'attempts', 'commits', 'shardsDone', 'shardsParked'),
      ],
      4,
    ),
    graph('Answers of the API, ms', [latency('p50'), latency('p95')], 4),
  ];
};

const errors = (watched: Watched): IWidget[] => {
  const { api, machine, deadLetters, byName, control, pace } = watched;
  const throttled = (table: typeof control, label: string): IMetric =>
    table.metric('WriteThrottleEvents', { ...sum, label, dimensionsMap: { TableName: table.tableName } });
  return [
    graph('API', [api.metricClientError({ ...sum, label: '4xx' }), api.metricServerError({ ...sum, label: '5xx' })], 4),
    graph(
      'Functions',
      (['api', 'work', 'sweep'] as const).map((name) => byName[name].function.metricErrors({ ...sum, label: name })),
      4,
    ),
    graph(
      'Mended and lost',
      [
        ...own(watched, 'sweep', 'sweepResent', 'sweepFailures', 'deadLetters'),
        ...own(watched, 'work', 'commitsLost'),
        machine.metricFailed({ ...sum, label: 'executions failed' }),
        deadLetters.metricApproximateNumberOfMessagesVisible({ ...highest, label: 'dead messages' }),
      ],
      4,
    ),
    graph(
      'Throttles',
      [
        byName.work.function.metricThrottles({ ...sum, label: 'workers' }),
        throttled(control, 'control table'),
        throttled(pace, 'pace table'),
      ],
      4,
    ),
  ];
};
