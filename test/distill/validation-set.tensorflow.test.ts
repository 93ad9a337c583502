import { afterEach, expect, test, vi } from 'vitest';
import { numbersOf } from '../../src/data/features/kind.ts';
import { setNames } from '../../src/data/shard.ts';
import { countedShards, labeledShard } from '../../src/distill/sets.ts';
import { openValidationSet, type ValidationSet } from '../../src/distill/validation-set.ts';
import type { Predict } from '../../src/models/student.ts';
import { keys } from '../../src/run/keys.ts';
import { reconcileSchema } from '../../src/run/reconcile-file.ts';
import { readJson } from '../../src/store/once.ts';
import { makeDataset } from '../support/datasets.ts';
import { collect } from '../support/examples.ts';
import { reconciled } from '../support/staged-run.ts';

/** A student that gives ten numbers of the example back. */
const studentOf =
  (from: number): Predict =>
  (rows) => {
    const { n } = rows;
    const values = numbersOf(rows);
    const length = values.length / n;
    return Float32Array.from(
      { length: n * 10 },
      (_, index) => values[Math.floor(index / 10) * length + from + (index % 10)]!,
    );
  };

afterEach(() => {
  vi.restoreAllMocks();
});

test('Reconcile counts every shard, and the validation set is decoded once', async () => {
  const { job } = await reconciled(makeDataset('parquet-images'));

  const { sets } = await readJson(job.results, keys.reconcile(job.run), reconcileSchema);
  for (const set of setNames) {
    const shards = await countedShards(job, set);
    let sum = 0;
    for (const { item, count } of shards) {
      expect((await collect(labeledShard(job, item))).length).toBe(count);
      sum += count;
    }
    expect(shards.length).toBeGreaterThan(1);
    expect(sum).toBe(sets[set].labeled);
  }

  const read = vi.spyOn(job.data, 'read');
  const kept = await openValidationSet(job);
  vi.spyOn(process, 'availableMemory').mockReturnValue(60 * 8);
  const tooLarge = await openValidationSet(job);
  /** The outputs for two students, and how many reads they took. */
  const measured = async (set: ValidationSet) => {
    const passes = [];
    for (const student of [studentOf(5), studentOf(30)]) {
      read.mockClear();
      passes.push({ outputs: await set.outputs(student), reads: read.mock.calls.length });
    }
    return passes;
  };
  const [first, second] = await measured(kept);
  const [firstAgain, secondAgain] = await measured(tooLarge);
  const { labeled, validation } = sets;
  expect(first!.outputs.decided.length).toBe(labeled.labeled + validation.labeled);
  expect(second!.outputs.studentOutputs).not.toEqual(first!.outputs.studentOutputs);
  expect(firstAgain).toEqual(first);
  expect(secondAgain!.outputs).toEqual(second!.outputs);
  expect(second!.reads).toBe(0);
  expect(secondAgain!.reads).toBe(first!.reads);
  expect(first!.reads).toBeGreaterThan(0);
});
