/** Labeled examples that Plan gives to a user-supplied teacher. */
import { expect, test } from 'vitest';
import type { Example } from '../../src/data/example.ts';
import { createSample } from '../../src/stages/plan/labeled-sample.ts';

test.each([2, 40, 100, 128])(
  'a sample has examples of all %d classes, also if sorted',
  (classes) => {
    const sample = createSample(classes);
    for (let label = 0; label < classes; label++) {
      for (let n = 0; n < 200; n++) {
        const columns = { x: label };
        const example: Example = {
          id: '',
          label: String(label),
          content: { kind: 'row', columns },
        };
        sample.offer(example, [label]);
      }
    }
    expect(new Set(sample.examples.map(({ label }) => label)).size).toBe(classes);
    expect(sample.examples.length).toBeLessThanOrEqual(128);
  },
);

test('a sample has examples of every label of a multi-label task, and of none', () => {
  const sample = createSample(40);
  const offer = (label: string, classes: number[]) =>
    sample.offer({ id: '', label, content: { kind: 'row', columns: {} } }, classes);
  for (let n = 0; n < 200; n++) offer('0', [0]);
  for (let n = 0; n < 200; n++) offer('0;1', [0, 1]);
  for (let n = 0; n < 200; n++) offer('[]', []);
  const labels = sample.examples.map(({ label }) => label);
  expect(labels).toEqual([...Array(3).fill('0'), ...Array(3).fill('0;1'), ...Array(3).fill('[]')]);
});
