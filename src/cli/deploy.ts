import { defineCommand } from 'citty';
import { currentName, stackIds } from '../aws/deployment-name.ts';
import { UserError } from '../errors.ts';
import { many, nameOption, UsageError } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { runCdk } from './cdk.ts';
import type { AccountCheck } from './check-account.ts';
import { chooseBuckets } from './choose-buckets.ts';
import {
  contextOf,
  type DeploySettings,
  datasetOf,
  settingsOf,
  textArguments,
} from './deploy-settings.ts';
import { renderAlarms, renderDeployment, renderEndpoint, renderVariables } from './deploy-text.ts';
import { refuseWhileRunning } from './refuse-while-running.ts';

export const deployCommand = defineCommand({
  meta: { name: 'deploy', description: 'Deploy the workflow to an AWS account, or update it' },
  args: {
    trainer: {
      type: 'string',
      description: 'Machines that train students: function, or gpu for GPU jobs as well',
      default: 'function',
    },
    ...textArguments,
    name: nameOption,
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
      await bootstrap(region, settings);
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

/** Creates the resources that the CDK needs in a region. */
async function bootstrap(region: string, settings: DeploySettings): Promise<void> {
  if (settings.local !== undefined) {
    return (await import('../aws/localstack.ts')).bootstrapLocalStack();
  }
  process.stderr.write(`CDK has not been used in ${region} yet. ${bootstrapping}\n\n`);
  await runCdk(['bootstrap'], settings);
}

/**
 * Leads all that follows to a LocalStack.
 * @throws UsageError for an address that is wrong, or an option that has no effect there.
 */
async function useEndpoint(
  endpoint: string,
  { trainer, imageUri, trainerImageUri }: DeploySettings,
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

/** Checks what the account and the region allow: the limit of functions, and GPUs. */
async function checkAccount({ trainer }: DeploySettings, region: string): Promise<AccountCheck> {
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

/**
 * Refuses images of another region before anything is created: Lambda takes only images of its own.
 *
 * @throws UserError that names the image and its region.
 */
export function refuseForeignImages(
  { imageUri, trainerImageUri }: DeploySettings,
  region: string,
): void {
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
export function refuseKeptDays({ dataBucket, replacedDataDays }: DeploySettings): void {
  if (dataBucket === undefined || replacedDataDays === undefined) return;
  throw new UserError(
    `the bucket ${dataBucket} exists already, and deploy does not change how long it keeps files`,
    'Leave out --keep-replaced-days, or set the days of noncurrent versions in the bucket itself.',
  );
}

function needsDocker({ trainer, imageUri, trainerImageUri, local }: DeploySettings): boolean {
  if (local !== undefined) return false;
  return imageUri === undefined || (trainer === 'gpu' && trainerImageUri === undefined);
}
