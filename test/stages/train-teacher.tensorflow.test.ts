import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sum } from '../../src/arrays.ts';
import { openJob } from '../../src/run/job.ts';
import { keys } from '../../src/run/keys.ts';
import { planRun } from '../../src/stages/plan.ts';
import { startRun } from '../../src/stages/start.ts';
import { trainTeacher } from '../../src/stages/train-teacher.ts';
import { makeDataset } from '../support/datasets.ts';
import { context, runWithStops } from '../support/staged-run.ts';

const network = '{ architecture: mlp, width: 16, depth: 1, epochs: 10, batchSize: 32 }';

/** A planned run, and how to train its teachers. */
async function planned(more: Record<string, string>) {
  const { dataset, results } = makeDataset('csv', more);
  const started = await startRun(dataset, results);
  const event = { ...started, execution: started.run };
  await planRun(event, context);
  const { plan: made } = await openJob(event);
  const folder = keys.teacher(made.teacher.digest);
  const weights = (model: string) => readFileSync(join(results, `${folder}${model}/weights.bin`));
  const has = (model: string) => existsSync(join(results, `${folder}${model}/student.json`));
  const forget = () => rmSync(join(results, folder), { recursive: true });
  const train = (stopped = context) => trainTeacher(event, stopped);
  return { digest: made.teacher.digest, train, weights, has, forget };
}

describe('teachers that are trained', () => {
  test('are one per fold, and all different', async () => {
    const { train, weights, has } = await planned({ folds: '3' });
    const totals = new Map<string, number>();
    await train({
      ...context,
      report: ({ part = 'all', total }) => total !== undefined && totals.set(part, total),
    });
    const { all, ...folds } = Object.fromEntries(totals);
    expect(Object.values(folds)).toHaveLength(3);
    expect(all).toBe(sum(Object.values(folds)));
    expect(['fold-0', 'fold-1', 'fold-2', 'fold-3'].map(has)).toEqual([true, true, true, false]);
    expect(weights('fold-1')).not.toEqual(weights('fold-0'));
  });

  test('are others by another loss', async () => {
    const of = (loss: string) => planned({ folds: '1', teacher: `{ train: ${network}, ${loss} }` });
    const [crossEntropy, mse] = [await of('loss: crossEntropy'), await of('loss: mse')];
    expect(mse.digest).not.toBe(crossEntropy.digest);
    await crossEntropy.train();
    await mse.train();
    expect(mse.weights('fold-0')).not.toEqual(crossEntropy.weights('fold-0'));
    // mcmi continues from the model of cross-entropy.
    const mcmi = await of('loss: mcmi, mcmi: { epochs: 5 }');
    await mcmi.train();
    expect(mcmi.weights('fold-0/before')).toEqual(crossEntropy.weights('fold-0'));
    expect(mcmi.weights('fold-0')).not.toEqual(crossEntropy.weights('fold-0'));
  });

  test('end with the same bits, stopped wherever', async () => {
    const teacher = `{ train: ${network}, loss: mcmi, mcmi: { epochs: 5 } }`;
    const { train, weights, forget } = await planned({ folds: '2', teacher });
    await train();
    const undisturbed = [weights('fold-0'), weights('fold-1')];
    forget();
    const stops = await runWithStops(train, 5);
    expect(stops).toBeGreaterThan(2);
    expect([weights('fold-0'), weights('fold-1')]).toEqual(undisturbed);
  });

  test('have too few labels where all are in one fold', async () => {
    const { dataset, results } = makeDataset('csv', { folds: '2', validation: 'held-out' });
    const file = join(dataset, 'labeled/wine.csv');
    const [header, first] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${header}\n${first}\n`);
    const started = await startRun(dataset, results);
    const event = { ...started, execution: started.run };
    await planRun(event, context);
    await expect(trainTeacher(event, context)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('too few examples for 2 folds'),
      hint: expect.stringContaining('folds: 1'),
    });
  });
});
