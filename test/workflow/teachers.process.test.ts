import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'counterweight';
import { describe, expect, test } from 'vitest';
import { makeDataset } from '../support/datasets.ts';

const fixtures = fileURLToPath(new URL('../fixtures/workflow-teachers/', import.meta.url));

/** By folder of `make-workflow-teachers.py`: the teacher section. Each has the same outputs. */
const teachers = {
  onnx: '{ onnx: teacher/model.onnx }',
  'saved-model': '{ savedModel: teacher }',
  'layers-model': '{ layersModel: teacher/model.json }',
  'graph-model': '{ graphModel: teacher/model.json }',
  predictions: '{ predictions: teacher }',
};
const folders = Object.keys(teachers) as (keyof typeof teachers)[];

describe('the whole workflow with a teacher of every kind', () => {
  test('gives the same figures, whatever the teacher was saved as', async () => {
    const outcomes = [];
    for (const folder of folders) {
      const { dataset, results } = makeDataset('parquet-images', { teacher: teachers[folder] });
      cpSync(join(fixtures, folder), join(dataset, 'teacher'), { recursive: true });
      const { metrics } = await run({ dataset, results, workers: 1 });
      expect(metrics.labels, folder).toEqual({
        labeled: 60,
        validation: 60,
        unlabeled: 100,
        test: 60,
      });
      const { teacher, weighted } = metrics.metrics.models;
      outcomes.push(
        [teacher!, weighted!].map(({ accuracy, logLoss }) => [accuracy.value, logLoss.value]),
      );
    }
    const [first, ...others] = outcomes;
    expect(first![0]![0]).toBeGreaterThan(0.6);
    for (const [run, other] of others.entries()) {
      other.flat().forEach((figure, index) => {
        expect(figure, folders[run + 1]).toBeCloseTo(first!.flat()[index]!, 4);
      });
    }
    // Five workflows, one after another.
  }, 600_000);
});
