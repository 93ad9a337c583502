import { Aws } from 'aws-cdk-lib';

/**
 * Names that every deployment has, so that one account and region holds one deployment. They are
 * fixed for the sake of the ARNs: the Start function knows the state machine, which needs the other
 * functions first, and the state machine knows the queue of a stack that is deployed after its own.
 */
export const machineName = 'counterweight';
export const trainerName = 'counterweight-trainer';

/** How the trainer's stack finds the buckets: names of exported outputs. */
export const bucketExports = {
  data: 'counterweight-data-bucket',
  results: 'counterweight-results-bucket',
};

export const machineArn = arn('states', `stateMachine:${machineName}`);
/** The executions of the machine itself. */
export const executionsArn = arn('states', `execution:${machineName}:*`);
/** The executions that its distributed maps start, one a shard. */
export const shardExecutionsArn = arn('states', `execution:${machineName}/*`);

export const trainerQueueArn = arn('batch', `job-queue/${trainerName}`);
/** Without a revision, which to AWS Batch is the newest one. */
export const trainerJobArn = arn('batch', `job-definition/${trainerName}`);
export const jobsArn = arn('batch', 'job/*');
/** The rule that Step Functions makes by itself, to hear of the end of jobs of AWS Batch. */
export const jobsRuleArn = arn('events', 'rule/StepFunctionsGetEventsForBatchJobsRule');

function arn(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}
