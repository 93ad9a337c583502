import { defineCommand } from 'citty';
import type { FoundBuckets } from '../aws/buckets.ts';
import { currentName, notDeployed, resourceNames, stackIds } from '../aws/deployment-name.ts';
import { UserError } from '../errors.ts';
import { nameOption } from './arguments.ts';
import { asTyped } from './as-typed.ts';
import { refuseWhileRunning } from './refuse-while-running.ts';
import { withProgress } from './with-progress.ts';

export const destroyCommand = defineCommand({
  meta: {
    name: 'destroy',
    description: 'Delete the deployed stacks; keeps data unless --delete-data',
  },
  args: {
    'delete-data': {
      type: 'boolean',
      description: 'Also delete the buckets with all data, labels and students',
    },
    name: nameOption,
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
  },
  async run({ args: { 'delete-data': deletesData = false, yes } }) {
    const [aws, { findBuckets }] = await Promise.all([
      import('../aws/deployment.ts'),
      import('../aws/buckets.ts'),
    ]);
    const name = currentName();
    const { stack, trainerStack } = resourceNames(name);
    const intent = {
      name,
      region: await aws.currentRegion(),
      stacks: await aws.deployedStacks(),
      ...(await findBuckets()),
      deletesData,
    };
    const { stacks, created } = intent;
    if (stacks.length > 0 || (deletesData && created.length > 0)) {
      // The deletion would wait for them, and GPU jobs would train on.
      if (stacks.length > 0) await refuseWhileRunning();
      process.stderr.write(`${renderDeletion(intent)}\n`);
      if (!yes) await askFor(stack);
    }
    if (stacks.length > 0) {
      const { qualifierContext, runCdk } = await import('./cdk.ts');
      const trainer = stacks.includes(trainerStack) ? 'gpu' : 'function';
      const ids = stacks.map((found) => (found === stack ? stackIds.core : stackIds.trainer));
      const qualifier = await aws.qualifierOf(stacks[0]!);
      await runCdk(['destroy', ...ids, '--force'], {
        trainer,
        ...(name !== undefined && { name }),
        ...(qualifier !== undefined && { [qualifierContext]: qualifier }),
      });
    }
    if (deletesData) await deleteBuckets(created);
    process.stdout.write(`${renderDeleted(intent)}\n`);
  },
});

/** Stacks and buckets to be deleted. */
interface Deletion extends FoundBuckets {
  /** Name of the deployment, if it has one. */
  readonly name: string | undefined;
  readonly region: string;
  /** Empty if they are deleted already; their buckets may still exist. */
  readonly stacks: readonly string[];
  readonly deletesData: boolean;
}

async function askFor(word: string): Promise<void> {
  const { confirm } = await import('./confirm.ts');
  if (await confirm(`Type ${word} to continue:`, word)) return;
  throw new UserError(`nothing was deleted: the confirmation was not ${word}`);
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

/** Lists what is about to be deleted. */
export function renderDeletion({ region, stacks, created, deletesData }: Deletion): string {
  const data = deletesData ? created.map((bucket) => `s3://${bucket} and everything in it`) : [];
  const names = [...stacks.map((stack) => `the stack ${stack}`), ...data];
  return [`To be deleted in ${region}, permanently:`, ...names.map((name) => `  ${name}`)].join(
    '\n',
  );
}

/** Reports what was deleted and what is left. */
export function renderDeleted(intent: Deletion): string {
  const { name, region, stacks, created, foreign, deletesData } = intent;
  const destroyed = stacks.length > 0;
  const left = deletesData ? foreign : [...created, ...foreign];
  const lines: string[] = [];
  if (destroyed) lines.push(`Deleted the stacks in ${region}.`);
  else if (created.length === 0) lines.push(notDeployed(name, region).message);
  if (deletesData && created.length > 0) lines.push('All data in its buckets is deleted.');
  if (left.length > 0) {
    lines.push('The data is kept:', ...left.map((bucket) => `  s3://${bucket}`));
  }
  if (left.length > 0 && !deletesData) {
    lines.push(
      'The next counterweight deploy within 90 days uses it again; later, with --data-bucket and',
      '--results-bucket.',
    );
    if (created.length > 0) {
      lines.push(asTyped('To delete it within 90 days: counterweight destroy --delete-data'));
    }
  }
  if (foreign.length > 0) {
    lines.push(
      `This deployment has not created ${foreign.join(', ')}: delete ${foreign.length === 1 ? 'it' : 'them'} yourself.`,
    );
  }
  if (destroyed) {
    lines.push('The stack CDKToolkit and its images are kept: other CDK apps may need them.');
  }
  return lines.join('\n');
}
