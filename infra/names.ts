import { Aws } from 'aws-cdk-lib';
import { resourceNames } from '../src/aws/deployment-name.ts';

/** Namespace of the metrics of all deployments; the dimension `service` has the deployment. */
export const metricsNamespace = 'counterweight';

/** Rule that Step Functions makes by itself, to learn the end of jobs of AWS Batch. */
export const jobsRuleArn = arn('events', 'rule/StepFunctionsGetEventsForBatchJobsRule');
/** Event bus that every account has. */
export const defaultBusArn = arn('events', 'event-bus/default');
export const jobsArn = arn('batch', 'job/*');

export type Names = ReturnType<typeof deploymentNames>;

/**
 * Names and ARNs of a deployment. They are fixed because of circular ARNs. The Start function needs
 * the ARN of the state machine, which needs the other functions. The state machine needs the ARN of
 * a queue in a stack that is deployed later.
 *
 * @param name Name of the deployment; undefined for the one without a name.
 */
export function deploymentNames(name: string | undefined) {
  const names = resourceNames(name);
  const { machine, trainer } = names;
  return {
    ...names,
    /** Names of exported outputs, by which the trainer's stack finds the buckets. */
    bucketExports: { data: `${machine}-data-bucket`, results: `${machine}-results-bucket` },
    machineArn: arn('states', `stateMachine:${machine}`),
    /** Executions of the machine itself. */
    executionsArn: arn('states', `execution:${machine}:*`),
    /** Executions that its distributed Maps start, one per shard. */
    shardExecutionsArn: arn('states', `execution:${machine}/*`),
    trainerQueueArn: arn('batch', `job-queue/${trainer}`),
    /** Job definition without a revision, which AWS Batch resolves to the newest one. */
    trainerJobArn: arn('batch', `job-definition/${trainer}`),
  };
}

function arn(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}
