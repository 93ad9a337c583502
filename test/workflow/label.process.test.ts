import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { label, run } from 'counterweight';
import { expect, test } from 'vitest';
import { makeDataset } from '../support/datasets.ts';

test('labels are written without a student, and a later run labels nothing again', async () => {
  const { dataset, results } = makeDataset('csv');
  const to = join(results, 'labels');
  const first = await label({ dataset, results, to, workers: 1 });
  expect(first).toMatchObject({ labeled: 58, quarantined: 0, folder: to, format: 'parquet' });
  expect(first.labelCache.reused).toBe(0);
  expect(first.teacherAccuracy!.examples).toBe(80);
  expect(readdirSync(to)).toContain('labels-00001-of-00002.parquet');
  expect(readdirSync(join(results, `runs/${first.run}`))).not.toContain('warmup');

  const second = await run({ dataset, results, workers: 1 });
  expect(second.run).toBe(first.run);
  expect(second.labelCache).toEqual({ ...first.labelCache, reused: first.labelCache.shards });
  // The files are those that are there already.
  const third = await label({ dataset, results, to, workers: 1 });
  expect({ ...third, labelCache: first.labelCache, seconds: 0 }).toEqual({ ...first, seconds: 0 });
});
