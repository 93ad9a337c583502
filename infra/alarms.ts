import { Aws, Duration } from 'aws-cdk-lib';
import { Alarm, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type StageName, shardStages } from '../src/stages/index.ts';

export interface AlarmsProps {
  readonly machine: IStateMachine;
  readonly functions: Record<StageName, IFunction>;
  readonly start: IFunction;
  readonly deadLetters: IQueue;
}

const fiveMinutes = Duration.minutes(5);
const sum = { period: fiveMinutes, statistic: Stats.SUM };

/**
 * Alarms that need a person, on a topic to subscribe to. A task's error is not one of them: the
 * workflow retries it, and trainers end their calls with one (`InterruptedError`).
 */
export class Alarms extends Construct {
  /** Topic of the alarms. Its messages contain names and figures, never data. */
  readonly topic: Topic;
  readonly alarms: Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { machine, start, deadLetters } = props;
    this.topic = new Topic(this, 'Topic', { enforceSSL: true });
    letAlarmsPublish(this.topic);
    this.alarms = [
      this.#alarm('RunFailed', {
        what: 'A run failed. `counterweight status` shows the stage and the reason.',
        metric: machine.metricFailed(sum),
      }),
      this.#alarm('EventLost', {
        what: 'A marker started no run: its event is in the dead-letter queue.',
        metric: deadLetters.metricApproximateNumberOfMessagesVisible({
          period: fiveMinutes,
          statistic: Stats.MAXIMUM,
        }),
      }),
      this.#alarm('StartFails', {
        what: 'The Start function fails; its events are retried for six hours.',
        metric: start.metricErrors(sum),
      }),
      this.#alarm('StartIsLate', {
        what: 'Events wait for the Start function: the account may have no concurrency left.',
        metric: start.metric('AsyncEventAge', { period: fiveMinutes, statistic: Stats.MAXIMUM }),
        threshold: Duration.minutes(15).toMilliseconds(),
      }),
      // One alarm per stage: a sum of metrics has no value while one of them has none.
      ...shardStages.map(({ name }) =>
        this.#alarm(`${name}IsThrottled`, {
          what: 'Lambda throttles the shards: raise the quota of concurrent executions.',
          metric: props.functions[name].metricThrottles(sum),
          periods: 3,
        }),
      ),
    ];
  }

  #alarm(id: string, { what, metric, threshold = 1, periods = 1 }: AlarmOptions): Alarm {
    const alarm = new Alarm(this, id, {
      alarmDescription: what,
      metric,
      threshold,
      evaluationPeriods: periods,
      // Between runs there is no value, and nothing is wrong.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }
}

interface AlarmOptions {
  readonly what: string;
  readonly metric: IMetric;
  /** Smallest value that raises the alarm. Default: 1. */
  readonly threshold?: number;
  /** Consecutive periods of five minutes. Default: 1. */
  readonly periods?: number;
}

/**
 * Lets alarms publish on the topic. A topic with a policy of its own has no default policy, which
 * would let the account publish.
 */
function letAlarmsPublish(topic: Topic): void {
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LetAlarmsPublish',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
}
