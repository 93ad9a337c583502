import { defineCommand } from 'citty';
import { UserError } from '../errors.ts';
import { withProgress } from './with-progress.ts';

export const destroyCommand = defineCommand({
  meta: { name: 'destroy', description: 'Take down what deploy made; data stays unless told' },
  args: {
    'delete-data': {
      type: 'boolean',
      description: 'Delete the buckets too, with all data, labels and students in them',
    },
    yes: { type: 'boolean', description: 'Ask nothing' },
  },
  async run({ args: { 'delete-data': deletesData = false, yes } }) {
    const [aws, { findBuckets }] = await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/buckets.ts'),
    ]);
    const { stackName, trainerStackName } = aws;
    const intent = {
      region: await aws.currentRegion(),
      stacks: await aws.deployedStacks(),
      buckets: await findBuckets(),
      deletesData,
    };
    const { stacks, buckets } = intent;
    if (stacks.length > 0 || (deletesData && buckets.length > 0)) {
      if (stacks.length > 0) await refuseWhileRunning();
      process.stderr.write(`${renderIntent(intent)}\n`);
      if (!yes) await askFor(stackName);
    }
    if (stacks.length > 0) {
      const { runCdk } = await import('./cdk.ts');
      const trainer = stacks.includes(trainerStackName) ? 'gpu' : 'function';
      await runCdk(['destroy', ...stacks, '--force'], { trainer });
    }
    if (deletesData) await deleteBuckets(buckets);
    process.stdout.write(`${renderOutcome(intent)}\n`);
  },
});

interface Intent {
  readonly region: string;
  /** Empty when they are gone, and buckets may be left of them. */
  readonly stacks: readonly string[];
  readonly buckets: readonly string[];
  readonly deletesData: boolean;
}

/** A state machine is not gone before its executions have ended, and a GPU goes on until then. */
async function refuseWhileRunning(): Promise<void> {
  const [{ findDeployment }, { listExecutions }] = await Promise.all([
    import('../aws/deployment.ts'),
    import('../aws/executions.ts'),
  ]);
  // A deployment that failed half-way has no state machine to tell of.
  const deployed = await findDeployment().catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  const running = deployed ? await listExecutions(deployed.stateMachine, 'RUNNING') : [];
  if (running.length === 0) return;
  const runs = running.map(({ run }) => run);
  throw new UserError(
    `${runs.join(', ')} ${runs.length === 1 ? 'is' : 'are'} running`,
    ['Wait for the end, or stop:', ...runs.map((run) => `  counterweight stop ${run}`)].join('\n'),
  );
}

async function askFor(word: string): Promise<void> {
  const { confirm } = await import('./confirm.ts');
  if (await confirm(`Type ${word} to go on:`, word)) return;
  throw new UserError(`nothing was destroyed: that was not ${word}`);
}

async function deleteBuckets(buckets: readonly string[]): Promise<void> {
  const [{ deleteBucket }, { createProgress }] = await Promise.all([
    import('../aws/delete-bucket.ts'),
    import('./progress.ts'),
  ]);
  await withProgress(createProgress(process.stderr), async (signal, onProgress) => {
    for (const bucket of buckets) await deleteBucket(bucket, { signal, onProgress });
  });
}

export function renderIntent({ region, stacks, buckets, deletesData }: Intent): string {
  const data = deletesData ? buckets.map((bucket) => `s3://${bucket} and everything in it`) : [];
  const what = [...stacks.map((stack) => `the stack ${stack}`), ...data];
  return [`To be deleted in ${region}, for good:`, ...what.map((name) => `  ${name}`)].join('\n');
}

export function renderOutcome({ region, stacks, buckets, deletesData }: Intent): string {
  const destroyed = stacks.length > 0;
  const isLeft = buckets.length > 0 && !deletesData;
  const lines: string[] = [];
  if (destroyed) lines.push(`Destroyed in ${region}.`);
  else if (buckets.length === 0) lines.push(`There is nothing of counterweight in ${region}.`);
  if (deletesData && buckets.length > 0) lines.push('All data is deleted.');
  if (isLeft) {
    lines.push(
      'The data stays:',
      ...buckets.map((bucket) => `  s3://${bucket}`),
      'Delete it, within 90 days, with: counterweight destroy --delete-data',
    );
  }
  if (destroyed) {
    lines.push('The stack CDKToolkit stays, and its images: other CDK apps may need it.');
  }
  return lines.join('\n');
}
