import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadStudent, run, type StudentExample } from 'counterweight';
import { describe, expect, test } from 'vitest';
import { readConfig as readConfigFile } from '../../src/config/read.ts';
import { classLookup } from '../../src/data/classes.ts';
import type { Content } from '../../src/data/example.ts';
import { openStore } from '../../src/store/open.ts';
import { type Format, formats, makeDataset } from '../support/datasets.ts';
import { readSet, sorted } from '../support/examples.ts';

/** Examples that `make-workflow.py` put into each set. */
const digits = { labeled: 60, validation: 60, unlabeled: 100, test: 60 };
const wine = { labeled: 40, validation: 40, unlabeled: 58, test: 40 };

describe.each(Object.keys(formats) as Format[])('the whole workflow on %s', (format) => {
  test('labels, weighs, trains and measures; the second time it finds all done', async () => {
    const options = makeDataset(format);
    const first = await run({ ...options, workers: 2 });
    const { metrics } = first;
    const counts = format === 'csv' || format === 'parquet-rows' ? wine : digits;
    expect(metrics.labels).toEqual(counts);
    expect(metrics.quarantined).toBe(0);
    expect(metrics.evaluatedOn).toBe('test');
    expect(metrics.metrics.examples).toBe(counts.test);
    expect(Object.keys(metrics.metrics.models).sort()).toEqual([
      'labels-only',
      'logistic',
      'teacher',
      'uniform',
      'weighted',
    ]);
    // Chance is 0.1 and 0.33; what is trained on these real labels knows much more.
    expect(metrics.metrics.models.teacher!.accuracy.value).toBeGreaterThan(0.6);
    expect(metrics.meanWeight).toBeGreaterThan(0);
    expect(metrics.meanWeight).toBeLessThanOrEqual(1);
    expect(metrics.weights.reduce((sum, { count }) => sum + count, 0)).toBe(counts.unlabeled);
    expect(first.labelCache.reused).toBe(0);
    expect(first.published).toBe(true);
    const report = readFileSync(join(options.results, first.report), 'utf8');
    expect(report).toMatch(/<th scope="row">Label<\/th><td>\d+<\/td><td>[\d.]+ s<\/td>/);

    const student = join(options.results, first.student);
    const accuracy = await accuracyOn(options.dataset, student);
    expect(accuracy).toBe(metrics.metrics.models.weighted!.accuracy.value);

    const model = readFileSync(join(options.results, `${first.student}weights.bin`));
    const second = await run({ ...options, workers: 1 });
    expect(second.metrics).toEqual(metrics);
    expect(second.labelCache).toEqual({
      shards: first.labelCache.shards,
      reused: first.labelCache.shards,
    });
    expect(readFileSync(join(options.results, `${second.student}weights.bin`))).toEqual(model);
  });
});

/** The share of the test set that the student gets right, as a program would use it. */
async function accuracyOn(dataset: string, folder: string): Promise<number> {
  const store = await openStore(dataset);
  const { examples } = sorted(await readSet(store, await readConfigFile(store), 'test'));
  const student = await loadStudent(folder);
  const classOf = classLookup(student.classes);
  const predictions = await student.predict(examples.map(({ content }) => given(content)));
  student.dispose();
  const right = examples.filter(({ label }, index) => {
    const { class: name, probabilities } = predictions[index]!;
    expect(probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
    return student.classes[classOf(label!)!] === name;
  });
  return right.length / examples.length;
}

function given(content: Content): StudentExample {
  if (content.kind === 'image') return content.bytes;
  if (content.kind === 'text') return content.text;
  return content.kind === 'row' ? content.columns : content.values;
}
