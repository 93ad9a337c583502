/** Accepted and refused plans. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keys } from '../../src/run/keys.ts';
import { readManifest } from '../../src/run/objects-file.ts';
import { planSchema } from '../../src/run/plan-file.ts';
import { planRun } from '../../src/stages/plan.ts';
import { type StartedRun, startRun } from '../../src/stages/start.ts';
import { readJson } from '../../src/store/once.ts';
import { openStore } from '../../src/store/open.ts';
import { tf, type tfTypes } from '../../src/tensorflow.ts';
import { goldenNetworks, weightsFile } from '../golden/networks.ts';
import { formats, makeDataset } from '../support/datasets.ts';

/** A dataset with the same file in each of these batches; '' is not a batch. */
function datasetOf(batches: string[]) {
  const { dataset, results } = makeDataset('csv');
  const unlabeled = join(dataset, 'unlabeled');
  const rows = readFileSync(join(unlabeled, 'first', 'wine.csv'));
  rmSync(unlabeled, { recursive: true });
  for (const batch of batches) {
    mkdirSync(join(unlabeled, batch), { recursive: true });
    writeFileSync(join(unlabeled, batch, 'wine.csv'), rows);
  }
  const complete = (batch: string) => {
    mkdirSync(join(unlabeled, batch), { recursive: true });
    writeFileSync(join(unlabeled, batch, '_SUCCESS'), '');
  };
  return { dataset, results, complete };
}

/** The batches whose shards are planned, and what the plan warns of. */
async function planOf(started: StartedRun) {
  const context = { signal: new AbortController().signal, report: () => {} };
  await planRun({ ...started, execution: started.run }, context);
  const results = await openStore(started.results);
  return readJson(results, keys.plan(started.run), planSchema);
}

async function planned(started: StartedRun) {
  const { sets, warnings } = await planOf(started);
  return { shards: sets.unlabeled.shards, warnings };
}

test('all batches are taken when none has a marker', async () => {
  const { dataset, results } = datasetOf(['a', 'b', '']);
  expect(await planned(await startRun(dataset, results))).toEqual({ shards: 3, warnings: [] });
});

test('only complete ones are when any has a marker, and the others are named', async () => {
  const { dataset, results, complete } = datasetOf(['a', 'b', 'c', '']);
  complete('b');
  expect(await planned(await startRun(dataset, results))).toEqual({
    shards: 1,
    warnings: [
      'there was no unlabeled/a/_SUCCESS: the batch is left for a later run',
      'there was no unlabeled/c/_SUCCESS: the batch is left for a later run',
      'there was no unlabeled/_SUCCESS: the batch is left for a later run',
    ],
  });
});

test('a batch that is completed after the run was made waits for the next one', async () => {
  const { dataset, results, complete } = datasetOf(['a', 'b']);
  complete('a');
  const first = await startRun(dataset, results);
  complete('b');
  expect(await planned(first)).toMatchObject({ shards: 1 });
  const second = await startRun(dataset, results);
  expect(second.run).not.toBe(first.run);
  expect(await planned(second)).toEqual({ shards: 2, warnings: [] });
});

test('a marker of a batch without data makes no other batch complete', async () => {
  const { dataset, results, complete } = datasetOf(['a']);
  complete('empty');
  await expect(planned(await startRun(dataset, results))).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('no data files of a batch that has its _SUCCESS'),
    hint: expect.stringContaining('there was no unlabeled/a/_SUCCESS'),
  });
});

test('trainer: gpu is refused where no GPU is deployed, and taken by the embedded engine', async () => {
  const { dataset, results } = makeDataset('csv', { trainer: 'gpu' });
  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  const context = { signal: new AbortController().signal, report: () => {} };
  const deployment = { trainer: 'function', budgetUsd: undefined } as const;
  await expect(planRun(event, { ...context, deployment })).rejects.toMatchObject({
    name: 'UserError',
    hint: expect.stringContaining('trainer: function'),
  });
  const { variants } = await planRun(event, context);
  // Two students, logistic regression, and the student's architecture on the labels alone.
  expect(variants.map(({ trainer }) => trainer)).toEqual(['gpu', 'gpu', 'function', 'gpu']);
});

describe('a run that is estimated to cost more than its config allows', () => {
  const tooMuch = { limits: '{ budgetUsd: 0.0001 }' };
  const context = { signal: new AbortController().signal, report: () => {} };
  const deployment = { trainer: 'function', budgetUsd: 20 } as const;

  test('is refused where it would cost something, also when it was planned elsewhere', async () => {
    const { dataset, results } = makeDataset('csv', tooMuch);
    const started = await startRun(dataset, results);
    const event = { ...started, execution: started.run };
    const refusal = {
      name: 'UserError',
      message: expect.stringMatching(/estimated to cost \$.*limits\.budgetUsd in distill\.yaml/),
      hint: expect.stringContaining('To make it cheaper'),
    };
    await expect(planRun(event, { ...context, deployment })).rejects.toMatchObject(refusal);
    expect(await planRun(event, context)).toMatchObject({ trainTeacher: true });
    await expect(planRun(event, { ...context, deployment })).rejects.toMatchObject(refusal);
  });

  test('is planned once: a cap that is raised lets the same plan through', async () => {
    const { dataset, results } = makeDataset('csv');
    const started = await startRun(dataset, results);
    const event = { ...started, execution: started.run };
    const capped = { ...context, deployment: { ...deployment, budgetUsd: 0.0001 } };
    await expect(planRun(event, capped)).rejects.toMatchObject({
      hint: expect.stringContaining('counterweight deploy --budget'),
    });
    expect(await planRun(event, { ...context, deployment })).toMatchObject({ trainTeacher: true });
  });
});

test('shards that are labeled already make the estimate smaller', async () => {
  const { dataset, results } = makeDataset('csv');
  const store = await openStore(results);
  const started = await startRun(dataset, results);
  const secondsOfLabel = async () => {
    await planRun(
      { ...started, execution: started.run },
      { signal: new AbortController().signal, report: () => {} },
    );
    const made = await readJson(store, keys.plan(started.run), planSchema);
    const label = made.estimate.tasks.find(({ task }) => task === 'Label');
    return { made, seconds: label!.seconds };
  };
  const first = await secondsOfLabel();
  for (const { id } of await readManifest(store, keys.shards(started.run))) {
    await store.write(keys.labels(first.made.teacher.digest, id), new Uint8Array());
  }
  rmSync(join(results, keys.plan(started.run)));
  const second = await secondsOfLabel();
  expect(second.seconds).toBeLessThan(first.seconds);
  // All else is the same: the plan does not depend on when it is made.
  const { estimate: _, ...decided } = first.made;
  expect(second.made).toMatchObject(decided);
});

describe('the labels that measure errors of the teacher', () => {
  /** A plan without a validation set, unless it is kept. */
  async function validatedOn(more: Record<string, string>, keeps = false) {
    const { dataset, results } = makeDataset('csv', more);
    if (!keeps) rmSync(join(dataset, 'validation'), { recursive: true });
    const started = await startRun(dataset, results);
    const context = { signal: new AbortController().signal, report: () => {} };
    await planRun({ ...started, execution: started.run }, context);
    const made = await readJson(await openStore(results), keys.plan(started.run), planSchema);
    return { validatedOn: made.validatedOn, split: made.sets.validation.shards > 0 };
  }
  const noShare = '{ format: csv, validationShare: 0 }';

  test('all of them, with teachers that are cross-fitted', async () => {
    expect(await validatedOn({})).toEqual({ validatedOn: ['labeled'], split: false });
  });

  test('those of both sets, with teachers that are cross-fitted', async () => {
    const { validatedOn: sets } = await validatedOn({}, true);
    expect(sets).toEqual(['labeled', 'validation']);
  });

  test('those of the validation set, with a single teacher or if it is held out', async () => {
    for (const config of [{ folds: '1' }, { validation: 'held-out' }]) {
      expect((await validatedOn(config, true)).validatedOn).toEqual(['validation']);
    }
  });

  test('a validation set that is held out has to be there', async () => {
    await expect(validatedOn({ validation: 'held-out' })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/validation is held-out .* no data files in .*validation\//),
    });
  });

  test('a part of them, with a single teacher', async () => {
    expect(await validatedOn({ folds: '1' })).toEqual({ validatedOn: ['validation'], split: true });
  });

  test('none, where nothing is corrected', async () => {
    const plain = { folds: '1', data: noShare, method: 'uniform', compare: '[entropy]' };
    expect(await validatedOn(plain)).toEqual({ validatedOn: ['labeled'], split: false });
  });

  test('with none, a method that needs them is refused', async () => {
    await expect(validatedOn({ folds: '1', data: noShare })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('data.validationShare is 0'),
      hint: expect.stringContaining('Leave folds out'),
    });
  });
});

test('what a student does not take from its weights is a warning', async () => {
  const { task } = formats.images;
  const { dataset, results } = makeDataset('images', {
    task: task.replace('size: [8, 8], channels: 1', 'size: [64, 64]'),
    student: '{ architecture: mobilenetv2, weights: weights.safetensors }',
  });
  const weights = weightsFile(goldenNetworks.networks.mobilenetv2);
  writeFileSync(join(dataset, 'weights.safetensors'), weights);
  const { warnings } = await planned(await startRun(dataset, results));
  expect(warnings).toEqual([
    "'weights.safetensors' has a last layer for 5 classes, and the task has 10: the last layer starts from the seed",
    expect.stringContaining('set task.preprocess.mean: [0.485, 0.456, 0.406]'),
  ]);
});

describe('a topology of the user', () => {
  const own =
    '{ architecture: layers-model, topology: own/model.json, weights: random, epochs: 1 }';
  const mlp = '{ architecture: mlp, epochs: 1 }';
  /** Plans with the topology given in a file, or with none. An example has 16 features. */
  async function plannedWith(topology: string, sections: Record<string, string>) {
    const { dataset, results } = makeDataset('csv', sections);
    mkdirSync(join(dataset, 'own'));
    if (topology !== '') writeFileSync(join(dataset, 'own', 'model.json'), topology);
    return planOf(await startRun(dataset, results));
  }
  function topologyOf(...layers: tfTypes.layers.Layer[]): string {
    const model = tf.sequential({ layers });
    const topology = JSON.stringify(model.toJSON(null, false));
    model.dispose();
    return topology;
  }
  const fourClasses = topologyOf(tf.layers.dense({ units: 4, inputShape: [16] }));
  const softmax = topologyOf(tf.layers.dense({ units: 3, inputShape: [16] }), tf.layers.softmax());

  test.each([
    ['student', { student: own }],
    ['teacher', { teacher: `{ train: ${own} }`, student: mlp }],
  ])('is refused before anything is labeled: the %s’s', async (_, sections) => {
    const { numTensors } = tf.memory();
    await expect(plannedWith(fourClasses, sections)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('gives [4] scores, and the task has 3 classes'),
    });
    await expect(plannedWith('', sections)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('own/model.json'),
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('decides the labels of a teacher: another file makes others', async () => {
    const sections = { teacher: `{ train: ${own} }`, student: mlp };
    const [relu, tanh] = (['relu', 'tanh'] as const).map((activation) =>
      topologyOf(
        tf.layers.dense({ units: 4, inputShape: [16], activation }),
        tf.layers.dense({ units: 3 }),
      ),
    );
    const digests = [];
    for (const topology of [relu!, tanh!, relu!]) {
      const plan = await plannedWith(topology, sections);
      expect(plan.networkFiles).toMatchObject([{ path: 'own/model.json' }]);
      digests.push(plan.teacher.digest);
    }
    expect(digests[2]).toBe(digests[0]);
    expect(digests[1]).not.toBe(digests[0]);
  });

  test('that does not end in a Dense layer is refused for lelp, and taken for others', async () => {
    const { numTensors } = tf.memory();
    expect(await plannedWith(softmax, { student: own })).toMatchObject({ warnings: [] });
    await expect(plannedWith(softmax, { student: own, method: 'lelp' })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('ends in the Activation layer'),
    });
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
