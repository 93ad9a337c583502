import { expect, test } from 'vitest';
import { manyLabels, oneClass } from '../../src/debias/decisions.ts';
import { createGalleryMeter } from '../../src/evaluate/gallery.ts';

const floats = (...values: number[]) => Float32Array.of(...values);
const near = (probability: number) => expect.closeTo(probability, 5);

test('lists the surest mistakes, and the largest disagreements with the teacher', () => {
  const meter = createGalleryMeter(['cat', 'dog'], oneClass(2), 2);
  const add = (id: string, truth: number, teacher: number, student: number) =>
    meter.add(
      { shard: 's', id },
      [truth],
      floats(1 - teacher, teacher),
      floats(1 - student, student),
    );
  add('right', 1, 0.9, 0.9);
  add('unsure', 0, 0.6, 0.6);
  add('sure', 0, 0.1, 0.8);
  add('surer', 1, 0.45, 0.05);
  add('better than the teacher', 1, 0.3, 0.6);
  const { mistakes, disagreements } = meter.result();
  expect(mistakes.map(({ id }) => id)).toEqual(['surer', 'sure']);
  expect(mistakes[1]).toEqual({
    ...{ shard: 's', id: 'sure', truth: 'cat' },
    teacher: { class: 'cat', probability: near(0.9) },
    student: { class: 'dog', probability: near(0.8) },
  });
  expect(disagreements.map(({ id }) => id)).toEqual(['sure', 'better than the teacher']);
});

test('counts an example with several labels by its worst decision', () => {
  const meter = createGalleryMeter(['red', 'round'], manyLabels(2), 5);
  meter.add({ shard: 's', id: 'a' }, [1, 0], floats(0.6, 0.1), floats(0.4, 0.9));
  meter.add({ shard: 's', id: 'b' }, [1, 0], floats(0.6, 0.1), floats(0.9, 0.2));
  const { mistakes, disagreements } = meter.result();
  expect(mistakes).toEqual([
    {
      ...{ shard: 's', id: 'a', about: 'round', truth: 'no' },
      teacher: { class: 'no', probability: near(0.9) },
      student: { class: 'yes', probability: near(0.9) },
    },
  ]);
  expect(disagreements).toEqual(mistakes);
});
