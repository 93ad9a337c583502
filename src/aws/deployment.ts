import {
  CloudFormationClient,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { patient } from '../store/patience.ts';

/** The name of the stack that everything but the GPU trainer is in (`infra/app.ts`). */
export const stackName = 'Counterweight';
export const trainerStackName = 'CounterweightTrainer';

/** What `cdk bootstrap` makes, once for an account and region. */
const bootstrapStackName = 'CDKToolkit';

/** What the stack tells of itself: the outputs of `infra/stack.ts`. */
const outputsSchema = z.object({
  /** Names of the two buckets. */
  DataBucket: z.string(),
  ResultsBucket: z.string(),
  /** ARN of the state machine. */
  StateMachine: z.string(),
  /** Name of the log group of all functions. */
  LogGroup: z.string(),
  Trainer: z.enum(['gpu', 'function']),
});

export interface Deployed {
  readonly dataBucket: string;
  /** Where all runs' results are: s3://BUCKET. */
  readonly results: string;
  /** ARN of the state machine. */
  readonly stateMachine: string;
  readonly logGroup: string;
  readonly trainer: 'gpu' | 'function';
}

export function openCloudFormation(): CloudFormationClient {
  return new CloudFormationClient(patient());
}

/** The region that every AWS tool here would use. */
export function currentRegion(): Promise<string> {
  return openCloudFormation().config.region();
}

/** @returns undefined when there is no such stack. */
export async function describeStack(name: string): Promise<Stack | undefined> {
  try {
    const found = await openCloudFormation().send(new DescribeStacksCommand({ StackName: name }));
    return found.Stacks?.[0];
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError') return undefined;
    throw error;
  }
}

/** Those of our stacks that are there, be it half deployed. */
export async function deployedStacks(): Promise<string[]> {
  const names = [trainerStackName, stackName];
  const stacks = await Promise.all(names.map(describeStack));
  return names.filter((_, index) => stacks[index] !== undefined);
}

export async function isBootstrapped(): Promise<boolean> {
  return (await describeStack(bootstrapStackName)) !== undefined;
}

/**
 * What is deployed in the account and region that every AWS tool here would use.
 * @throws UserError when nothing is.
 */
export async function findDeployment(): Promise<Deployed> {
  const stack = await describeStack(stackName);
  if (!stack) {
    throw new UserError(
      `counterweight is not deployed in ${await currentRegion()}`,
      'Deploy it with: counterweight deploy; or choose another place with AWS_PROFILE and AWS_REGION.',
    );
  }
  const outputs = Object.fromEntries(
    (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
  const parsed = outputsSchema.safeParse(outputs);
  if (!parsed.success) {
    throw new UserError(
      `the stack ${stackName} is ${stack.StackStatus}, and lacks what this version looks for`,
      'Deploy it again with: counterweight deploy',
    );
  }
  const { DataBucket, ResultsBucket, StateMachine, LogGroup, Trainer } = parsed.data;
  return {
    dataBucket: DataBucket,
    results: `s3://${ResultsBucket}`,
    stateMachine: StateMachine,
    logGroup: LogGroup,
    trainer: Trainer,
  };
}

/**
 * Where a dataset is.
 * @param name its name in the data bucket, or its whole location there.
 * @throws UserError for a location elsewhere: the functions may read that bucket only.
 */
export function datasetLocation({ dataBucket }: Deployed, name: string): string {
  if (!name.startsWith('s3://')) return `s3://${dataBucket}/${name}`;
  if (name.startsWith(`s3://${dataBucket}/`)) return name;
  throw new UserError(
    `${name} is not in the data bucket, and what is deployed reads no other`,
    `Copy it: aws s3 sync ${name} s3://${dataBucket}/NAME; or run it here: counterweight run ${name}`,
  );
}
