import { type App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { stages } from '../src/stages/index.ts';
import type { Stage } from '../src/stages/stage.ts';
import { namesOf, recordOf } from '../src/table.ts';
import { Alarms } from './alarms.ts';
import { Announcer } from './announcer.ts';
import { addBudgets } from './budgets.ts';
import { addDashboard } from './dashboard.ts';
import { Endpoint } from './endpoint.ts';
import { TaskFunction } from './functions.ts';
import { openImage } from './images.ts';
import { deploymentNames } from './names.ts';
import { accountGrant, stageGrants, watchGrant } from './permissions.ts';
import type { Settings } from './settings.ts';
import { stackProps } from './stack-props.ts';
import { Storage } from './storage.ts';
import { Trigger } from './trigger.ts';
import { Workflow } from './workflow.ts';

/** Stack of everything but the GPU: buckets, functions, workflow, trigger, alarms. */
export class CounterweightStack extends Stack {
  constructor(scope: App, id: string, settings: Settings) {
    const names = deploymentNames(settings.name);
    super(scope, id, {
      ...stackProps(names.stack, settings),
      description: 'counterweight: weighted distillation of unlabeled files',
    });
    const { trainer, budget, concurrency, imageUri, local, sweepMinutes, serve, alarmEmail } =
      settings;
    const { budgetPerDay: perDay, budgetPerMonth: perMonth } = settings;
    const storage = new Storage(this, 'Storage', settings);
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${names.machine}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const image = local ? undefined : openImage(this, 'functions', imageUri);
    const { kmsKey, subnets, securityGroups, dataAccount } = settings;
    const network = subnets && securityGroups && { subnets, securityGroups };
    const shared = { names, logs, kmsKey, network, image };
    const plan = {
      TRAINER: trainer,
      ...(budget !== undefined && { BUDGET_USD: String(budget) }),
      ...(perDay !== undefined && { BUDGET_PER_DAY_USD: String(perDay) }),
      ...(perMonth !== undefined && { BUDGET_PER_MONTH_USD: String(perMonth) }),
      ...(concurrency !== undefined && { CONCURRENCY: String(concurrency) }),
    };
    const functions = recordOf(namesOf(stages), (name) => {
      const stage: Stage = stages[name];
      return new TaskFunction(this, stage, shared, {
        grants: [
          ...stageGrants(storage, stage),
          ...(stage.resumes ? [watchGrant(names)] : []),
          ...(name === stages.Plan.name ? [accountGrant()] : []),
        ],
        whyNoDeadLetters:
          'Step Functions calls it synchronously, retries it, and records its failure.',
        ...(name === stages.Plan.name && { environment: plan }),
      });
    });
    const { machine } = new Workflow(this, 'Workflow', {
      names,
      storage,
      functions,
      trainer,
      kmsKey,
    });
    const { start, deadLetters } = new Trigger(this, 'Trigger', {
      storage,
      sweepMinutes,
      dataAccount,
      ...shared,
    });
    new Announcer(this, 'Announcer', { storage, deadLetters, ...shared });
    const watched = { machine, functions, start, deadLetters };
    const { topic, alarms } = new Alarms(this, 'Alarms', {
      names,
      name: settings.name,
      ...watched,
      trainer,
      alarmEmail,
    });
    // LocalStack has no AWS Budgets.
    if (!local) addBudgets(this, { topic, perDay, perMonth });
    addDashboard(this, { names, ...watched, alarms, logs });
    const endpoint =
      serve && new Endpoint(this, 'Endpoint', { dataset: serve, storage, ...shared });

    new CfnOutput(this, 'DataBucket', {
      value: storage.data.bucketName,
      exportName: names.bucketExports.data,
    });
    new CfnOutput(this, 'ResultsBucket', {
      value: storage.results.bucketName,
      exportName: names.bucketExports.results,
    });
    const outputs = {
      StateMachine: machine.stateMachineArn,
      LogGroup: logs.logGroupName,
      Trainer: trainer,
      AlarmTopic: topic.topicArn,
      ...(endpoint && { StudentUrl: endpoint.url }),
      ...(dataAccount !== undefined && { DataAccount: dataAccount }),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
