import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StageTally } from '../../../src/cli/stage-tally.ts';
import { readLabels } from '../../../src/data/tables/labels-file.ts';
import { relabelRoundsSchema } from '../../../src/debias/relabel.ts';
import { fewestJudged } from '../../../src/debias/validation.ts';
import { teacherLabels } from '../../../src/distill/sets.ts';
import { trainingSteps } from '../../../src/distill/training-steps.ts';
import type { Progress } from '../../../src/run/context.ts';
import { shardItems } from '../../../src/run/job.ts';
import { keys } from '../../../src/run/keys.ts';
import { reconcileSchema } from '../../../src/run/reconcile-file.ts';
import { trainVariant } from '../../../src/stages/train.ts';
import { readJson } from '../../../src/store/once.ts';
import { type Dataset, makeDataset } from '../../support/datasets.ts';
import { collect } from '../../support/examples.ts';
import { context, runWithStops, weighed } from '../../support/staged-run.ts';

/** An almost untrained teacher: a student of the true labels is better. */
const badTeacher = '{ train: { architecture: mlp, width: 4, depth: 1, epochs: 1 } }';

/** The csv dataset, with 80 labels in labeled/ and validation/. */
function datasetWith(more: Record<string, string>): Dataset {
  return makeDataset('csv', { method: 'relabel', compare: '[]', folds: '3', ...more });
}

/** The csv dataset with the 40 labels in labeled/. */
function fewLabelsWith(more: Record<string, string>): Dataset {
  const made = datasetWith(more);
  rmSync(join(made.dataset, 'validation'), { recursive: true });
  return made;
}

async function upToTrain(options: Dataset) {
  const { event, job } = await weighed(options);
  return { event: { ...event, variant: 'relabel' }, job };
}

/** Runs up to Train, and trains a student for which no round is accepted. */
async function refused(options: Dataset) {
  const { event, job } = await upToTrain(options);
  const weightsOf = async (variant: string) => {
    const folder = await trainVariant({ ...event, variant }, context);
    return readFileSync(join(options.results, `${folder}weights.bin`));
  };
  await weightsOf('relabel');
  const key = `${keys.student(job.run, 'relabel')}relabel.json`;
  return { rounds: await readJson(job.results, key, relabelRoundsSchema), weightsOf };
}

describe('students that relabel', () => {
  test('take the place of a teacher that is worse, and what they say is learned', async () => {
    const options = fewLabelsWith({ teacher: badTeacher, relabel: '{ rounds: 20 }' });
    const { event, job } = await upToTrain(options);
    const tally = new StageTally('Train', 0);
    const report = (progress: Progress) => tally.add(progress, performance.now());
    const student = await trainVariant(event, { ...context, report });
    const rounds = await readJson(job.results, `${student}relabel.json`, relabelRoundsSchema);
    const { sets } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
    const config = { ...job.plan.config, relabel: { rounds: rounds.length } };
    // Rounds that were left out are not in the total.
    expect(tally.amounts[0]!.total).toBe(trainingSteps({ ...job.plan, config }, sets));
    expect(rounds[0]).toMatchObject({ accepted: true });
    expect(rounds[0]!.studentRight).toBeGreaterThan(rounds[0]!.teacherRight);
    // Rounds continue until one is worse than the previous one.
    expect(rounds.length).toBeLessThan(20);
    const accepted = rounds.map((round) => round.accepted);
    expect(accepted.indexOf(false)).toBe(rounds.length - 1);

    const [shard] = await shardItems(job, 'unlabeled');
    const key = `${student}round-1/labels/${shard!.id}.parquet`;
    const relabeled = await collect(readLabels(job.results, key));
    const labeled = await collect(readLabels(job.results, teacherLabels(job)(shard!.id)));
    expect(relabeled.map(({ id }) => id)).toEqual(labeled.map(({ id }) => id));
    expect(relabeled[0]!.votes).toHaveLength(3);
    expect(relabeled.map(({ predictions }) => predictions[0])).not.toEqual(
      labeled.map(({ predictions }) => predictions[0]),
    );
  });

  test('do not where they are no better: the student then is that of correctness', async () => {
    const options = datasetWith({ compare: '[correctness, uniform]' });
    const { rounds, weightsOf } = await refused(options);
    expect(rounds.map(({ accepted }) => accepted)).toEqual([false]);
    const relabel = await weightsOf('relabel');
    expect(relabel).toEqual(await weightsOf('correctness'));
    expect(relabel).not.toEqual(await weightsOf('uniform'));
  });

  test('do not where they are no better: with few labels, the student is that of uniform', async () => {
    const options = fewLabelsWith({ compare: '[correctness, uniform]' });
    const { rounds, weightsOf } = await refused(options);
    expect(rounds).toMatchObject([{ accepted: false }]);
    expect(rounds[0]!.examples).toBeLessThan(fewestJudged);
    const relabel = await weightsOf('relabel');
    expect(relabel).toEqual(await weightsOf('uniform'));
    expect(relabel).not.toEqual(await weightsOf('correctness'));
  });

  test('end with the same bits, stopped wherever', async () => {
    const options = fewLabelsWith({ teacher: badTeacher, relabel: '{ rounds: 1 }' });
    const { event } = await upToTrain(options);
    const folder = await trainVariant(event, context);
    const file = join(options.results, `${folder}weights.bin`);
    const undisturbed = readFileSync(file);
    rmSync(join(options.results, folder), { recursive: true });

    const stops = await runWithStops((stopped) => trainVariant(event, stopped), 7);
    expect(stops).toBeGreaterThan(5);
    expect(readFileSync(file)).toEqual(undisturbed);
  });
});
