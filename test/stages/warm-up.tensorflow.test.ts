import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { historySchema } from '../../src/distill/training.ts';
import { keys } from '../../src/run/keys.ts';
import { toPoints, validationFileSchema } from '../../src/run/validation-file.ts';
import { warmUpStudent } from '../../src/stages/warm-up.ts';
import { readJson } from '../../src/store/once.ts';
import { type Format, makeDataset } from '../support/datasets.ts';
import { context, reconciled, runWithStops } from '../support/staged-run.ts';

/** A run up to Warm up. */
async function beforeWarmUp(more: Record<string, string> = {}, format: Format = 'parquet-vectors') {
  const options = makeDataset(format, more);
  const { event, job } = await reconciled(options);
  const folder = keys.warmup(job.run);
  const file = (name: string) => join(options.results, folder, name);
  return {
    train: (stopped = context) => warmUpStudent(event, stopped),
    folder,
    file,
    weights: () => readFileSync(file('weights.bin')),
    history: () => readJson(job.results, `${folder}history.json`, historySchema),
    validation: () => readJson(job.results, keys.validation(job.run), validationFileSchema),
    forget: () => rmSync(file(''), { recursive: true }),
  };
}

describe('Warm up', () => {
  test('trains a student for its own number of epochs, and measures it', async () => {
    const { train, folder, history, validation } = await beforeWarmUp({ warmup: '{ epochs: 3 }' });
    expect(await train()).toEqual({ folder });
    expect((await history()).map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    // There are no unlabeled examples in it.
    expect((await history())[0]!.agreement).toBeUndefined();

    const points = toPoints(await validation());
    const { wrong, teacherMargins, studentMargins, teacherLosses, trueLosses } = points;
    expect(wrong.length).toBeGreaterThan(10);
    for (const column of [teacherMargins, studentMargins, teacherLosses, trueLosses]) {
      expect(column.length).toBe(wrong.length);
      expect(column.every(Number.isFinite)).toBe(true);
    }
    expect(wrong).toContain(1);
    // With hard labels, the two losses are of the same class exactly if the teacher is right.
    wrong.forEach((isWrong, i) => {
      expect(teacherLosses[i] === trueLosses[i], `example ${i}`).toBe(isWrong === 0);
    });
  });

  test('warns of a small validation set only if a method needs one', async () => {
    const warned = await beforeWarmUp(
      { method: 'weighted', compare: '[]', validation: 'held-out' },
      'csv',
    );
    await warned.train();
    expect((await warned.validation()).warnings.join()).toContain(
      'The validation set has 40 examples',
    );
    const silent = await beforeWarmUp(
      { method: 'uniform', compare: '[entropy]', validation: 'held-out' },
      'csv',
    );
    await silent.train();
    expect((await silent.validation()).warnings).toEqual([]);
  });

  test('does nothing that is done, and measures again if only that is missing', async () => {
    const { train, file, weights } = await beforeWarmUp();
    await train();
    const trained = weights();
    const measured = readFileSync(file('validation.json'));
    const times = () => ['weights.bin', 'history.json'].map((name) => statSync(file(name)).mtimeMs);
    const before = times();
    rmSync(file('validation.json'));
    await train();
    expect(readFileSync(file('validation.json'))).toEqual(measured);
    expect(weights()).toEqual(trained);
    expect(times()).toEqual(before);
  });

  test('ends with the same bits, stopped anywhere', async () => {
    const { train, weights, forget } = await beforeWarmUp();
    await train();
    const undisturbed = weights();
    forget();
    expect(await runWithStops(train, 4)).toBeGreaterThan(2);
    expect(weights()).toEqual(undisturbed);
  });
});
