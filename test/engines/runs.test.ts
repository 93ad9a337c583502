import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createPredictionsWriter } from '../../src/data/tables/predictions-file.ts';
import { oneClass } from '../../src/debias/decisions.ts';
import { compareRuns } from '../../src/engines/compare-runs.ts';
import { listRuns } from '../../src/engines/list-runs.ts';
import { keys } from '../../src/run/keys.ts';
import { readJson } from '../../src/store/once.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { plannedRun } from '../support/planned-run.ts';
import { putJson } from '../support/put.ts';
import { sampleMetrics } from '../support/sample-metrics.ts';

interface Setting {
  readonly run: string;
  readonly method?: 'weighted' | 'relabel';
  /** Class that the student predicts for an example of class `cat`, and one of `dog`. */
  readonly predicts: readonly [number, number];
}

/** Adds a finished run with two test examples. */
async function finish(store: MemoryStore, { run, method, predicts }: Setting): Promise<void> {
  const { job } = await plannedRun({ ...(method && { method }) });
  const writer = createPredictionsWriter(
    keys.predictions(run),
    ['weighted'],
    ['cat', 'dog'],
    oneClass(2),
  );
  predicts.forEach((best, truth) => {
    writer.add(`${truth}.png`, [truth], [Float32Array.from([0, 1], (c) => Number(c === best))]);
  });
  const files = {
    [keys.record(run)]: { run, dataset: '/data/pets', config: job.plan.config },
    [keys.plan(run)]: { ...job.plan, run },
    [keys.metrics(run)]: sampleMetrics({ run }),
    [keys.publication(run)]: { published: false, reason: 'not better' },
  };
  for (const [key, value] of Object.entries(files)) await putJson(store, key, value);
  await store.write(keys.predictions(run), writer.finish());
}

describe('listRuns', () => {
  test('lists each run with its state, and which student is in use', async () => {
    const store = new MemoryStore();
    const config = (await plannedRun()).job.plan.config;
    const record = (run: string) =>
      putJson(store, keys.record(run), { run, dataset: '/data/pets', config });
    await finish(store, { run: 'pets-1', predicts: [0, 1] });
    await record('pets-2');
    await record('pets-3');
    const failure = { run: 'pets-3', stage: 'Label', error: 'UserError', message: 'No.', hint: '' };
    await putJson(store, keys.failure('pets-3'), failure);
    const refused = { run: 'pets-4', dataset: '/data/pets', refused: { message: 'No.', hint: '' } };
    await putJson(store, keys.record('pets-4'), refused);
    const current = {
      run: 'pets-1',
      variant: 'weighted',
      student: 'runs/pets-1/students/weighted/',
    };
    await putJson(store, keys.current('pets'), current);

    const runs = await listRuns(store);
    const seen = runs.map(({ run, state, inUse }) => [run, state, inUse] as const);
    expect(seen.toSorted()).toEqual([
      ['pets-1', 'finished', true],
      ['pets-2', 'unfinished', false],
      ['pets-3', 'failed', false],
      ['pets-4', 'refused', false],
    ]);
    expect(runs.find(({ run }) => run === 'pets-3')!.reason).toBe('No.');
  });

  test('lists a run whose files are damaged or missing, and the others', async () => {
    const store = new MemoryStore();
    for (const run of ['pets-1', 'pets-2', 'pets-3'])
      await finish(store, { run, predicts: [0, 1] });
    await store.write(keys.metrics('pets-2'), Buffer.from('{'));
    await putJson(store, keys.record('pets-3'), {});
    await store.write(keys.current('pets'), Buffer.from('{'));
    const runs = (await listRuns(store)).toSorted((a, b) => (a.run < b.run ? -1 : 1));
    expect(runs.map(({ state }) => state)).toEqual(['finished', 'damaged', 'damaged']);
    expect(runs[1]!.reason).toContain('runs/pets-2/metrics.json is not JSON');
    expect(runs[2]!.reason).toContain('runs/pets-3/run.json does not have the expected form');
  });
});

describe('compareRuns', () => {
  test('subtracts the first run, and shows the settings that differ', async () => {
    const store = new MemoryStore();
    await finish(store, { run: 'pets-1', method: 'weighted', predicts: [1, 1] });
    await finish(store, { run: 'pets-2', method: 'relabel', predicts: [0, 1] });
    const { differences, settings } = await compareRuns(store, ['pets-1', 'pets-2']);
    expect(differences).toMatchObject([{ examples: 2, value: 0.5 }]);
    expect(settings).toEqual([{ field: 'method', values: ['weighted', 'relabel'] }]);
  });

  test('runs without stored predictions have no difference', async () => {
    const store = new MemoryStore();
    await finish(store, { run: 'pets-1', predicts: [0, 1] });
    await putJson(store, keys.metrics('pets-2'), sampleMetrics({ run: 'pets-2' }));
    const plan = await readJson(store, keys.plan('pets-1'), z.looseObject({}));
    await putJson(store, keys.plan('pets-2'), plan);
    const { differences, settings } = await compareRuns(store, ['pets-1', 'pets-2']);
    expect({ differences, settings }).toEqual({ differences: [undefined], settings: [] });
  });

  test('names a run that does not exist or has not finished', async () => {
    const store = new MemoryStore();
    await finish(store, { run: 'pets-1', predicts: [0, 1] });
    await expect(compareRuns(store, ['pets-1', 'pets-9'])).rejects.toThrow(
      'there is no run "pets-9" in memory',
    );
    await putJson(store, keys.record('pets-9'), {});
    await expect(compareRuns(store, ['pets-1', 'pets-9'])).rejects.toThrow('has not finished');
  });
});
