import { Aws } from 'aws-cdk-lib';

/**
 * Names that every deployment has, so that an account and region has one deployment. They are fixed
 * because of circular ARNs. The Start function needs the ARN of the state machine, which needs the
 * other functions. The state machine needs the ARN of a queue in a stack that is deployed later.
 */
export const machineName = 'counterweight';
export const trainerName = 'counterweight-trainer';

/** Names of exported outputs, by which the trainer's stack finds the buckets. */
export const bucketExports = {
  data: 'counterweight-data-bucket',
  results: 'counterweight-results-bucket',
};

export const machineArn = arn('states', `stateMachine:${machineName}`);
/** Executions of the machine itself. */
export const executionsArn = arn('states', `execution:${machineName}:*`);
/** Executions that its distributed Maps start, one per shard. */
export const shardExecutionsArn = arn('states', `execution:${machineName}/*`);

export const trainerQueueArn = arn('batch', `job-queue/${trainerName}`);
/** Job definition without a revision, which AWS Batch resolves to the newest one. */
export const trainerJobArn = arn('batch', `job-definition/${trainerName}`);
export const jobsArn = arn('batch', 'job/*');
/** Rule that Step Functions makes by itself, to learn the end of jobs of AWS Batch. */
export const jobsRuleArn = arn('events', 'rule/StepFunctionsGetEventsForBatchJobsRule');

function arn(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}
