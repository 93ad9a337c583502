import type { Node } from 'constructs';
import { z } from 'zod';
import { allowedNames, isDeploymentName } from '../src/aws/deployment-name.ts';
import { allowedTags, parseTags } from '../src/aws/tags.ts';
import { instanceHours } from '../src/cost/prices.ts';
import { UserError } from '../src/errors.ts';

const ecrUri =
  /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([a-z0-9._/-]+)(?::|@(?=sha256:))([\w.:-]+)$/;

/** Name of a bucket, without dots: TLS certificates do not cover names with dots. */
const bucket = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/)
  .optional()
  .describe('the name of a bucket: lower-case letters, digits and hyphens');

/** ARN of a KMS key itself: roles are granted its use, and an alias may change. */
const kmsKey = z
  .string()
  .regex(/^arn:[\w-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/)
  .optional()
  .describe(
    'the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  );

/** Image in ECR, the only registry from which Lambda takes images. */
const imageUri = z
  .string()
  .regex(ecrUri)
  .transform((uri) => {
    const [, account, region, repository, tagOrDigest] = ecrUri.exec(uri)!;
    return {
      account: account!,
      region: region!,
      repository: repository!,
      tagOrDigest: tagOrDigest!,
    };
  })
  .optional()
  .describe(
    'an image in ECR with its tag or digest, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com/counterweight:1.2.0',
  );

/** List of names, separated by commas. */
function listOf(allowed: RegExp) {
  return z
    .string()
    .transform((text) => text.split(','))
    .refine((names) => names.every((name) => allowed.test(name)))
    .optional();
}

/** Tags, as text of the command line. */
const tags = z
  .string()
  .transform((text, context) => {
    const parsed = parseTags(text);
    if (parsed) return parsed;
    context.addIssue('tags');
    return z.NEVER;
  })
  .optional()
  .describe(allowedTags);

const dollars = z.coerce.number().positive().optional().describe('US dollars, a number above 0');

const zones = listOf(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/).describe(
  'Availability Zones separated by commas, such as eu-west-1a,eu-west-1b',
);

/**
 * Settings of a deployment, each by `--context NAME=VALUE`; all are optional. Values from the
 * command line are text. The descriptions end the sentence "NAME=VALUE is not …".
 */
const settingsSchema = z.object({
  /** Name of the deployment, the prefix of its resources' names. Default: no prefix. */
  name: z
    .string()
    .refine(isDeploymentName)
    .optional()
    .describe(`a name for a deployment: ${allowedNames}`),
  /** Existing bucket for the data, with its settings as they are. Default: a new one. */
  dataBucket: bucket,
  /** Existing bucket for the results, with its settings as they are. Default: a new one. */
  resultsBucket: bucket,
  /** Account that owns the data bucket. Default: the account of the deployment. */
  dataAccount: z
    .string()
    .regex(/^\d{12}$/)
    .optional()
    .describe('an AWS account: 12 digits'),
  /** Key that encrypts new buckets, and that the roles may use. Default: keys of S3. */
  kmsKey,
  /** Subnets of the functions. Default: functions are in no network of the account. */
  subnets: listOf(/^subnet-[0-9a-f]{8}([0-9a-f]{9})?$/).describe(
    'subnets, such as subnet-0123abcd,subnet-4567cdef',
  ),
  /** Security groups of the functions in `subnets`. */
  securityGroups: listOf(/^sg-[0-9a-f]{8}([0-9a-f]{9})?$/).describe(
    'security groups, such as sg-0123abcd,sg-4567cdef',
  ),
  /** Tags of the stacks and of all their resources. Default: none. */
  tags,
  /** Name or ARN of the policy that bounds what any role may be allowed. Default: none. */
  permissionsBoundary: z
    .string()
    .regex(/^(arn:[\w-]+:iam::(\d{12}|aws):policy\/)?[\w+=,.@/-]{1,128}$/)
    .optional()
    .describe('the name or the ARN of an IAM policy'),
  /** Whether students can also be trained on a GPU, in a second stack. */
  trainer: z.enum(['gpu', 'function']).default('function').describe('gpu or function'),
  /** Maximum estimated cost of a run, in US dollars. Default: no maximum. */
  budget: dollars,
  /** Maximum estimated cost of the runs of a day and of a month. Default: no maximum. */
  budgetPerDay: dollars,
  budgetPerMonth: dollars,
  /** Maximum number of shards at once. Default: 100. The account's limit also applies. */
  concurrency: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('a whole number from 1 to 10000'),
  /** A prebuilt image for the functions with native code. Default: built from its Dockerfile. */
  imageUri,
  /** Prebuilt image for the GPU trainer. Default: built from its Dockerfile. */
  trainerImageUri: imageUri,
  /** GPU instance types that the region offers. Default: all that have a price. */
  gpuInstances: listOf(/^[a-z0-9]+\.[a-z0-9]+$/)
    .refine((types) => types?.every((type) => type in instanceHours) ?? true)
    .describe(`one or more of ${Object.keys(instanceHours).join()}, separated by commas`),
  /** Markets of GPU instances that the account's quotas allow. Default: both. */
  gpuMarkets: listOf(/^(spot|on-demand)$/).describe('spot, on-demand or spot,on-demand'),
  /** Zones of the region, each with a subnet. Default: two of them. */
  zones,
  /** Zones that offer at least one of the instance types. Default: all of `zones`. */
  gpuZones: zones,
  /**
   * Minutes without a new object after which a batch is closed. Default: only its _SUCCESS closes
   * it.
   */
  sweepMinutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(24 * 60)
    .optional()
    .describe('a whole number of minutes from 1 to 1440'),
  /** Days that a replaced or deleted object of a dataset is kept. */
  replacedDataDays: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(90)
    .describe('a whole number of days from 1 to 3650'),
  /** The dataset whose student in use has a URL that predicts. Default: no URL. */
  serve: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .optional()
    .describe('the name of a dataset: lower-case letters, digits and hyphens'),
  /** Address to which the alarms are sent. Default: none. */
  alarmEmail: z.email().optional().describe('an e-mail address, such as team@example.com'),
  /** Whether the stack is for LocalStack, which runs no containers: every function is a zip. */
  local: z
    .union([z.boolean(), z.stringbool({ truthy: ['true'], falsy: ['false'] })])
    .default(false)
    .describe('true or false'),
});
export type Settings = z.infer<typeof settingsSchema>;
export type ImageUri = NonNullable<Settings['imageUri']>;

/**
 * Reads the settings.
 *
 * @throws UserError that names the setting, its value and the values that are allowed.
 */
export function readSettings(node: Node): Settings {
  const names = settingsSchema.keyof().options;
  const given = Object.fromEntries(names.map((name) => [name, node.tryGetContext(name)]));
  const { data, error } = settingsSchema.safeParse(given);
  if (error) {
    const name = names.find((known) => known === error.issues[0]?.path[0])!;
    throw new UserError(
      `context ${name}=${given[name]} is not ${settingsSchema.shape[name].description}`,
      'Correct the value, or leave it out: it is optional.',
    );
  }
  if (data.local && data.trainer === 'gpu') {
    throw new UserError(
      'context trainer=gpu cannot be combined with local=true: LocalStack has no AWS Batch',
      'Leave trainer out: on LocalStack students are trained in a function.',
    );
  }
  for (const [one, other] of [
    ['subnets', 'securityGroups'],
    ['securityGroups', 'subnets'],
    ['dataAccount', 'dataBucket'],
  ] as const) {
    if (data[one] === undefined || data[other] !== undefined) continue;
    throw new UserError(
      `context ${one}=${given[one]} needs ${other}`,
      `Set both, or neither: ${one} has no effect alone.`,
    );
  }
  return data;
}
