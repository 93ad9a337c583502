/** Models of a multi-label task, trained on true labels. */
import { expect, test } from 'vitest';
import { manyLabels } from '../../src/debias/decisions.ts';
import { baselineLimits } from '../../src/distill/label-rows.ts';
import { fitLinear, saveLinear } from '../../src/distill/linear-model.ts';
import { trueLabelSet } from '../../src/distill/sets.ts';
import { trainNetwork } from '../../src/distill/training.ts';
import { trueSupervision } from '../../src/distill/training-example.ts';
import { readModelFiles } from '../../src/models/model-files.ts';
import { loadModel } from '../../src/models/student.ts';
import type { Job } from '../../src/run/job.ts';
import { tf } from '../../src/tensorflow.ts';
import { makeDataset } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { context, reconciled } from '../support/staged-run.ts';

/** A run whose examples have every class but their own as labels, so that most have two. */
async function labelsRun() {
  const { job } = await reconciled(makeDataset('parquet-vectors', { compare: '[]' }));
  const { config } = job.plan;
  const task = { ...config.task, multiLabel: true };
  const plan = { ...job.plan, config: { ...config, task } } as Job['plan'];
  const decisions = manyLabels(plan.classes.length);
  const sources = (await trueLabelSet(job)).map(({ count, open }) => ({
    count,
    async *open() {
      for await (const { example, target } of open()) {
        const others = target.map((value) => 1 - value);
        yield { example, ...trueSupervision(others, decisions) };
      }
    },
  }));
  const targets = (await Promise.all(sources.map(({ open }) => collect(open())))).flat();
  return { job: { ...job, plan }, sources, targets };
}

/** Returns the share of the labels that a saved model decides rightly. */
async function shareRight({ job, targets }: Awaited<ReturnType<typeof labelsRun>>, folder: string) {
  const student = await loadModel(await readModelFiles(job.results, folder));
  expect(student.description.multiLabel).toBe(true);
  const values = targets.flatMap(({ example: { content } }) =>
    content.kind === 'vector' ? [...content.values] : [],
  );
  const found = student.predict({ n: targets.length, values: Float32Array.from(values) });
  student.dispose();
  const expected = targets.flatMap(({ target }) => [...target]);
  return expected.filter((value, i) => value === Math.round(found[i]!)).length / expected.length;
}

test('labels are learned by logistic regression, and by a network with the loss crossEntropy', async () => {
  const run = await labelsRun();
  const { job, sources } = run;
  const { numTensors } = tf.memory();
  const { features, config } = job.plan;
  const fit = await fitLinear(job, features, sources, baselineLimits, context.signal);
  expect(fit.model.bias).toHaveLength(job.plan.classes.length);
  expect(fit.description).toMatch(
    /with C (= [\d.e-]+|from [\d.e-]+ to [\d.e-]+ per label), chosen/,
  );
  await saveLinear(job, 'linear/', features, fit);
  expect(await shareRight(run, 'linear/')).toBeGreaterThan(0.9);
  expect(tf.memory().numTensors).toBe(numTensors);

  const task = { stage: 'Train', folder: 'network/', network: config.student, seed: 1 };
  const loss = { kind: 'crossEntropy' } as const;
  await trainNetwork(job, { ...task, labeled: sources, loss }, context);
  expect(await shareRight(run, 'network/')).toBeGreaterThan(0.85);
});
