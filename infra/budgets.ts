import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { letBudgetsPublish } from './alarms.ts';

export interface BudgetsProps {
  readonly topic: Topic;
  /** Limits in US dollars; undefined: no budget. */
  readonly perDay: number | undefined;
  readonly perMonth: number | undefined;
}

/** One threshold: percent of the limit, of the cost so far or of AWS's forecast. */
type Threshold = readonly [type: 'ACTUAL' | 'FORECASTED', percent: number];

/**
 * Alarms on the cost that AWS bills, besides the estimates that Plan adds up.
 *
 * They see the whole account. A budget for the tags of a deployment would see nothing until someone
 * has activated the tags for billing, and never the traffic and the logs, which have none.
 */
export function addBudgets(scope: Construct, { topic, perDay, perMonth }: BudgetsProps): void {
  if (perDay === undefined && perMonth === undefined) return;
  letBudgetsPublish(topic);
  if (perDay !== undefined) {
    // AWS has no forecast of a day.
    addBudget(scope, topic, 'DAILY', perDay, [['ACTUAL', 100]]);
  }
  if (perMonth !== undefined) {
    const thresholds: Threshold[] = [
      ['ACTUAL', 80],
      ['ACTUAL', 100],
      ['FORECASTED', 100],
    ];
    addBudget(scope, topic, 'MONTHLY', perMonth, thresholds);
  }
}

function addBudget(
  scope: Construct,
  topic: Topic,
  timeUnit: 'DAILY' | 'MONTHLY',
  amount: number,
  thresholds: readonly Threshold[],
): void {
  const budget = new CfnBudget(scope, `${timeUnit === 'DAILY' ? 'Daily' : 'Monthly'}Budget`, {
    budget: { budgetType: 'COST', timeUnit, budgetLimit: { amount, unit: 'USD' } },
    notificationsWithSubscribers: thresholds.map(([notificationType, threshold]) => ({
      notification: {
        notificationType,
        comparisonOperator: 'GREATER_THAN',
        threshold,
        thresholdType: 'PERCENTAGE',
      },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    })),
  });
  // AWS Budgets checks at its creation that it may publish on the topic.
  budget.node.addDependency(topic);
}
