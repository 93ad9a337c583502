import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { choiceSchema } from '../../../src/debias/auto.ts';
import { keys } from '../../../src/run/keys.ts';
import { trainVariant } from '../../../src/stages/train.ts';
import { readJson } from '../../../src/store/once.ts';
import { makeDataset } from '../../support/datasets.ts';
import { context, runWithStops, weighed } from '../../support/staged-run.ts';

/** Trains the student of `auto` on digits without a validation set, and reads the choice. */
async function chooseFor(more: Record<string, string>) {
  const options = makeDataset('parquet-images', {
    ...{ method: 'auto', compare: '[]', folds: '2', relabel: '{ rounds: 1 }' },
    ...more,
  });
  rmSync(join(options.dataset, 'validation'), { recursive: true });
  const { event, job } = await weighed(options);
  const train = (stopped = context) => trainVariant({ ...event, variant: 'auto' }, stopped);
  const folder = keys.student(job.run, 'auto');
  const choice = () => readJson(job.results, `${folder}choice.json`, choiceSchema);
  const weights = () => readFileSync(join(options.results, `${folder}weights.bin`));
  const forget = () => rmSync(join(options.results, folder), { recursive: true });
  return { train, choice, weights, forget };
}

describe('the method auto', () => {
  test('falls back on relabel if the labels show no difference, with the reason', async () => {
    const { train, choice } = await chooseFor({});
    await train();
    const { method, explanation, candidates } = await choice();
    expect(method).toBe('relabel');
    expect(explanation).toMatch(/^By 60 labels, no method is clearly better than plain/);
    expect(candidates.map(({ name }) => name)).toEqual([
      ...['uniform-soft', 'weighted-hard', 'correctness-hard', 'slam-soft'],
    ]);
  });

  test('ends with the same bits and the same choice, stopped wherever', async () => {
    const { train, choice, weights, forget } = await chooseFor({ publish: '{ metric: logLoss }' });
    await train();
    const undisturbed = { choice: await choice(), weights: weights() };
    forget();
    const stops = await runWithStops(train, 40);
    expect(stops).toBeGreaterThan(5);
    expect({ choice: await choice(), weights: weights() }).toEqual(undisturbed);
  });
});
