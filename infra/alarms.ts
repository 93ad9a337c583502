import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Alarm, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type StageName, shardStages } from '../src/stages/index.ts';
import { delivery } from './call-on.ts';
import { waive } from './nag.ts';
import type { Names } from './names.ts';

/** Parts of the deployment that alarms and the dashboard watch. */
export interface Watched {
  readonly machine: IStateMachine;
  readonly functions: Record<StageName, IFunction>;
  readonly start: IFunction;
  readonly deadLetters: IQueue;
}

export interface AlarmsProps extends Watched {
  readonly names: Names;
  /** Name of the deployment, for the commands in the alarms; undefined: it has none. */
  readonly name: string | undefined;
  readonly trainer: 'gpu' | 'function';
  /** Address to which the alarms are sent; undefined: none. */
  readonly alarmEmail: string | undefined;
}

const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');
const eventBridge = new ServicePrincipal('events.amazonaws.com');

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
    const { machine, start, deadLetters, alarmEmail, name: deployment } = props;
    const command = (name: string) =>
      `\`counterweight ${name}${deployment === undefined ? '' : ` --name ${deployment}`}\``;
    this.topic = makeTopic(this);
    if (alarmEmail !== undefined) subscribe(this.topic, alarmEmail);
    if (props.trainer === 'gpu') reportBlockedQueue(this, this.topic, props);
    this.alarms = [
      this.#alarm('RunFailed', {
        what: `A run failed. ${command('status')} shows the stage and the reason.`,
        metric: machine.metricFailed(sum),
      }),
      this.#alarm('RunAborted', {
        what: `A run was aborted, by ${command('stop')} or in the console.`,
        metric: machine.metricAborted(sum),
      }),
      this.#alarm('RunTimedOut', {
        what: `A run exceeded its time limit. ${command('status')} shows the stage.`,
        metric: machine.metricTimedOut(sum),
      }),
      this.#alarm('EventLost', {
        what:
          'An event is in the dead-letter queue. Either a marker started no run, or the end of a ' +
          'run was not announced, or a blocked queue of GPU jobs was not reported.',
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
 * Makes the topic. It has a key of its own, because CloudWatch and EventBridge may not use the key
 * that AWS manages.
 */
function makeTopic(scope: Construct): Topic {
  const key = new Key(scope, 'Key', {
    description: 'counterweight: messages of alarms',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.DESTROY,
    pendingWindow: Duration.days(7),
  });
  // Without a condition: for EventBridge and an encrypted topic, SNS supports none on the source.
  // The topic's policy limits who publishes.
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'EncryptMessages',
      principals: [cloudWatch, eventBridge],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
    }),
  );
  const topic = new Topic(scope, 'Topic', { enforceSSL: true, masterKey: key });
  // A topic with a policy of its own has no default policy, which would let the account publish.
  letPublish(topic, 'LetAlarmsPublish', cloudWatch, {
    StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
  });
  return topic;
}

/** Lets AWS Budgets of this account publish on the topic, and encrypt its messages. */
export function letBudgetsPublish(topic: Topic): void {
  const budgets = new ServicePrincipal('budgets.amazonaws.com');
  const ofAccount = {
    StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
    ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:budgets::${Aws.ACCOUNT_ID}:*` },
  };
  letPublish(topic, 'LetBudgetsPublish', budgets, ofAccount);
  topic.masterKey?.addToResourcePolicy(
    new PolicyStatement({
      sid: 'EncryptMessagesOfBudgets',
      principals: [budgets],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
      conditions: ofAccount,
    }),
  );
}

function subscribe(topic: Topic, address: string): void {
  const subscription = topic.addSubscription(new EmailSubscription(address));
  const reason = 'The alarm of a message that was not delivered could not be delivered either.';
  waive(subscription, 'Serverless-SNSRedrivePolicy', reason);
}

/**
 * Reports a job that waits and blocks the queue, with the reason. AWS Batch has an event for
 * it, but no metric. A message that is not delivered raises the alarm of the dead-letter queue.
 */
function reportBlockedQueue(
  scope: Construct,
  topic: Topic,
  { names, deadLetters: deadLetterQueue }: AlarmsProps,
): void {
  const rule = new Rule(scope, 'QueueBlocked', {
    description: 'A GPU job cannot start: report it',
    eventPattern: {
      source: ['aws.batch'],
      detailType: ['Batch Job Queue Blocked'],
      detail: { jobQueue: [names.trainerQueueArn] },
    },
  });
  const job = EventField.fromPath('$.detail.jobName');
  const reason = EventField.fromPath('$.detail.statusReason');
  const message = RuleTargetInput.fromText(
    `The GPU job ${job} cannot start and blocks the queue. The reason that AWS Batch gives: ` +
      `${reason}. Its run waits; counterweight stop RUN stops it.`,
  );
  // CDK would let every rule of every account publish, but it changes no policy of another stack.
  const imported = Topic.fromTopicArn(scope, 'ImportedTopic', topic.topicArn);
  rule.addTarget(new SnsTopic(imported, { ...delivery, deadLetterQueue, message }));
  letPublish(topic, 'LetRulePublish', eventBridge, {
    ArnEquals: { 'aws:SourceArn': rule.ruleArn },
  });
}

function letPublish(
  topic: Topic,
  sid: string,
  service: ServicePrincipal,
  conditions: Record<string, unknown>,
): void {
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid,
      principals: [service],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions,
    }),
  );
}
