import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StageTally } from '../../src/cli/stage-tally.ts';
import { historySchema } from '../../src/distill/training.ts';
import type { Progress } from '../../src/run/context.ts';
import { keys } from '../../src/run/keys.ts';
import { trainVariant } from '../../src/stages/train.ts';
import { readJson } from '../../src/store/once.ts';
import { makeDataset } from '../support/datasets.ts';
import { context, runWithStops, weighed } from '../support/staged-run.ts';

/** A run up to Train. */
async function beforeTrain(more: Record<string, string>) {
  const options = makeDataset('parquet-vectors', more);
  const { event, job } = await weighed(options);
  const folder = (variant: string) => keys.student(job.run, variant);
  const path = (variant: string, name: string) => join(options.results, folder(variant), name);
  return {
    job,
    train: (variant: string, stopped = context) => trainVariant({ ...event, variant }, stopped),
    folder,
    path,
    weights: (variant: string) => readFileSync(path(variant, 'weights.bin')),
    history: (variant: string) =>
      readJson(job.results, `${folder(variant)}history.json`, historySchema),
  };
}

describe('Train', () => {
  test('trains each student of the plan in a folder of its own, and no other', async () => {
    const { train, folder, weights, history } = await beforeTrain({
      ...{ method: 'weighted', compare: '[uniform, { method: uniform, seed: 7 }]' },
    });
    for (const variant of ['weighted', 'uniform', 'uniform-seed7']) {
      expect(await train(variant)).toBe(folder(variant));
    }
    expect(weights('weighted')).not.toEqual(weights('uniform'));
    expect(weights('uniform-seed7')).not.toEqual(weights('uniform'));
    expect((await history('uniform')).map(({ meanWeight }) => meanWeight)).toEqual(
      (await history('uniform')).map(() => 1),
    );
    expect((await history('weighted')).every(({ meanWeight }) => meanWeight! < 1)).toBe(true);
    await expect(train('fidelity')).rejects.toThrow("the plan has no student 'fidelity'");
  });

  test('does not train a student that is saved', async () => {
    const { train, path } = await beforeTrain({ compare: '[]' });
    await train('weighted');
    const files = ['weights.bin', 'history.json'].map((name) => path('weighted', name));
    const times = () => files.map((file) => statSync(file).mtimeMs);
    const before = times();
    await train('weighted');
    expect(times()).toEqual(before);
  });

  test('a resumed run counts only the models that are left', async () => {
    const { job, train } = await beforeTrain({ method: 'relabel', relabel: '{ rounds: 2 }' });
    const names = [...job.plan.variants, ...job.plan.baselines].map(({ name }) => name);
    for (const name of names) await train(name);
    const tally = new StageTally('Train', 0);
    const report = (progress: Progress) => tally.add(progress, performance.now());
    for (const name of names) await train(name, { ...context, report });
    expect(tally.amounts).toEqual([{ done: 0, total: 0, unit: 'steps' }]);
  });

  // A method whose weights depend on the student, one of the teacher only, and a loss of its own.
  test.each(['weighted', 'correctness', 'slam'])(
    '%s ends with the same bits, stopped anywhere',
    async (method) => {
      const { train, weights, path } = await beforeTrain({ method, compare: '[]' });
      await train(method);
      const undisturbed = weights(method);
      rmSync(path(method, ''), { recursive: true });
      const stops = await runWithStops((stopped) => train(method, stopped), 11);
      expect(stops).toBeGreaterThan(2);
      expect(weights(method)).toEqual(undisturbed);
    },
  );
});
