import { Aws, Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  Metric,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { allStages, type StageName, shardStages } from '../src/stages/index.ts';
import type { Watched } from './alarms.ts';
import { metricsNamespace, type Names } from './names.ts';

export interface DashboardProps extends Watched {
  readonly names: Names;
  readonly alarms: Alarm[];
  readonly logs: ILogGroup;
}

const period = Duration.minutes(5);
const sum = { period, statistic: Stats.SUM };
const max = { period, statistic: Stats.MAXIMUM };

/** Adds the dashboard. From the top: alarms, runs, speed of the shards, and failures. */
export function addDashboard(scope: Construct, props: DashboardProps): void {
  const { names, alarms, machine, functions, start, deadLetters, logs } = props;
  const dashboard = new Dashboard(scope, 'Dashboard', {
    // The list of dashboards of an account is the same in all regions.
    dashboardName: `${names.machine}-${Aws.REGION}`,
    defaultInterval: Duration.hours(12),
  });
  const graph = (title: string, left: IMetric[]) =>
    new GraphWidget({ title, left, width: 12, leftYAxis: { min: 0 } });
  dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 2 }));
  dashboard.addWidgets(
    graph('Runs', [
      machine.metricStarted(sum),
      machine.metricSucceeded(sum),
      machine.metricFailed(sum),
      machine.metricTimedOut(sum),
      machine.metricAborted(sum),
    ]),
    graph(
      'Examples',
      allStages
        .filter(({ countsExamples }) => countsExamples)
        .map(({ name }) => examples(names, name)),
    ),
  );
  dashboard.addWidgets(
    graph(
      'Shards: calls and throttles',
      shardStages.flatMap(({ name }) => [
        functions[name].metricInvocations({ ...sum, label: `${name} calls` }),
        functions[name].metricThrottles({ ...sum, label: `${name} throttles` }),
      ]),
    ),
    graph(
      'Longest call',
      Object.entries(functions).map(([task, called]) =>
        called.metricDuration({ ...max, label: task }),
      ),
    ),
  );
  dashboard.addWidgets(
    graph('Errors (retried; trainers end their calls with one)', [
      ...[...shardStages, ...allStages.filter(({ resumes }) => resumes)].map(({ name }) =>
        functions[name].metricErrors(sum),
      ),
      start.metricErrors(sum),
    ]),
    graph('Events that wait, events that were lost', [
      start.metric('AsyncEventsReceived', { ...sum, label: 'received' }),
      deadLetters.metricApproximateNumberOfMessagesVisible({
        ...max,
        label: 'in the dead-letter queue',
      }),
    ]),
  );
  dashboard.addWidgets(
    new LogQueryWidget({
      title: 'Last failures',
      width: 24,
      logGroupNames: [logs.logGroupName],
      queryLines: [
        'fields @timestamp, task, run, shard, variant, error, message',
        "filter level = 'ERROR'",
        'sort @timestamp desc',
        'limit 50',
      ],
    }),
  );
}

/** Returns the metric of the examples of a task's calls, which `functions/lambda.ts` counts. */
function examples({ machine: service }: Names, task: StageName): Metric {
  return new Metric({
    namespace: metricsNamespace,
    metricName: 'Examples',
    dimensionsMap: { service, task },
    label: task,
    ...sum,
  });
}
