/** Names of a deployment and of its resources. */
import { UserError } from '../errors.ts';

/**
 * Variable with the name of the deployment that the commands use, as AWS_REGION is for the region.
 * The option --name sets it (`src/cli/main.ts`).
 */
export const nameVariable = 'COUNTERWEIGHT_NAME';

/**
 * Maximum length of a name. S3, Lambda and IAM allow 63 and 64 characters: CloudFormation shortens
 * the names that it generates, and the deployment's must stay readable in them.
 */
const maxLength = 24;

/** Beginnings that S3 reserves; the buckets' names begin with that of the deployment. */
const reserved = /^(sthree|amzn-s3-demo)(-|$)/;

/** Sentence about the names that are allowed. */
export const allowedNames =
  `at most ${maxLength} lower-case letters, digits and single hyphens, the first one a letter, ` +
  'such as blue';

/** Returns whether a text can be the name of a deployment. */
export function isDeploymentName(text: string): boolean {
  return (
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text) && text.length <= maxLength && !isReserved(text)
  );
}

function isReserved(text: string): boolean {
  return reserved.test(text);
}

/**
 * Returns the name of the deployment that the commands use.
 *
 * @returns undefined for the deployment without a name.
 * @throws UserError if it is not allowed.
 */
export function currentName(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const name = env[nameVariable];
  if (name === undefined || name === '') return undefined;
  if (isDeploymentName(name)) return name;
  throw new UserError(
    isReserved(name)
      ? `"${name}" cannot be the name of a deployment: S3 reserves bucket names that begin with it`
      : `"${name}" is not the name of a deployment`,
    `Names have ${allowedNames}. Correct --name or the variable ${nameVariable}.`,
  );
}

/** Ids of the stacks in the CDK app (`infra/application.ts`). */
export const stackIds = { core: 'Counterweight', trainer: 'CounterweightTrainer' };

/**
 * Names the resources of a deployment that others refer to by name: several deployments in one
 * account and region have nothing in common.
 *
 * @param name Name of the deployment; undefined for the one without a name.
 */
export function resourceNames(name: string | undefined) {
  const prefix = name === undefined ? '' : `${name}-`;
  const trainer = `${prefix}counterweight-trainer`;
  return {
    /** Stack with everything except the GPU trainer (`infra/stack.ts`). */
    stack: `${prefix}${stackIds.core}`,
    /** Stack of the GPU trainer. */
    trainerStack: `${prefix}${stackIds.trainer}`,
    /** State machine, and the service in logs and metrics. */
    machine: `${prefix}counterweight`,
    /** Queue and definition of the GPU jobs. */
    trainer,
    /** Log group of the GPU jobs. */
    trainerLogs: `/aws/batch/${trainer}`,
  };
}

/** Creates the error for a deployment that does not exist. */
export function notDeployed(name: string | undefined, region: string): UserError {
  const others = 'or set AWS_PROFILE and AWS_REGION to another deployment.';
  return name === undefined
    ? new UserError(
        `counterweight is not deployed in ${region}`,
        `Deploy it with: counterweight deploy; if your deployment has a name, pass --name; ${others}`,
      )
    : new UserError(
        `there is no deployment ${name} in ${region}`,
        `Deploy it with: counterweight deploy; or correct --name or the variable ${nameVariable}; ` +
          others,
      );
}
