import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Features } from '../../src/data/features/index.ts';
import { randomFor } from '../../src/data/random.ts';
import { saveModel } from '../../src/models/exporters.ts';
import { createNgrams } from '../../src/models/ngrams/model.ts';
import type { StudentDescription } from '../../src/models/student-description.ts';

export const classes = ['bad', 'good', 'so;so'];

/** Features of small grey images. */
export const greyImage: Features = {
  ...{ kind: 'image', height: 8, width: 8, channels: 1 },
  ...{ mean: [0.5], std: [0.2] },
};

/** Features of a table with a number and a category. */
export const smallRow = {
  kind: 'row',
  columns: [
    { kind: 'numeric', name: 'age', mean: 40, std: 10 },
    { kind: 'categorical', name: 'kind', values: ['a', 'b'] },
  ],
  missing: [],
} satisfies Features;

/** Writes an `ngrams` student of random weights, which needs no TensorFlow, into a folder. */
export async function writeTextStudent(
  folder: string,
  more: Partial<StudentDescription> = {},
): Promise<void> {
  const shape = { buckets: 64, wordNgrams: 1, minChars: 1, maxChars: 2, dimension: 4, hidden: 0 };
  const model = createNgrams(shape, classes.length, 1, more.multiLabel === true);
  for (let bucket = 0; bucket < shape.buckets; bucket++) model.embeddings.add(bucket);
  const random = randomFor(2);
  for (const values of [model.embeddings.values, ...model.layers.map(({ kernel }) => kernel)]) {
    for (const index of values.keys()) values[index] = 4 * random() - 2;
  }
  const features = { kind: 'text', maxCharacters: 100 } as const;
  const description = { classes, features, createdBy: 'a test', ...more };
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of await saveModel(model, description)) {
    writeFileSync(join(folder, name), bytes);
  }
}
