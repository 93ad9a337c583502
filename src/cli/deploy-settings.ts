/** The options of `deploy` that are settings of the CDK app (`infra/settings.ts`). */
import { allowedTags, parseTags } from '../aws/tags.ts';
import { namesOf, recordOf } from '../table.ts';
import { checkTrainer, UsageError } from './arguments.ts';
import { qualifierContext } from './cdk.ts';

/** Settings of the CDK app, by name. */
export type DeploySettings = { readonly trainer: string } & Readonly<Record<string, string>>;

/** Form of an option's value. */
interface Form {
  /** The form, after "needs". */
  readonly what: string;
  readonly fits: (value: string) => boolean;
}

const dollars: Form = {
  what: 'US dollars, a number above 0',
  fits: (value) => Number(value) > 0 && Number.isFinite(Number(value)),
};
const bucket = pattern(
  'the name of a bucket: lower-case letters, digits and hyphens',
  /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
);

function pattern(what: string, form: RegExp): Form {
  return { what, fits: (value) => form.test(value) };
}

function whole(most: number): Form {
  return {
    what: `a whole number from 1 to ${most}`,
    fits: (value) => /^[1-9]\d*$/.test(value) && Number(value) <= most,
  };
}

/** Returns the form of ids of EC2, separated by commas. */
function ids(prefix: string): Form {
  const id = `${prefix}-[0-9a-f]{8}([0-9a-f]{9})?`;
  return pattern(
    `ids such as ${prefix}-0123abcd,${prefix}-4567cdef`,
    new RegExp(`^${id}(,${id})*$`),
  );
}

/** An option whose value is a text. */
interface TextOption {
  readonly description: string;
  /** Name of the setting. */
  readonly setting: string;
  /** Default: any text. */
  readonly form?: Form;
}

const textOptions = {
  budget: {
    description: 'Refuse runs that would cost more US dollars',
    setting: 'budget',
    form: dollars,
  },
  'budget-per-day': {
    description: 'Refuse runs if those of the day (UTC) would cost more US dollars, estimated',
    setting: 'budgetPerDay',
    form: dollars,
  },
  'budget-per-month': {
    description: 'Refuse runs if those of the month (UTC) would cost more US dollars, estimated',
    setting: 'budgetPerMonth',
    form: dollars,
  },
  concurrency: {
    description: 'Shards that a run processes at once. Default: 100, or what the account allows',
    setting: 'concurrency',
    form: whole(10_000),
  },
  'sweep-minutes': {
    description: 'Start a batch without _SUCCESS once unchanged for this many minutes',
    setting: 'sweepMinutes',
    form: whole(1440),
  },
  'keep-replaced-days': {
    description: 'Days that the data bucket keeps a replaced or deleted file. Default: 90',
    setting: 'replacedDataDays',
    form: whole(3650),
  },
  serve: {
    description: 'Also deploy a URL that predicts with the student of this dataset',
    setting: 'serve',
  },
  'alarm-email': {
    description: 'Address to which AWS sends the alarms, once its owner confirms',
    setting: 'alarmEmail',
    form: pattern('an address, such as team@example.com', /^[^\s@]+@[^\s@]+\.[^\s@]+$/),
  },
  'image-uri': {
    description: 'Image of the functions in ECR. Default: build it with Docker',
    setting: 'imageUri',
  },
  'trainer-image-uri': {
    description: 'Image of the GPU trainer in ECR. Default: build it with Docker',
    setting: 'trainerImageUri',
  },
  'data-bucket': {
    description: 'Existing bucket for the data. Default: that of the last deployment, or a new one',
    setting: 'dataBucket',
    form: bucket,
  },
  'results-bucket': {
    description: 'Existing bucket for the results. Default: as for the data',
    setting: 'resultsBucket',
    form: bucket,
  },
  'data-account': {
    description: 'Account that owns the data bucket. Default: that of the deployment',
    setting: 'dataAccount',
    form: pattern('an AWS account: 12 digits', /^\d{12}$/),
  },
  'kms-key': {
    description: 'ARN of the KMS key of new buckets. Default: keys of S3',
    setting: 'kmsKey',
    form: pattern("a key's ARN", /^arn:[\w-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/),
  },
  subnets: {
    description: 'Subnets of the functions. Default: no network',
    setting: 'subnets',
    form: ids('subnet'),
  },
  'security-groups': {
    description: 'Security groups of the functions',
    setting: 'securityGroups',
    form: ids('sg'),
  },
  tags: {
    description: 'Tags of all resources: KEY=VALUE,KEY=VALUE',
    setting: 'tags',
    form: { what: allowedTags, fits: (value) => parseTags(value) !== undefined },
  },
  'permissions-boundary': {
    description: 'Name or ARN of the IAM policy that bounds every role',
    setting: 'permissionsBoundary',
  },
  qualifier: {
    description: 'Qualifier of cdk bootstrap. Default: that of CDK',
    setting: qualifierContext,
    form: pattern('up to 10 lower-case letters and digits', /^[a-z0-9]{1,10}$/),
  },
} as const satisfies Record<string, TextOption>;

type TextName = keyof typeof textOptions;
const textNames = namesOf(textOptions);

/** The options, as the command line defines them. */
export const textArguments = recordOf(textNames, (name) => ({
  type: 'string' as const,
  description: textOptions[name].description,
}));

/** Values of the options, as text. */
export interface DeployOptions extends Partial<Readonly<Record<TextName, string | undefined>>> {
  readonly trainer: string;
  readonly name?: string | undefined;
  /** Address of a LocalStack, which runs functions as zip files. */
  readonly endpoint?: string | undefined;
}

/**
 * Checks the options and returns those that are given, as settings.
 * @throws UsageError for a value that the CDK app would refuse later.
 */
export function settingsOf(options: DeployOptions): DeploySettings {
  const { trainer, name, endpoint } = options;
  checkTrainer(trainer);
  const given = textNames.flatMap((option) => {
    const value = options[option];
    if (value === undefined) return [];
    const { setting, form }: TextOption = textOptions[option];
    if (form && !form.fits(value)) {
      throw new UsageError(`--${option} needs ${form.what}; found "${value}".`);
    }
    return [[setting, value] as const];
  });
  checkPairs(options);
  return {
    trainer,
    ...Object.fromEntries(given),
    ...(name !== undefined && { name }),
    ...(endpoint !== undefined && { local: 'true' }),
  };
}

/** Checks that options that need each other are given together. */
function checkPairs(options: DeployOptions): void {
  if ((options.subnets === undefined) !== (options['security-groups'] === undefined)) {
    throw new UsageError('--subnets and --security-groups go together.');
  }
  if (options['data-account'] !== undefined && options['data-bucket'] === undefined) {
    throw new UsageError('--data-account needs --data-bucket, the bucket of that account.');
  }
}

/**
 * Reads the arguments after `--`: `NAME=VALUE`, each after `--context` or alone.
 *
 * @throws UsageError for an argument that is not context of the CDK itself.
 */
export function contextOf(args: readonly string[]): Record<string, string> {
  const pairs = args
    .filter((argument) => !['--context', '-c'].includes(argument))
    .map((argument) => {
      const [, name = '', value = ''] = /^(?:--context=)?([^=]+)=(.*)$/s.exec(argument) ?? [];
      // Our own settings have options, which are checked; their names have no colon.
      if (name.includes(':')) return [name, value];
      throw new UsageError(
        `"${argument}" is not context of the CDK, such as @aws-cdk/core:NAME=VALUE.`,
      );
    });
  return Object.fromEntries(pairs);
}

/**
 * Returns the name of a dataset as its runs have it.
 *
 * @param name Its name in the data bucket, or its location there.
 * @throws UsageError if it is empty.
 */
export async function datasetOf(name: string): Promise<string> {
  const { datasetName } = await import('../stages/start.ts');
  const path = name.replace(/\/+$/, '');
  if (path === '') throw new UsageError('--serve needs the name of a dataset, such as digits.');
  return datasetName({ location: path.startsWith('s3://') ? path : `s3://data/${path}` });
}
