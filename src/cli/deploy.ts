import { defineCommand } from 'citty';
import { currentName, resourceNames, stackIds } from '../aws/deployment-name.ts';
import { allowedTags, parseTags } from '../aws/tags.ts';
import { UserError } from '../errors.ts';
import { checkTrainer, many, nameOption, UsageError } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { qualifierContext, runCdk } from './cdk.ts';
import type { AccountCheck } from './check-account.ts';
import { chooseBuckets } from './choose-buckets.ts';
import { refuseWhileRunning } from './refuse-while-running.ts';

export const deployCommand = defineCommand({
  meta: { name: 'deploy', description: 'Deploy the workflow to an AWS account, or update it' },
  args: {
    trainer: {
      type: 'string',
      description: 'Machines that train students: function, or gpu for GPU jobs as well',
      default: 'function',
    },
    budget: { type: 'string', description: 'Refuse runs that would cost more US dollars' },
    'budget-per-day': {
      type: 'string',
      description: 'Refuse runs if those of the day (UTC) would cost more US dollars, estimated',
    },
    'budget-per-month': {
      type: 'string',
      description: 'Refuse runs if those of the month (UTC) would cost more US dollars, estimated',
    },
    concurrency: {
      type: 'string',
      description: 'Shards that a run processes at once. Default: 100, or what the account allows',
    },
    'sweep-minutes': {
      type: 'string',
      description: 'Start a batch without _SUCCESS once unchanged for this many minutes',
    },
    'keep-replaced-days': {
      type: 'string',
      description: 'Days that the data bucket keeps a replaced or deleted file. Default: 90',
    },
    serve: {
      type: 'string',
      description: 'Also deploy a URL that predicts with the student of this dataset',
    },
    'alarm-email': {
      type: 'string',
      description: 'Address to which AWS sends the alarms, once its owner confirms',
    },
    'image-uri': {
      type: 'string',
      description: 'Image of the functions in ECR. Default: build it with Docker',
    },
    'trainer-image-uri': {
      type: 'string',
      description: 'Image of the GPU trainer in ECR. Default: build it with Docker',
    },
    'data-bucket': {
      type: 'string',
      description:
        'Existing bucket for the data. Default: that of the last deployment, or a new one',
    },
    'results-bucket': {
      type: 'string',
      description: 'Existing bucket for the results. Default: as for the data',
    },
    'data-account': {
      type: 'string',
      description: 'Account that owns the data bucket. Default: that of the deployment',
    },
    'kms-key': {
      type: 'string',
      description: 'ARN of the KMS key of new buckets. Default: keys of S3',
    },
    subnets: { type: 'string', description: 'Subnets of the functions. Default: no network' },
    'security-groups': { type: 'string', description: 'Security groups of the functions' },
    name: nameOption,
    tags: { type: 'string', description: 'Tags of all resources: KEY=VALUE,KEY=VALUE' },
    'permissions-boundary': {
      type: 'string',
      description: 'Name or ARN of the IAM policy that bounds every role',
    },
    qualifier: { type: 'string', description: 'Qualifier of cdk bootstrap. Default: that of CDK' },
    endpoint: {
      type: 'string',
      description: 'Deploy to the LocalStack that runs at this URL, instead of AWS',
    },
    'dry-run': { type: 'boolean', description: 'Show what would change, and change nothing' },
    'while-running': {
      type: 'boolean',
      description: 'Deploy although runs are running, which may fail then and have to be resumed',
    },
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    context: {
      type: 'positional',
      description: 'After --: context of the CDK, such as -- @aws-cdk/core:NAME=VALUE',
      required: false,
      valueHint: many,
    },
  },
  async run({ args }) {
    const { yes, serve, 'dry-run': isDryRun, 'while-running': ignoresRuns, ...more } = args;
    const { _: context, endpoint, ...options } = more;
    const dataset = serve === undefined ? undefined : await datasetOf(serve);
    const chosen = {
      ...contextOf(context),
      ...settingsOf({ ...options, endpoint, name: currentName(), serve: dataset }),
    };
    if (endpoint !== undefined) await useEndpoint(endpoint, chosen);
    if (!yes && !isDryRun && !process.stdin.isTTY) {
      throw new UserError(
        'deploy asks before it grants permissions, and standard input is not a terminal',
        'Confirm with --yes.',
      );
    }
    const aws = await import('../aws/deployment.ts');
    const region = await aws.currentRegion();
    refuseForeignImages(chosen, region);
    // Their next tasks would be those of the new version, which may not read their files.
    if (!isDryRun && !ignoresRuns) await refuseWhileRunning(deployAnyway);
    const account = await checkAccount(chosen, region);
    const { dataBucket, resultsBucket, dataAccount, ...others } = chosen;
    const named = { dataBucket, resultsBucket, dataAccount };
    const buckets = await chooseBuckets(named, region);
    const settings = { ...others, ...account.settings, ...buckets.settings };
    refuseKeptDays(settings);
    if (!isDryRun && needsDocker(settings)) await (await import('./docker.ts')).checkDocker();
    const stacks = settings.trainer === 'gpu' ? Object.values(stackIds) : [stackIds.core];
    process.stderr.write(`${renderDeployment(settings, region)}\n`);
    for (const note of [...buckets.notes, ...account.notes]) process.stderr.write(`${note}\n\n`);
    if (isDryRun) {
      await runCdk(['diff', ...stacks], settings);
      process.stdout.write('Nothing was changed.\n');
      return;
    }
    // Who has a qualifier of their own has used cdk bootstrap with it. Ours would replace CDK's.
    if (options.qualifier === undefined && !(await aws.isBootstrapped())) {
      if (endpoint === undefined) {
        process.stderr.write(`CDK has not been used in ${region} yet. ${bootstrapping}\n\n`);
        await runCdk(['bootstrap'], settings);
      } else {
        await (await import('../aws/localstack.ts')).bootstrapLocalStack();
      }
    }
    const approval = ['--require-approval', yes ? 'never' : 'broadening'];
    const method = endpoint === undefined ? [] : ['--method', 'direct'];
    await runCdk(['deploy', ...stacks, ...approval, ...method], settings);
    const { dataBucket: data, results, studentUrl } = await aws.findDeployment();
    process.stdout.write(
      `\nDeployed in ${region}: data in s3://${data}, results in ${results}.\n` +
        (studentUrl === undefined ? '' : `${renderEndpoint(studentUrl, region)}\n`) +
        `${renderAlarms(settings)}\n` +
        (endpoint === undefined ? '' : `${await renderVariables(endpoint)}\n`) +
        asTyped('Next: counterweight upload FOLDER\n'),
    );
  },
});

/**
 * Leads all that follows to a LocalStack.
 * @throws UsageError for an address that is wrong, or an option that has no effect there.
 */
async function useEndpoint(
  endpoint: string,
  { trainer, imageUri, trainerImageUri }: Settings,
): Promise<void> {
  if (!/^https?:\/\/[\w.:[\]-]+$/.test(endpoint)) {
    throw new UsageError(
      `--endpoint needs the URL of a LocalStack, such as http://127.0.0.1:4566; found "${endpoint}".`,
    );
  }
  if (trainer === 'gpu') {
    throw new UsageError('--endpoint does not go with --trainer gpu: LocalStack has no AWS Batch.');
  }
  if (imageUri ?? trainerImageUri) {
    throw new UsageError(
      '--endpoint does not go with images: on LocalStack every function is a zip file.',
    );
  }
  await (await import('../aws/localstack.ts')).useLocalStack(endpoint);
}

/** Lists the variables by which the other commands find a LocalStack, as lines for a shell. */
async function renderVariables(endpoint: string): Promise<string> {
  const { clientEnv } = await import('../aws/localstack.ts');
  const exports = Object.entries(clientEnv(endpoint)).map(
    ([name, value]) => `  export ${name}=${value}`,
  );
  return ['The other commands find it with these variables:', ...exports].join('\n');
}

/** Checks what the account and the region allow: the limit of functions, and GPUs. */
async function checkAccount({ trainer }: Settings, region: string): Promise<AccountCheck> {
  const [{ unreservedConcurrency }, { checkGpus, functionNotes }] = await Promise.all([
    import('../aws/concurrency.ts'),
    import('./check-account.ts'),
  ]);
  // Plan reads the limit again; here it is only shown.
  const allowed = await unreservedConcurrency().catch(() => undefined);
  const { settings, notes } =
    trainer === 'gpu' ? await checkGpus(region) : { settings: {}, notes: [] };
  return { settings, notes: [...functionNotes(allowed, region), ...notes] };
}

const deployAnyway =
  'Or deploy with --while-running: their next tasks then have the new code. A run that fails resumes ' +
  'with: counterweight start RUN';

const bootstrapping =
  'First, cdk bootstrap creates the\n' +
  'stack CDKToolkit: a bucket and a repository for deployed assets, and the roles that deploy.';

/** Settings of the CDK app: `infra/settings.ts`. */
type Settings = { readonly trainer: string } & Readonly<Record<string, string>>;

/** Options of the command, as text. */
interface Options {
  readonly trainer: string;
  readonly budget?: string | undefined;
  readonly 'budget-per-day'?: string | undefined;
  readonly 'budget-per-month'?: string | undefined;
  readonly concurrency?: string | undefined;
  readonly 'sweep-minutes'?: string | undefined;
  readonly 'keep-replaced-days'?: string | undefined;
  /** Name of a dataset, as its runs have it. */
  readonly serve?: string | undefined;
  readonly 'alarm-email'?: string | undefined;
  readonly 'image-uri'?: string | undefined;
  readonly 'trainer-image-uri'?: string | undefined;
  readonly 'data-bucket'?: string | undefined;
  readonly 'results-bucket'?: string | undefined;
  readonly 'data-account'?: string | undefined;
  readonly 'kms-key'?: string | undefined;
  readonly subnets?: string | undefined;
  readonly 'security-groups'?: string | undefined;
  readonly name?: string | undefined;
  readonly tags?: string | undefined;
  readonly 'permissions-boundary'?: string | undefined;
  readonly qualifier?: string | undefined;
  /** Address of a LocalStack, which runs functions as zip files. */
  readonly endpoint?: string | undefined;
}

/**
 * Checks the command's options and returns those that are set as settings of the CDK app.
 * @throws UsageError for a value that the CDK app would refuse later.
 */
export function settingsOf(options: Options): Settings {
  const { trainer, budget, concurrency, 'sweep-minutes': sweepMinutes, serve } = options;
  const { 'budget-per-day': budgetPerDay, 'budget-per-month': budgetPerMonth } = options;
  const { 'image-uri': imageUri, 'trainer-image-uri': trainerImageUri } = options;
  const { name, tags, 'permissions-boundary': permissionsBoundary, qualifier } = options;
  const { 'alarm-email': alarmEmail, 'keep-replaced-days': replacedDataDays } = options;
  const { 'data-bucket': dataBucket, 'results-bucket': resultsBucket } = options;
  checkTrainer(trainer);
  checkBucket('--data-bucket', dataBucket);
  checkBucket('--results-bucket', resultsBucket);
  if (tags !== undefined && !parseTags(tags)) {
    throw new UsageError(`--tags needs ${allowedTags}; found "${tags}".`);
  }
  if (qualifier !== undefined && !/^[a-z0-9]{1,10}$/.test(qualifier)) {
    throw new UsageError(
      `--qualifier needs up to 10 lower-case letters and digits, found "${qualifier}".`,
    );
  }
  checkDollars('--budget', budget);
  checkDollars('--budget-per-day', budgetPerDay);
  checkDollars('--budget-per-month', budgetPerMonth);
  if (alarmEmail !== undefined && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(alarmEmail)) {
    throw new UsageError(
      `--alarm-email needs an address, such as team@example.com, found "${alarmEmail}".`,
    );
  }
  checkWhole('--sweep-minutes', sweepMinutes, 1440);
  checkWhole('--concurrency', concurrency, 10_000);
  checkWhole('--keep-replaced-days', replacedDataDays, 3650);
  return {
    trainer,
    ...(budget !== undefined && { budget }),
    ...(budgetPerDay !== undefined && { budgetPerDay }),
    ...(budgetPerMonth !== undefined && { budgetPerMonth }),
    ...(concurrency !== undefined && { concurrency }),
    ...(sweepMinutes !== undefined && { sweepMinutes }),
    ...(replacedDataDays !== undefined && { replacedDataDays }),
    ...(serve !== undefined && { serve }),
    ...(alarmEmail !== undefined && { alarmEmail }),
    ...(imageUri !== undefined && { imageUri }),
    ...(trainerImageUri !== undefined && { trainerImageUri }),
    ...(dataBucket !== undefined && { dataBucket }),
    ...(resultsBucket !== undefined && { resultsBucket }),
    ...placementOf(options),
    ...(name !== undefined && { name }),
    ...(tags !== undefined && { tags }),
    ...(permissionsBoundary !== undefined && { permissionsBoundary }),
    ...(qualifier !== undefined && { [qualifierContext]: qualifier }),
    ...(options.endpoint !== undefined && { local: 'true' }),
  };
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

/** Checks the options about other accounts, keys and networks, and returns them as settings. */
function placementOf(options: Options): Record<string, string> {
  const { 'data-bucket': bucket, 'data-account': dataAccount, 'kms-key': kmsKey } = options;
  const { subnets, 'security-groups': securityGroups } = options;
  checkForm('--data-account', dataAccount, /^\d{12}$/, 'an AWS account: 12 digits');
  checkForm('--kms-key', kmsKey, /^arn:[\w-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, "a key's ARN");
  checkForm('--subnets', subnets, idsOf('subnet'), 'ids such as subnet-0123abcd,subnet-4567cdef');
  checkForm('--security-groups', securityGroups, idsOf('sg'), 'ids such as sg-0123abcd');
  if ((subnets === undefined) !== (securityGroups === undefined)) {
    throw new UsageError('--subnets and --security-groups go together.');
  }
  if (dataAccount !== undefined && bucket === undefined) {
    throw new UsageError('--data-account needs --data-bucket, the bucket of that account.');
  }
  return {
    ...(dataAccount !== undefined && { dataAccount }),
    ...(kmsKey !== undefined && { kmsKey }),
    ...(subnets !== undefined && { subnets }),
    ...(securityGroups !== undefined && { securityGroups }),
  };
}

/** Returns the form of EC2's ids, separated by commas. */
function idsOf(prefix: string): RegExp {
  const id = `${prefix}-[0-9a-f]{8}([0-9a-f]{9})?`;
  return new RegExp(`^${id}(,${id})*$`);
}

/** Checks that an option, if it is given, has a form. @throws UsageError that describes it. */
function checkForm(
  option: string,
  value: string | undefined,
  form: RegExp,
  description: string,
): void {
  if (value === undefined || form.test(value)) return;
  throw new UsageError(`${option} needs ${description}; found "${value}".`);
}

/** Checks that an option, if it is given, is the name of a bucket. */
function checkBucket(option: string, value: string | undefined): void {
  if (value === undefined || /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(value)) return;
  throw new UsageError(
    `${option} needs the name of a bucket: lower-case letters, digits and hyphens; found "${value}".`,
  );
}

/** Checks that an option, if it is given, is a sum of money. */
function checkDollars(option: string, value: string | undefined): void {
  if (value === undefined || (Number(value) > 0 && Number.isFinite(Number(value)))) return;
  throw new UsageError(`${option} needs US dollars, a number above 0, found "${value}".`);
}

/** Checks that an option, if it is given, is a whole number from 1 to `most`. */
function checkWhole(option: string, value: string | undefined, most: number): void {
  if (value === undefined || (/^[1-9]\d*$/.test(value) && Number(value) <= most)) return;
  throw new UsageError(`${option} needs a whole number from 1 to ${most}, found "${value}".`);
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

/**
 * Refuses images of another region before anything is created: Lambda takes only images of its own.
 *
 * @throws UserError that names the image and its region.
 */
export function refuseForeignImages({ imageUri, trainerImageUri }: Settings, region: string): void {
  for (const uri of [imageUri, trainerImageUri]) {
    const [, found = region] =
      /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/.exec(uri ?? '') ?? [];
    if (found === region) continue;
    throw new UserError(
      `${uri} is in ${found}, and the deployment would be in ${region}`,
      `Functions take images of their own region only. Set AWS_REGION=${found}, or push the image ` +
        `to ${region}: AWS_REGION=${region} counterweight images --push`,
    );
  }
}

/**
 * Refuses a setting of new buckets for an existing bucket: a deployment does not change its rules.
 *
 * @throws UserError that names the bucket.
 */
export function refuseKeptDays({ dataBucket, replacedDataDays }: Settings): void {
  if (dataBucket === undefined || replacedDataDays === undefined) return;
  throw new UserError(
    `the bucket ${dataBucket} exists already, and deploy does not change how long it keeps files`,
    'Leave out --keep-replaced-days, or set the days of noncurrent versions in the bucket itself.',
  );
}

function needsDocker({ trainer, imageUri, trainerImageUri, local }: Settings): boolean {
  if (local !== undefined) return false;
  return imageUri === undefined || (trainer === 'gpu' && trainerImageUri === undefined);
}

/** Describes the stacks to be created, and their cost while nothing runs. */
export function renderDeployment({ name, trainer, serve }: Settings, region: string): string {
  const { stack, trainerStack } = resourceNames(name);
  const rows: [title: string, what: string][] = [
    [stack, 'buckets for data, results and access logs; the functions; the workflow'],
    ['', 'and its trigger; alarms and a dashboard'],
  ];
  if (trainer === 'gpu') {
    rows.push([
      trainerStack,
      'a network and a queue for GPU jobs; an instance only while one runs',
    ]);
  }
  if (serve !== undefined) {
    rows.push([
      'in the first stack',
      `a URL that predicts with the student of ${serve}; callers need IAM`,
    ]);
  }
  const width = Math.max(...rows.map(([title]) => title.length));
  return [
    `To be deployed in ${region}:`,
    ...rows.map(([title, what]) => `  ${title.padEnd(width)}  ${what}`),
    '',
    'While nothing runs it costs about 5 US dollars per month for the alarms, their key and the',
    'dashboard (the first three dashboards of an account are free), plus the storage of data in S3',
    asTyped('and of images in ECR. counterweight destroy deletes it.'),
    '',
  ].join('\n');
}

/** States who receives the alarms. */
export function renderAlarms({ alarmEmail }: Settings): string {
  return alarmEmail === undefined
    ? asTyped(
        'Alarms are sent to no address. To send them: counterweight deploy --alarm-email ADDRESS',
      )
    : `Alarms are sent to ${alarmEmail} once its owner confirms the e-mail that AWS sends there.`;
}

/** Describes the URL of the student, with a call. */
export function renderEndpoint(url: string, region: string): string {
  return [
    `The student in use answers at ${url}`,
    'A signed request, which describes it:',
    '  eval "$(aws configure export-credentials --format env)"',
    `  curl --aws-sigv4 aws:amz:${region}:lambda --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\`,
    `    \${AWS_SESSION_TOKEN:+-Hx-amz-security-token:$AWS_SESSION_TOKEN} ${url}`,
  ].join('\n');
}
