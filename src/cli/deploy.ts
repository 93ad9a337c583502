import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { defineCommand } from 'citty';
import { UserError } from '../errors.ts';
import { UsageError } from './arguments.ts';

export const deployCommand = defineCommand({
  meta: { name: 'deploy', description: 'Put the workflow into an AWS account, or update it there' },
  args: {
    trainer: {
      type: 'string',
      description: 'Where students can train: function, or gpu as well',
      default: 'function',
    },
    budget: { type: 'string', description: 'US dollars: refuse a run that would cost more' },
    'sweep-minutes': {
      type: 'string',
      description: 'Take a batch for complete, without its _SUCCESS, when quiet for so long',
    },
    'image-uri': {
      type: 'string',
      description: "The functions' image in ECR. Default: build it with Docker",
    },
    'trainer-image-uri': {
      type: 'string',
      description: "The GPU trainer's image in ECR. Default: build it with Docker",
    },
    yes: { type: 'boolean', description: 'Ask nothing' },
  },
  async run({ args: { yes, ...options } }) {
    const settings = readSettings(options);
    if (!yes && !process.stdin.isTTY) {
      throw new UserError('deploy asks before it gives rights', 'Where nobody can answer: --yes');
    }
    if (needsDocker(settings)) await checkDocker();
    const [aws, { runCdk }] = await Promise.all([
      import('../aws/deployment.ts'),
      import('./cdk.ts'),
    ]);
    const { stackName, trainerStackName } = aws;
    const stacks = settings.trainer === 'gpu' ? [stackName, trainerStackName] : [stackName];
    const region = await aws.currentRegion();
    process.stderr.write(`${renderIntent(settings, region)}\n`);
    if (!(await aws.isBootstrapped())) {
      process.stderr.write(`First, as nobody has used CDK in ${region} yet, ${bootstrapping}\n\n`);
      await runCdk(['bootstrap'], settings);
    }
    const approval = ['--require-approval', yes ? 'never' : 'broadening'];
    await runCdk(['deploy', ...stacks, ...approval], settings);
    const { dataBucket, results } = await aws.findDeployment();
    process.stdout.write(
      `\nDeployed in ${region}: data in s3://${dataBucket}, results in ${results}.\n` +
        'Next: counterweight upload FOLDER\n',
    );
  },
});

const bootstrapping =
  'cdk bootstrap makes the\n' +
  'stack CDKToolkit: a bucket and a repository for what is deployed, and the roles that deploy.';

/** What the CDK app is told: `infra/settings.ts`. */
type Settings = { readonly trainer: string } & Readonly<Record<string, string>>;

/** @throws UsageError for a value that the CDK app would refuse later. */
export function readSettings(options: {
  readonly trainer: string;
  readonly budget?: string | undefined;
  readonly 'sweep-minutes'?: string | undefined;
  readonly 'image-uri'?: string | undefined;
  readonly 'trainer-image-uri'?: string | undefined;
}): Settings {
  const { trainer, budget, 'sweep-minutes': sweepMinutes } = options;
  const { 'image-uri': imageUri, 'trainer-image-uri': trainerImageUri } = options;
  if (!['gpu', 'function'].includes(trainer)) {
    throw new UsageError(`--trainer is gpu or function, found "${trainer}".`);
  }
  if (budget !== undefined && !(Number(budget) > 0 && Number.isFinite(Number(budget)))) {
    throw new UsageError(`--budget needs US dollars, a number above 0, found "${budget}".`);
  }
  const isMinutes = /^[1-9]\d{0,3}$/.test(sweepMinutes ?? '1') && Number(sweepMinutes ?? 1) <= 1440;
  if (!isMinutes) {
    throw new UsageError(
      `--sweep-minutes needs a whole number from 1 to 1440, found "${sweepMinutes}".`,
    );
  }
  return {
    trainer,
    ...(budget !== undefined && { budget }),
    ...(sweepMinutes !== undefined && { sweepMinutes }),
    ...(imageUri !== undefined && { imageUri }),
    ...(trainerImageUri !== undefined && { trainerImageUri }),
  };
}

function needsDocker({ trainer, imageUri, trainerImageUri }: Settings): boolean {
  return imageUri === undefined || (trainer === 'gpu' && trainerImageUri === undefined);
}

/**
 * Before anything else, since cdk would find out in the middle.
 * @throws UserError when nothing here can build an image.
 */
export async function checkDocker(): Promise<void> {
  // cdk takes another tool than docker by this variable too.
  const docker = process.env.CDK_DOCKER ?? 'docker';
  try {
    await promisify(execFile)(docker, ['info'], { timeout: 30_000 });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UserError(
      isMissing ? `there is no ${docker} here` : `${docker} does not answer: is it running?`,
      'It builds the image that the functions with TensorFlow run in. Start it; or name another ' +
        'tool with CDK_DOCKER; or give an image that is in ECR already with --image-uri (and ' +
        '--trainer-image-uri for --trainer gpu).',
    );
  }
}

/** What is about to be made, and what it costs while nothing runs. */
export function renderIntent({ trainer }: Settings, region: string): string {
  const lines = [
    `To be deployed in ${region}:`,
    '  Counterweight         buckets for data, results and access logs; the functions; the workflow',
    '                        and what starts it; alarms and a dashboard',
  ];
  if (trainer === 'gpu') {
    lines.push(
      '  CounterweightTrainer  a network and a queue for GPU jobs; an instance only while one runs',
    );
  }
  return [
    ...lines,
    '',
    'While nothing runs it costs about 4 US dollars a month, for the alarms and the dashboard (which',
    'is free when it is one of the three first in the account), and what S3 and ECR ask for keeping',
    'data and images. counterweight destroy takes it down.',
    '',
  ].join('\n');
}
