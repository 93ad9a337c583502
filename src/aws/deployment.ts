import {
  CloudFormationClient,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { patient } from '../store/patience.ts';
import { currentName, notDeployed, resourceNames } from './deployment-name.ts';

/** Name of the stack that `cdk bootstrap` creates, once per account and region. */
export const bootstrapStackName = 'CDKToolkit';

/** Outputs of the stack (`infra/stack.ts`). */
const outputsSchema = z.object({
  /** Names of the two buckets. */
  DataBucket: z.string(),
  ResultsBucket: z.string(),
  /** ARN of the state machine. */
  StateMachine: z.string(),
  /** Name of the log group of all functions. */
  LogGroup: z.string(),
  Trainer: z.enum(['gpu', 'function']),
  /** URL that predicts with a student, if one is deployed. */
  StudentUrl: z.string().optional(),
});

/** Deployed resources that the command line uses. */
export interface DeployedStack {
  readonly dataBucket: string;
  /** Location of all runs' results: s3://BUCKET. */
  readonly results: string;
  /** ARN of the state machine. */
  readonly stateMachine: string;
  readonly logGroup: string;
  /** Log group of the GPU jobs, if there is a GPU trainer. */
  readonly trainerLogs: string | undefined;
  /** URL that predicts with a student, if one is deployed. */
  readonly studentUrl: string | undefined;
}

/** Creates a client that retries patiently. */
export function openCloudFormation(): CloudFormationClient {
  return new CloudFormationClient(patient());
}

/** Returns the configured region, as every AWS tool reads it. */
export function currentRegion(): Promise<string> {
  return openCloudFormation().config.region();
}

/** Describes a stack. @returns undefined if it does not exist. */
export async function describeStack(name: string): Promise<Stack | undefined> {
  try {
    const found = await openCloudFormation().send(new DescribeStacksCommand({ StackName: name }));
    return found.Stacks?.[0];
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') return undefined;
    throw error;
  }
}

/** Lists our existing stacks, including those of an incomplete deployment. */
export async function deployedStacks(): Promise<string[]> {
  const { stack, trainerStack } = resourceNames(currentName());
  const names = [trainerStack, stack];
  const stacks = await Promise.all(names.map(describeStack));
  return names.filter((_, index) => stacks[index] !== undefined);
}

/** Returns whether `cdk bootstrap` has run in this account and region. */
export async function isBootstrapped(): Promise<boolean> {
  return (await describeStack(bootstrapStackName)) !== undefined;
}

/** Names of the buckets that a deployment uses; undefined if it has none yet. */
export interface UsedBuckets {
  readonly data: string | undefined;
  readonly results: string | undefined;
  /** Account of the data bucket, if it is not that of the deployment. */
  readonly dataAccount?: string | undefined;
}

/** Returns the buckets that a stack uses, whether it has created them or not. */
export function bucketsInUse({ Outputs = [] }: Pick<Stack, 'Outputs'>): UsedBuckets {
  const outputOf = (key: string) => Outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
  const dataAccount = outputOf('DataAccount');
  return {
    data: outputOf('DataBucket'),
    results: outputOf('ResultsBucket'),
    ...(dataAccount !== undefined && { dataAccount }),
  };
}

/**
 * Returns the qualifier of `cdk bootstrap` with which a stack was deployed.
 *
 * @returns undefined if the stack does not show it.
 */
export async function qualifierOf(stackName: string): Promise<string | undefined> {
  const { Parameters = [] } = (await describeStack(stackName)) ?? {};
  const version = Parameters.find(({ ParameterKey }) => ParameterKey === 'BootstrapVersion');
  return /^\/cdk-bootstrap\/([a-z0-9]+)\/version$/.exec(version?.ParameterValue ?? '')?.[1];
}

/**
 * Returns the ARN of the deployment's state machine, also if another version of counterweight has
 * deployed it.
 *
 * @returns undefined if there is none: not deployed, or deployed half-way.
 */
export async function findStateMachine(): Promise<string | undefined> {
  const { Outputs = [] } = (await describeStack(resourceNames(currentName()).stack)) ?? {};
  return Outputs.find(({ OutputKey }) => OutputKey === 'StateMachine')?.OutputValue;
}

/**
 * Finds the deployment in the configured account and region.
 * @throws UserError if there is none.
 */
export async function findDeployment(): Promise<DeployedStack> {
  const name = currentName();
  const { stack: stackName, trainerLogs } = resourceNames(name);
  const stack = await describeStack(stackName);
  if (!stack) throw notDeployed(name, await currentRegion());
  const outputs = Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
  const parsed = outputsSchema.safeParse(outputs);
  if (!parsed.success) {
    throw new UserError(
      `the stack ${stackName} is ${stack.StackStatus} and lacks outputs that this version needs`,
      'Deploy it again with: counterweight deploy',
    );
  }
  const { DataBucket, ResultsBucket, StateMachine, LogGroup, Trainer, StudentUrl } = parsed.data;
  return {
    dataBucket: DataBucket,
    results: `s3://${ResultsBucket}`,
    stateMachine: StateMachine,
    logGroup: LogGroup,
    trainerLogs: Trainer === 'gpu' ? trainerLogs : undefined,
    studentUrl: StudentUrl,
  };
}

/**
 * Returns the location of a dataset.
 * @param name its name in the data bucket, or its full location there.
 * @throws UserError for another location: the functions may read only the data bucket.
 */
export function datasetLocation({ dataBucket }: DeployedStack, name: string): string {
  if (!name.startsWith('s3://')) return `s3://${dataBucket}/${name}`;
  if (name.startsWith(`s3://${dataBucket}/`)) return name;
  throw new UserError(
    `${name} is not in the data bucket, the only bucket that the deployed functions may read`,
    `Copy it: aws s3 sync ${name} s3://${dataBucket}/NAME; or run it here: counterweight run ${name}`,
  );
}
